import { createRedis } from '@livermore/cache';
import { Warmup, createNodeTransport, defaultExchange } from '@livermore/exchange-core';
import { openHistory } from '@livermore/instance';
import { silentLogger, systemClock, systemRandom } from '@livermore/utils';
import { tradable } from '../lib/universe';
import type { Commands } from '../lib/worker';
import type { VenueAddress } from './simulated-venue';

export interface WarmUpOrder {
  readonly address: VenueAddress;
  readonly redisUrl: string;
}

/** A warmup of all that a simulated venue lists, into an empty Redis. */
export function warmer(): Commands {
  return { warmUp };
}

async function warmUp({ address, redisUrl }: WarmUpOrder): Promise<void> {
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
