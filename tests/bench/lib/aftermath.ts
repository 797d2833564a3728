import { VerifiedStore } from '@livermore/cache';
import { Audit, GapRepairer, Looks } from '@livermore/exchange-core';
import { TIMEFRAMES } from '@livermore/schemas';
import { silentLogger } from '@livermore/utils';
import type { Stage } from './virtual-stage';

export interface Aftermath {
  /** Requests for candles. */
  readonly requests: number;
  /** Virtual time until nothing was left, ms. */
  readonly tookMs: number;
}

const POLL_MS = 5_000;
/** What is not settled by then never will be, ms. */
const PATIENCE_MS = 6 * 3_600_000;

/** Works off the looks that a warmup left, as a node does, until there is none. @throws Error when some remain */
export async function workOffLooks(stage: Stage, symbols: readonly string[]): Promise<Aftermath> {
  const { clock, exchange, history } = stage;
  const [before, startedAt] = [stage.counted().candleRequests, clock.now()];
  const shared = { clock, logger: silentLogger, venueTime: history.rest.time };
  const repairer = new GapRepairer({
    ...shared,
    loader: history.loader,
    rest: history.protocol.rest,
    onReport: (report) => void looks.done(report),
  });
  const looks = new Looks({
    ...shared,
    exchangeId: exchange.id,
    store: history.looks,
    absences: history.absences,
    cache: history.cache,
    series: () => symbols.flatMap((symbol) => TIMEFRAMES.map((timeframe) => ({ symbol, timeframe }))),
    repair: (request) => repairer.request(request),
  });
  try {
    while ((await history.looks.count(exchange.id)) > 0) {
      if (clock.now() - startedAt > PATIENCE_MS) throw new Error('looks are left that nothing settles');
      await clock.sleep(POLL_MS);
      await looks.round();
      await repairer.drain();
    }
  } finally {
    repairer.stop();
  }
  return { requests: stage.counted().candleRequests - before, tookMs: clock.now() - startedAt };
}

/** One pass of the audit over every series of these symbols. */
export async function auditOnePass(stage: Stage, symbols: readonly string[]): Promise<Aftermath> {
  const { clock, exchange, redis, history, signal } = stage;
  const [before, startedAt] = [stage.counted().candleRequests, clock.now()];
  const { rest, cache, loader, protocol } = history;
  const audit = new Audit({
    clock,
    cache,
    loader,
    exchangeId: exchange.id,
    logger: silentLogger,
    venueTime: rest.time,
    series: () => symbols.flatMap((symbol) => TIMEFRAMES.map((timeframe) => ({ symbol, timeframe }))),
    store: new VerifiedStore(redis),
    rest: protocol.rest,
    allowance: () => protocol.rest.limits.budget,
  });
  for (let series = symbols.length * TIMEFRAMES.length; series > 0; series -= 1)
    await audit.auditOnce(signal);
  return { requests: stage.counted().candleRequests - before, tookMs: clock.now() - startedAt };
}
