import {
  DEFAULT_CANDLE_TARGET,
  Warmup,
  defaultExchange,
  protocolOf,
  targetWindow,
} from '@livermore/exchange-core';
import type { RedisClient } from '@livermore/cache';
import type { WarmupStats } from '@livermore/exchange-core';
import { budgetOf } from '@livermore/instance';
import { TIMEFRAMES } from '@livermore/schemas';
import { createSimulator } from '@livermore/simulator';
import { ReplayClock, silentLogger } from '@livermore/utils';
import type { Clock } from '@livermore/utils';
import { CALM_START, countedOf, onStage } from './virtual-stage';
import type { Counted, Stage, StageOptions } from './virtual-stage';
import { inventedMarket, tradable } from './universe';

export interface VirtualOptions extends StageOptions {
  /** Candles each series is brought to. */
  readonly target?: number;
  /** What the plan takes a candle to cost on this machine, ms. On virtual time a machine costs nothing. */
  readonly candleMs?: number;
}

/** A warmup that ended. */
export interface WarmedUp {
  /** From its start to its end, ms. */
  readonly tookMs: number;
  /** What its plan said that it would take, ms. */
  readonly plannedMs: number;
  /** What it said while it ran: by its own stats, in order. */
  readonly progress: readonly { readonly atMs: number; readonly stats: WarmupStats }[];
}

export interface VirtualRun extends Counted {
  /** Virtual time from the first request to the end of the work, ms. */
  readonly tookMs: number;
  readonly candleWeight: number;
}

/** A warmup of an empty Redis against the simulated venue at its real limits, on virtual time. */
export function virtualWarmup(options: VirtualOptions): Promise<VirtualRun> {
  return onStage(options, async (stage) => {
    const startedAt = stage.clock.now();
    await warmUpOn(stage, await stage.learnVenue(), options);
    const counted = stage.counted();
    return {
      ...counted,
      tookMs: stage.clock.now() - startedAt,
      candleWeight: candleWeightOf(counted.candleRequests),
    };
  });
}

/** What so many requests for candles cost on Binance. */
export function candleWeightOf(requests: number): number {
  return requests * protocolOf('binance').rest.candleWeight(1);
}

/** What a warmup needs, on whatever time. */
type WarmupGround = Pick<Stage, 'exchange' | 'history' | 'signal'> & {
  readonly clock: Clock;
  readonly redis: RedisClient;
};

/** Warms up what is there. @throws Error unless every series is complete afterwards */
export async function warmUpOn(
  { clock, exchange, redis, history, signal }: WarmupGround,
  symbols: readonly string[],
  options: Pick<VirtualOptions, 'target' | 'candleMs'>,
): Promise<WarmedUp> {
  const startedAt = clock.now();
  const progress: { atMs: number; stats: WarmupStats }[] = [];
  const warmup = new Warmup({
    redis,
    symbols,
    clock,
    exchangeId: exchange.id,
    exchangeName: exchange.name,
    protocol: history.protocol,
    venueTime: history.rest.time,
    loader: history.loader,
    sink: history.writer,
    budget: () => budgetOf(history),
    logger: silentLogger,
    ...(options.target === undefined ? {} : { target: options.target }),
    ...(options.candleMs === undefined ? {} : { candleMs: options.candleMs }),
    onProgress: (stats) => progress.push({ atMs: clock.now() - startedAt, stats }),
  });
  const plannedMs = (await warmup.plan()).schedule.etaMs ?? 0;
  const report = await warmup.run(signal);
  const failures = JSON.stringify(report.stats.failures).slice(0, 500);
  if (report.status !== 'complete') throw new Error(`the warmup ended ${report.status}: ${failures}`);
  return { tookMs: clock.now() - startedAt, plannedMs, progress };
}

/** What every peer does: one page of candles for each pair, on the same venue. */
export async function virtualPagePerPair(options: VirtualOptions): Promise<VirtualRun> {
  const clock = new ReplayClock({ startMs: options.startMs ?? CALM_START, speed: 'max' });
  const simulator = createSimulator({ venue: 'binance', market: inventedMarket(options.symbols), clock });
  const exchange = defaultExchange('binance');
  const { rest } = protocolOf('binance');
  const signal = new AbortController().signal;
  const listed = rest.listing(await simulator.transport.get(rest.listingRequest(exchange), signal));
  for (const symbol of tradable(listed.symbols)) {
    for (const timeframe of TIMEFRAMES) {
      const window = targetWindow(timeframe, options.target ?? DEFAULT_CANDLE_TARGET, clock.now());
      await simulator.transport.get(rest.candleRequest(exchange, { symbol, timeframe, ...window }), signal);
    }
  }
  const counted = countedOf(simulator.log);
  await simulator.close();
  return { ...counted, tookMs: 0, candleWeight: candleWeightOf(counted.candleRequests) };
}
