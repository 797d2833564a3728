import type { SimulatedVenue } from '@livermore/simulator';
import type { VenueAddress } from '../workers/simulated-venue';
import type { WarmUpOrder } from '../workers/warmer';
import type { BenchContext } from './bench';
import type { EtaError } from './eta-error';
import { calmMoment } from './race-venue';
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

/**
 * Warmups on real sockets and by the machine's own clock, as users see them: in a process that has just been started, into a
 * Redis that has nothing else to do.
 */
export async function wallWarmups(
  { newRedis, isQuick, say }: BenchContext,
  latencyMs: number,
): Promise<readonly { readonly what: string; readonly errors: readonly EtaError[] }[]> {
  const results: { what: string; errors: EtaError[] }[] = [];
  for (const { what, order } of CASES) {
    const venue = startWorker('simulated-venue');
    const redis = await newRedis();
    const redisUrl = redis.urlOf('admin');
    try {
      const address = await venue.ask<VenueAddress>('open', { ...order, latencyMs });
      const errors: EtaError[] = [];
      for (let round = isQuick ? 2 : 0; round < 3; round += 1) {
        await calmMoment();
        errors.push(await foretold({ address, venue: order.venue, redisUrl }));
        say(`${what}: ${JSON.stringify(errors.at(-1))}`);
      }
      results.push({ what, errors });
    } finally {
      await Promise.all([venue.stop(), redis.stop()]);
    }
  }
  return results;
}

async function foretold(order: WarmUpOrder): Promise<EtaError> {
  const warmer = startWorker('warmer');
  try {
    return await warmer.ask<EtaError>('foretell', order);
  } finally {
    await warmer.stop();
  }
}
