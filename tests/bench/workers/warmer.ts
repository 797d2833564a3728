import { createRedis } from '@livermore/cache';
import { createNodeTransport, defaultExchange } from '@livermore/exchange-core';
import type { Warmup, WarmupStats } from '@livermore/exchange-core';
import { createWarmup, openHistory } from '@livermore/instance';
import { TIMEFRAMES } from '@livermore/schemas';
import type { SimulatedVenue } from '@livermore/simulator';
import { silentLogger, systemClock, systemRandom } from '@livermore/utils';
import { etaErrorOf } from '../lib/eta-error';
import type { EtaError } from '../lib/eta-error';
import { tradable } from '../lib/universe';
import type { Commands } from '../lib/worker';
import type { VenueAddress } from './simulated-venue';

export interface WarmUpOrder {
  readonly address: VenueAddress;
  readonly venue: SimulatedVenue;
  readonly redisUrl: string;
}

/** Warmups of all that a simulated venue lists, into an empty Redis, by the machine's own clock. */
export function warmer(): Commands {
  return {
    warmUp: (order: WarmUpOrder) => withWarmup(order, complete),
    foretell: (order: WarmUpOrder) => withWarmup(order, foretell),
  };
}

type Progress = { readonly atMs: number; readonly stats: WarmupStats }[];

/** Opens what a node opens, learns the venue, and hands over a warmup that has not begun. */
async function withWarmup<T>(
  { address, venue, redisUrl }: WarmUpOrder,
  work: (warmup: Warmup, progress: Progress) => Promise<T>,
): Promise<T> {
  const redis = createRedis(redisUrl);
  const transport = createNodeTransport();
  try {
    await redis.flushall();
    const exchange = { ...defaultExchange(venue), restUrl: address.rest, wsUrl: address.ws };
    const shared = { exchange, redis, clock: systemClock, logger: silentLogger };
    const history = openHistory({ ...shared, get: transport.get, random: systemRandom });
    const { signal } = new AbortController();
    await history.rest.sync.measure(signal);
    const listing = await history.rest.source.fetchListing({ lane: 'warmup', signal });
    const progress: Progress = [];
    const startedAt = systemClock.now();
    const warmup = createWarmup({
      ...shared,
      history,
      symbols: tradable(listing.symbols),
      timeframes: TIMEFRAMES,
      onProgress: (stats) => progress.push({ atMs: systemClock.now() - startedAt, stats }),
    });
    return await work(warmup, progress);
  } finally {
    redis.disconnect();
    await transport.close();
  }
}

async function complete(warmup: Warmup): Promise<void> {
  const { status, stats } = await warmup.run();
  if (status === 'complete') return;
  throw new Error(`the warmup ended ${status}: ${JSON.stringify(stats.failures).slice(0, 500)}`);
}

/** What the plan and the stats say that it takes, against what it takes. */
async function foretell(warmup: Warmup, progress: Progress): Promise<EtaError> {
  // Planning belongs to it, as to the times of what is told.
  const startedAt = systemClock.now();
  const plannedMs = (await warmup.plan()).schedule.etaMs ?? 0;
  await complete(warmup);
  return etaErrorOf({ tookMs: systemClock.now() - startedAt, plannedMs, progress });
}
