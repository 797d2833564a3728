import { createRedis, exchangeToldKey } from '@livermore/cache';
import { createNodeTransport, defaultExchange } from '@livermore/exchange-core';
import { ExchangeInstance, NodeMetrics } from '@livermore/instance';
import { silentLogger, systemClock } from '@livermore/utils';
import type { VenueAddress } from '../workers/simulated-venue';
import { symbolNames } from './universe';
import { startWorker } from './worker';
import type { Worker } from './worker';

/** Far longer than any round takes. */
const PATIENCE_MS = 60_000;

/** Counts closes as the node's own metrics do, and tells when there were enough. */
class CountedMetrics extends NodeMetrics {
  #closes = 0;
  #wanted = Number.POSITIVE_INFINITY;
  #onEnough: () => void = () => undefined;

  override count(...args: Parameters<NodeMetrics['count']>): void {
    super.count(...args);
    if (args[0] !== 'livermore_closes_total') return;
    this.#closes += 1;
    if (this.#closes >= this.#wanted) this.#onEnough();
  }

  /** Resolves when so many more closes have been written and announced. */
  more(closes: number): Promise<void> {
    this.#wanted = this.#closes + closes;
    return new Promise((resolve, reject) => {
      const cancel = systemClock.setTimer(() => {
        reject(new Error(`of ${closes} closes ${this.#wanted - this.#closes} did not come`));
      }, PATIENCE_MS);
      this.#onEnough = () => {
        cancel();
        resolve();
      };
    });
  }
}

/** A whole node (feed, book, writer, repair, metrics) in this process, fed by a venue in another. */
export interface FeedingNode {
  readonly venue: Worker;
  /** Rounds fed so far: a close that was sent before is a repetition unless its event comes later. */
  rounds: number;
  /** Resolves when so many more closes have been written and announced. @throws Error when they do not come */
  closes(count: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startFeedingNode(options: {
  readonly symbols: number;
  readonly redisUrl: string;
}): Promise<FeedingNode> {
  const venue = startWorker('feed-venue');
  const address = await venue.ask<VenueAddress>('open', options.symbols);
  const redis = createRedis(options.redisUrl);
  const transport = createNodeTransport();
  const metrics = new CountedMetrics();
  const instance = new ExchangeInstance({
    exchange: { ...defaultExchange('binance'), restUrl: address.rest, wsUrl: address.ws },
    redis,
    transport,
    metrics,
    symbols: { kind: 'all' },
    timeframes: ['1m'],
    target: 2,
    audit: false,
    logger: silentLogger,
  });
  await quietMinute();
  await instance.start();
  await allSubscribed(instance);
  return {
    venue,
    rounds: 0,
    closes: (count) => metrics.more(count),
    async stop() {
      await instance.stop();
      await transport.close();
      redis.disconnect();
      await venue.stop();
    },
  };
}

/**
 * Empties Redis, but for one thing: that a bar of each series was told long ago. What comes next would be history
 * otherwise, which is written and not announced.
 */
export async function emptyAsIfTold(redis: ReturnType<typeof createRedis>, symbols: number): Promise<void> {
  await redis.flushall();
  const told = symbolNames(symbols).flatMap((symbol) => [`${symbol} 1m`, '0:0']);
  await redis.hset(exchangeToldKey(defaultExchange('binance').id), told);
}

/** A start waits for the first connection to work, not for every topic: those come at the venue's pace. */
async function allSubscribed(instance: ExchangeInstance): Promise<void> {
  await systemClock.sleep(SUBSCRIBING_MS);
  await instance.settle();
}

const SUBSCRIBING_MS = 4_000;

/**
 * When a minute ends the node asks for the closes this venue does not send: that is no part of what is measured, so a
 * round begins well after and ends well before.
 */
export async function quietMinute(): Promise<void> {
  const intoMinute = systemClock.now() % MINUTE_MS;
  if (intoMinute < QUIET.from) await systemClock.sleep(QUIET.from - intoMinute);
  if (intoMinute > QUIET.to) await systemClock.sleep(MINUTE_MS + QUIET.from - intoMinute);
}

const MINUTE_MS = 60_000;
const QUIET = { from: 10_000, to: 50_000 };
