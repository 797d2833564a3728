import type { RedisClient } from '@livermore/cache';
import { Warmup } from '@livermore/exchange-core';
import type { BudgetFacts, WarmupReport, WarmupStats } from '@livermore/exchange-core';
import { TIMEFRAMES } from '@livermore/schemas';
import type { Exchange, Timeframe } from '@livermore/schemas';
import type { Clock, Logger } from '@livermore/utils';
import type { History } from './history';
import { measureCandleMs } from './machine-speed';

export interface WarmUpOptions {
  readonly exchange: Exchange;
  readonly redis: RedisClient;
  readonly history: History;
  readonly symbols: readonly string[];
  readonly timeframes: readonly Timeframe[];
  readonly target?: number | undefined;
  readonly derive?: boolean | undefined;
  /** What a candle of an answer costs this machine, ms; measured where absent. */
  readonly candleMs?: number | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onProgress: (stats: WarmupStats) => void;
}

/** A warmup that was stopped by the venue is begun again after this at the earliest, ms. */
const RETRY_MS = 60_000;

/** A warmup of an exchange over its history parts: the same for a one-off run and a live node. */
export function createWarmup(options: WarmUpOptions): Warmup {
  const { exchange, history, timeframes, target, derive, redis, symbols, clock, logger } = options;
  return new Warmup({
    redis,
    exchangeId: exchange.id,
    exchangeName: exchange.name,
    symbols,
    timeframes: timeframes.toSorted((a, b) => TIMEFRAMES.indexOf(b) - TIMEFRAMES.indexOf(a)),
    ...(target === undefined ? {} : { target }),
    ...(derive === undefined ? {} : { derive }),
    protocol: history.protocol,
    venueTime: history.rest.time,
    loader: history.loader,
    sink: history.writer,
    clock,
    logger,
    budget: () => budgetOf(history),
    candleMs: options.candleMs ?? measureCandleMs(clock),
    onProgress: options.onProgress,
  });
}

/**
 * Warms up until a run has ended by itself, complete or not; after one that the venue stopped it waits and begins anew.
 * @throws the signal's reason only
 */
export async function warmUpUntilDone(
  options: WarmUpOptions,
  onReport: (report: WarmupReport) => void,
  signal: AbortSignal,
): Promise<void> {
  const { clock, history, logger } = options;
  for (;;) {
    const report = await createWarmup(options).run(signal);
    onReport(report);
    signal.throwIfAborted();
    if (report.status !== 'error') return;
    const { bannedUntil } = history.rest.client.facts();
    const retryInMs = Math.max(RETRY_MS, (bannedUntil ?? 0) - clock.now());
    logger.error({ event: 'warmup_stopped', retryInMs, status: report.status });
    await clock.sleep(retryInMs, signal);
  }
}

/** What is known of the venue's allowance. */
export function budgetOf({ rest, protocol }: History): BudgetFacts {
  const { weight } = rest.client.facts();
  const limit = { ...protocol.rest.limits.budget, weight: weight.limit, reserve: 0 };
  // The reading of the venue's clock is as good as half of the quickest round trip.
  const roundTripMs = 2 * rest.time.errorMs();
  const { used, countedShare } = weight;
  return { limit, used, countedShare, ...(Number.isFinite(roundTripMs) ? { roundTripMs } : {}) };
}
