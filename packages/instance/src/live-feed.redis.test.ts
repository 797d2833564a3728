import { createRedis } from '@livermore/cache';
import { CandleBook, defaultExchange } from '@livermore/exchange-core';
import { ScriptedTransport } from '@livermore/exchange-core/testing';
import { openTimeOf } from '@livermore/schemas';
import { ManualClock, seededRandom, silentLogger } from '@livermore/utils';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ExchangeMetrics } from './exchange-metrics';
import { openHistory } from './history';
import { LiveFeed } from './live-feed';

const FIVE_MINUTES = 300_000;
const SYMBOLS = ['AAA-USD', 'BBB-USD'];

describe('the live feed of a venue that tells five-minute buckets', () => {
  let redis: Redis;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
  });

  afterAll(async () => {
    await redis.quit();
  });

  async function setUp() {
    const clock = new ManualClock(openTimeOf('1h', 1_795_168_800_000) + 1_000);
    const random = seededRandom(3);
    const logger = silentLogger;
    let sequence = 0;
    const frame = (channel: string, events: readonly unknown[]) => {
      const timestamp = new Date(clock.now()).toISOString();
      sequence += 1;
      return JSON.stringify({ channel, timestamp, sequence_num: sequence - 1, events });
    };
    const subscriptions = { candles: SYMBOLS, heartbeats: ['heartbeats'] };
    const transport = new ScriptedTransport(clock, () => [frame('subscriptions', [{ subscriptions }])]);
    const exchange = defaultExchange('coinbase');
    const history = openHistory({ exchange, redis, get: transport.get, clock, random, logger });
    const active: (readonly [string, number, number])[] = [];
    const interruptions: (readonly string[] | 'all')[] = [];
    const feed = new LiveFeed({
      exchange,
      transport,
      redis,
      history: { ...history, writer: { take: () => undefined } },
      book: new CandleBook({ closes: 'inferred', base: '5m', rolledUp: [] }),
      timeframes: ['5m'],
      tickers: false,
      clock,
      random,
      logger,
      metrics: new ExchangeMetrics(exchange.name, undefined),
      onMissed: () => undefined,
      onInterrupted: (series) => interruptions.push(series?.map(({ symbol }) => symbol) ?? 'all'),
      onCarried: () => undefined,
      onActive: (symbol, at, arrivedAt) => active.push([symbol, at, arrivedAt]),
    });
    const symbols = SYMBOLS.map((symbol) => ({ symbol, base: symbol, quote: 'USD', isTradable: true }));
    const opened = feed.open(symbols, new AbortController().signal);
    await clock.advance(2_000);
    await opened;
    interruptions.length = 0;
    const bucket = (product_id: string, ageMs: number, over: object = {}) => {
      const start = String(openTimeOf('5m', clock.now() - ageMs) / 1_000);
      return { start, high: '12', low: '9', open: '10', close: '11', volume: '3', product_id, ...over };
    };
    const say = async (type: string, candles: unknown) => {
      transport.newest.say(frame('candles', [{ type, candles }]));
      await clock.advance(10);
    };
    return { clock, feed, bucket, say, active, interruptions };
  }

  it('says of the first bar it is told when the telling arrived, not only how old the bar is', async () => {
    const { clock, say, bucket, active, feed } = await setUp();
    await say('snapshot', [bucket('AAA-USD', 3 * FIVE_MINUTES), bucket('AAA-USD', 2 * FIVE_MINUTES)]);
    const [[symbol, at, arrivedAt] = [], ...others] = active;
    expect([symbol, others]).toEqual(['AAA-USD', []]);
    expect(at).toBeLessThan(clock.now() - FIVE_MINUTES);
    expect(arrivedAt).toBeGreaterThan(clock.now() - 1_000);
    await feed.close();
  });

  it('loses sight of the symbol alone that could not be read, each time at once', async () => {
    const { say, bucket, interruptions, feed } = await setUp();
    for (let time = 0; time < 3; time += 1) await say('update', [bucket('AAA-USD', 0, { low: 'none' })]);
    expect(new Set(interruptions.flat())).toEqual(new Set(['AAA-USD']));
    expect(interruptions.length).toBeGreaterThanOrEqual(3);
    await feed.close();
  });

  it.each([
    ['names no product', [{}]],
    ['is no bucket', ['?']],
    ['is no list', undefined],
  ])('loses sight of all that the connection carries when what %s', async (_what, candles) => {
    const { say, interruptions, feed } = await setUp();
    await say('update', candles);
    expect(new Set(interruptions.flat())).toEqual(new Set(SYMBOLS));
    await feed.close();
  });

  it('loses sight of a series that it takes off the stream, at once', async () => {
    const { interruptions, feed } = await setUp();
    feed.resubscribe({ symbol: 'AAA-USD', timeframe: '5m' });
    expect(interruptions).toEqual([['AAA-USD']]);
    await feed.close();
  });
});
