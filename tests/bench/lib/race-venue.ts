import { systemClock } from '@livermore/utils';
import type { VenueAddress, VenueLog } from '../workers/simulated-venue';
import type { WarmUpOrder } from '../workers/warmer';
import { startWorker } from './worker';

/** A simulated venue and our warmup against it, each in a process of its own, on real sockets. */
export interface RaceVenue extends VenueAddress {
  /** Resolves at a moment from which nobody soon waits for a minute to end. */
  calmMoment(): Promise<void>;
  /** Empties Redis, then fills it; resolves when every series is complete. */
  warmUp(redisUrl: string): Promise<void>;
  log(): Promise<VenueLog>;
  stop(): Promise<void>;
}

export async function raceVenue(options: { symbols: number; latencyMs: number }): Promise<RaceVenue> {
  const worker = startWorker('simulated-venue');
  // What a peer leaves behind in this process, on its heap and in its compiled code, is not for ours to bear.
  const warmer = startWorker('warmer');
  const address = await worker.ask<VenueAddress>('open', options);
  return {
    ...address,
    calmMoment,
    warmUp: (redisUrl) => {
      const order: WarmUpOrder = { address, venue: 'binance', redisUrl };
      return warmer.ask('warmUp', order);
    },
    log: () => worker.ask<VenueLog>('log'),
    async stop() {
      await Promise.all([worker.stop(), warmer.stop()]);
    },
  };
}

/** A bar that has just closed is waited for by whoever wants it right; that is no part of a race. */
export async function calmMoment(): Promise<void> {
  const intoMinute = systemClock.now() % 60_000;
  if (intoMinute < 8_000) await systemClock.sleep(8_000 - intoMinute);
  if (intoMinute > 45_000) await systemClock.sleep(68_000 - intoMinute);
}
