import {
  DEFAULT_CANDLE_TARGET,
  Warmup,
  defaultExchange,
  protocolOf,
  targetWindow,
} from '@livermore/exchange-core';
import { openHistory } from '@livermore/instance';
import { heldRedis } from '@livermore/replay';
import { TIMEFRAMES } from '@livermore/schemas';
import { createSimulator } from '@livermore/simulator';
import type { ClientLog } from '@livermore/simulator';
import { ReplayClock, seededRandom, silentLogger } from '@livermore/utils';
import { VIRTUAL_START, inventedMarket, tradable } from './universe';

export interface VirtualRun {
  /** Virtual time from the first request to the end of the work, ms. */
  readonly tookMs: number;
  /** What the venue counted, candles and everything else. */
  readonly weight: number;
  readonly requests: number;
  readonly candleRequests: number;
  readonly candleWeight: number;
  readonly statuses: ClientLog['statuses'];
}

export interface VirtualOptions {
  readonly symbols: number;
  readonly redisUrl: string;
  /** Each answer takes this long, virtual ms. */
  readonly latencyMs: number;
}

/**
 * A warmup of an empty Redis against the simulated venue at its real limits, on virtual time: a minute of waiting for
 * the venue's next window takes no time at all, and a slow machine changes nothing. Redis is real.
 */
export async function virtualWarmup(options: VirtualOptions): Promise<VirtualRun> {
  const stage = openStage(options);
  const { clock, simulator } = stage;
  const redis = heldRedis(options.redisUrl, clock);
  redis.on('error', () => undefined);
  try {
    await redis.flushall();
    const exchange = defaultExchange('binance');
    const shared = { redis, clock, logger: silentLogger };
    const history = openHistory({
      ...shared,
      exchange,
      get: simulator.transport.get,
      random: seededRandom(1),
    });
    const signal = new AbortController().signal;
    return await stage.run(async () => {
      await history.rest.sync.measure(signal);
      const listing = await history.rest.source.fetchListing({ lane: 'warmup', signal });
      const warmup = new Warmup({
        ...shared,
        exchangeId: exchange.id,
        exchangeName: exchange.name,
        symbols: tradable(listing.symbols),
        protocol: history.protocol,
        venueTime: history.rest.time,
        loader: history.loader,
        sink: history.writer,
        budget: () => {
          const { weight } = history.rest.client.facts();
          return {
            limit: { ...history.protocol.rest.limits.budget, weight: weight.limit, reserve: 0 },
            used: weight.used,
          };
        },
      });
      const report = await warmup.run(signal);
      if (report.status !== 'complete')
        throw new Error(
          `the warmup ended ${report.status}: ${JSON.stringify(report.stats.failures).slice(0, 500)}`,
        );
    });
  } finally {
    redis.disconnect();
  }
}

/** What every peer does: one page of candles for each pair, on the same venue. */
export async function virtualPagePerPair(options: VirtualOptions): Promise<VirtualRun> {
  const { clock, simulator, run } = openStage(options);
  const exchange = defaultExchange('binance');
  const { rest } = protocolOf('binance');
  const signal = new AbortController().signal;
  return run(async () => {
    const listed = rest.listing(await simulator.transport.get(rest.listingRequest(exchange), signal));
    for (const symbol of tradable(listed.symbols)) {
      for (const timeframe of TIMEFRAMES) {
        const window = targetWindow(timeframe, DEFAULT_CANDLE_TARGET, clock.now());
        await simulator.transport.get(rest.candleRequest(exchange, { symbol, timeframe, ...window }), signal);
      }
    }
  });
}

function openStage({ symbols, latencyMs }: VirtualOptions) {
  const clock = new ReplayClock({ startMs: VIRTUAL_START, speed: 'max' });
  const faults = latencyMs > 0 ? [{ at: 0, fault: { kind: 'rest-slow' as const, byMs: latencyMs } }] : [];
  const simulator = createSimulator({ venue: 'binance', market: inventedMarket(symbols), clock, faults });
  const run = async (work: () => Promise<void>): Promise<VirtualRun> => {
    const ending = new AbortController();
    const running = clock.run(Number.MAX_SAFE_INTEGER, ending.signal);
    try {
      await clock.sleep(SETTLED_AFTER_MS);
      const startedAt = clock.now();
      await work();
      const { weight, requests, statuses, candleRequests: byPair } = simulator.log;
      const candleRequests = [...byPair.values()].reduce((sum, count) => sum + count, 0);
      const candleWeight = candleRequests * protocolOf('binance').rest.candleWeight(1);
      return { tookMs: clock.now() - startedAt, weight, requests, candleRequests, candleWeight, statuses };
    } finally {
      ending.abort();
      await running;
      await simulator.close();
    }
  };
  return { clock, simulator, run };
}

/** By then the newest closed bars can be asked for: a warmup would wait for that otherwise. */
const SETTLED_AFTER_MS = 10_000;
