import { createRedis } from '@livermore/cache';
import { createNodeTransport, defaultExchange } from '@livermore/exchange-core';
import { openHistory } from '@livermore/instance';
import { silentLogger, systemClock, systemRandom } from '@livermore/utils';
import type { SimulatedVenue } from '@livermore/simulator';
import type { VenueAddress } from '../workers/simulated-venue';
import type { BenchContext } from './bench';
import { etaErrorOf } from './eta-error';
import type { EtaError } from './eta-error';
import { calmMoment } from './race-venue';
import { tradable } from './universe';
import { warmUpOn } from './virtual-warmup';
import { startWorker } from './worker';

const CASES: readonly {
  readonly what: string;
  readonly order: { readonly venue: SimulatedVenue; readonly symbols: number };
}[] = [
  {
    what: 'Binance, its own limit, 100 symbols, cold (wall clock, HTTP)',
    order: { venue: 'binance', symbols: 100 },
  },
  {
    what: 'Coinbase, 8 requests a second, 30 symbols, cold (wall clock, HTTP)',
    order: { venue: 'coinbase', symbols: 30 },
  },
];

/** Warmups on real sockets and by the machine's own clock. */
export async function wallWarmups(
  { redisUrl, isQuick, say }: BenchContext,
  latencyMs: number,
): Promise<readonly { readonly what: string; readonly errors: readonly EtaError[] }[]> {
  const results: { what: string; errors: EtaError[] }[] = [];
  for (const { what, order } of CASES) {
    const venue = startWorker('simulated-venue');
    try {
      const address = await venue.ask<VenueAddress>('open', { ...order, latencyMs });
      const errors: EtaError[] = [];
      for (let round = isQuick ? 2 : 0; round < 3; round += 1) {
        await calmMoment();
        errors.push(await oneWarmup(address, order.venue, redisUrl));
        say(`${what}: ${JSON.stringify(errors.at(-1))}`);
      }
      results.push({ what, errors });
    } finally {
      await venue.stop();
    }
  }
  return results;
}

async function oneWarmup(address: VenueAddress, venue: SimulatedVenue, redisUrl: string): Promise<EtaError> {
  const redis = createRedis(redisUrl);
  const transport = createNodeTransport();
  try {
    await redis.flushall();
    const exchange = { ...defaultExchange(venue), restUrl: address.rest, wsUrl: address.ws };
    const history = openHistory({
      redis,
      exchange,
      get: transport.get,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
    });
    const { signal } = new AbortController();
    await history.rest.sync.measure(signal);
    const listing = await history.rest.source.fetchListing({ lane: 'warmup', signal });
    const ground = { exchange, redis, history, signal, clock: systemClock };
    return etaErrorOf(await warmUpOn(ground, tradable(listing.symbols), {}));
  } finally {
    redis.disconnect();
    await transport.close();
  }
}
