import { createRedis } from '@livermore/cache';
import { Warmup, createNodeTransport, defaultExchange } from '@livermore/exchange-core';
import { openHistory } from '@livermore/instance';
import { silentLogger, systemClock, systemRandom } from '@livermore/utils';
import type { VenueAddress, VenueLog } from '../workers/simulated-venue';
import { tradable } from './universe';
import { startWorker } from './worker';

/** A simulated venue in a process of its own, on real sockets, and our warmup against it. */
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
  const address = await worker.ask<VenueAddress>('open', options);
  return {
    ...address,
    calmMoment,
    warmUp: (redisUrl) => warmUp(address, redisUrl),
    log: () => worker.ask<VenueLog>('log'),
    stop: () => worker.stop(),
  };
}

/** A bar that has just closed is waited for by whoever wants it right; that is no part of a race. */
export async function calmMoment(): Promise<void> {
  const intoMinute = systemClock.now() % 60_000;
  if (intoMinute < 8_000) await systemClock.sleep(8_000 - intoMinute);
  if (intoMinute > 45_000) await systemClock.sleep(68_000 - intoMinute);
}

async function warmUp(address: VenueAddress, redisUrl: string): Promise<void> {
  const redis = createRedis(redisUrl);
  const transport = createNodeTransport();
  try {
    await redis.flushall();
    const exchange = { ...defaultExchange('binance'), restUrl: address.rest, wsUrl: address.ws };
    const shared = { redis, clock: systemClock, logger: silentLogger };
    const history = openHistory({ ...shared, exchange, get: transport.get, random: systemRandom });
    const signal = new AbortController().signal;
    await history.rest.sync.measure(signal);
    const listing = await history.rest.source.fetchListing({ lane: 'warmup', signal });
    const report = await new Warmup({
      ...shared,
      exchangeId: exchange.id,
      exchangeName: exchange.name,
      symbols: tradable(listing.symbols),
      protocol: history.protocol,
      venueTime: history.rest.time,
      loader: history.loader,
      sink: history.writer,
    }).run(signal);
    if (report.status !== 'complete')
      throw new Error(
        `the warmup ended ${report.status}: ${JSON.stringify(report.stats.failures).slice(0, 500)}`,
      );
  } finally {
    redis.disconnect();
    await transport.close();
  }
}
