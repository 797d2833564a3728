import { openHistory } from '@livermore/instance';
import type { History } from '@livermore/instance';
import { defaultExchange } from '@livermore/exchange-core';
import type { HttpGet } from '@livermore/exchange-core';
import { heldRedis } from '@livermore/replay';
import type { Exchange } from '@livermore/schemas';
import { createSimulator } from '@livermore/simulator';
import type { ClientLog, SimulatedVenue, Simulator } from '@livermore/simulator';
import { ReplayClock, seededRandom, silentLogger } from '@livermore/utils';
import { VIRTUAL_START, inventedMarket, tradable } from './universe';

export interface StageOptions {
  readonly symbols: number;
  readonly redisUrl: string;
  /** Each answer takes this long, virtual ms. */
  readonly latencyMs: number;
  readonly venue?: SimulatedVenue;
  /** When the work begins, ms; by default away from every boundary, so that nothing is waited for. */
  readonly startMs?: number;
  /** Weight a minute that the listing tells instead of the venue's own: the client keeps to it. */
  readonly weightLimit?: number;
}

/** What the venue counted. */
export interface Counted {
  readonly weight: number;
  readonly requests: number;
  readonly candleRequests: number;
  readonly statuses: ClientLog['statuses'];
}

/** A simulated venue, and everything that brings its past into a real Redis, on one virtual clock. */
export interface Stage {
  readonly clock: ReplayClock;
  readonly simulator: Simulator;
  readonly exchange: Exchange;
  readonly redis: ReturnType<typeof heldRedis>;
  readonly history: History;
  readonly signal: AbortSignal;
  /** Reads the venue's clock and listing, as every start does. @returns what can be traded */
  learnVenue(): Promise<readonly string[]>;
  counted(): Counted;
}

/** By then the newest closed bars can be asked for: a warmup would wait for that otherwise. */
const SETTLED_AFTER_MS = 10_000;
export const CALM_START = VIRTUAL_START + SETTLED_AFTER_MS;

/**
 * Runs work on a stage with an empty Redis. A minute of waiting for the venue's next window takes no time at all, and a
 * slow machine changes nothing. Redis is real.
 */
export async function onStage<T>(options: StageOptions, work: (stage: Stage) => Promise<T>): Promise<T> {
  const { symbols, redisUrl, latencyMs, venue = 'binance', startMs = CALM_START } = options;
  const clock = new ReplayClock({ startMs, speed: 'max' });
  const faults = latencyMs > 0 ? [{ at: 0, fault: { kind: 'rest-slow' as const, byMs: latencyMs } }] : [];
  const simulator = createSimulator({
    venue,
    usProfile: 'pre',
    market: inventedMarket(symbols),
    clock,
    faults,
  });
  const redis = heldRedis(redisUrl, clock);
  redis.on('error', () => undefined);
  const exchange = defaultExchange(venue);
  const get = limitedTo(options.weightLimit, simulator.transport.get);
  const history = openHistory({
    redis,
    clock,
    exchange,
    get,
    logger: silentLogger,
    random: seededRandom(1),
  });
  const ending = new AbortController();
  const { signal } = ending;
  const running = clock.run(Number.MAX_SAFE_INTEGER, signal);
  try {
    await redis.flushall();
    return await work({
      clock,
      simulator,
      exchange,
      redis,
      history,
      signal,
      async learnVenue() {
        await history.rest.sync.measure(signal);
        const listing = await history.rest.source.fetchListing({ lane: 'warmup', signal });
        return tradable(listing.symbols);
      },
      counted: () => countedOf(simulator.log),
    });
  } finally {
    ending.abort();
    await running;
    await simulator.close();
    redis.disconnect();
  }
}

/** What a simulated venue's log comes to. */
export function countedOf({ weight, requests, statuses, candleRequests: byPair }: ClientLog): Counted {
  const candleRequests = [...byPair.values()].reduce((sum, count) => sum + count, 0);
  return { weight, requests, statuses: new Map(statuses), candleRequests };
}

/** A venue whose listing states a smaller allowance. */
function limitedTo(weight: number | undefined, get: HttpGet): HttpGet {
  if (weight === undefined) return get;
  return async (request, signal) => {
    const response = await get(request, signal);
    const body = response.body.replace(
      /("rateLimitType":"REQUEST_WEIGHT"[^}]*"limit":)\d+/,
      (_all, before: string) => `${before}${weight}`,
    );
    return { ...response, body };
  };
}
