import { HARDCODED_CONFIG } from '@livermore/schemas';
import type { StreamLimits } from '../protocol/protocol';
import type { ConnectionRules } from './connection-model';
import type { LedgerRules } from './subscription-ledger';

const { backoffBaseMs, backoffCapMs, healthyAfterMs, openTimeoutMs, ackTimeoutMs } =
  HARDCODED_CONFIG.connection;

/** How long a successor that is subscribed may take to deliver its first data, ms. */
const FIRST_DATA_MS = 30_000;

/** Patience with acknowledgements and listings. A listing at most every 30 s is what venues ask for. */
export const LEDGER_RULES: LedgerRules = {
  ackTimeoutMs,
  auditEveryMs: 300_000,
  auditSpacingMs: 30_000,
  retryDelayMs: 1_000,
};

/** How long a replaced connection may take to answer our close, ms. It delivers meanwhile. */
export const DRAIN_MS = 5_000;

/** Closing frames were seen up to 30 s late: what closed this long (ms) before the last data may be missing too. */
export const REPAIR_MARGIN_MS = 30_000;

/** A venue's limits with our own patience. */
export function connectionRules(limits: StreamLimits): ConnectionRules {
  const frames = Math.ceil(limits.topicsPerConnection / Math.max(1, limits.topicsPerFrame));
  const subscribingMs = frames * limits.frameSpacingMs + 2 * ackTimeoutMs;
  return {
    deadAfterMs: limits.deadAfterMs,
    silentAfterMs: limits.silentAfterMs,
    ...(limits.rotateAfterMs === undefined ? {} : { rotateAfterMs: limits.rotateAfterMs }),
    openTimeoutMs,
    rotationTimeoutMs: subscribingMs + FIRST_DATA_MS,
    healthyAfterMs,
    backoffBaseMs,
    backoffCapMs,
  };
}
