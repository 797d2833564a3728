import type { UnifiedCandle } from '@livermore/schemas';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { RedisEventBus, subscribeCloses } from './bus';
import { candleCloseChannel, exchangeCandleCloseChannel } from './keys';
import { createRedis } from './redis';
import { CandleCacheStrategy } from './strategies/candle-cache';
import { freshExchangeId, sourcedCandle } from './testing';

const OWNER = 7;

/** What arrives on these channels, and what the cache holds at that moment. */
async function listen(
  channels: readonly string[],
  look: () => Promise<unknown> = () => Promise.resolve(null),
) {
  const listener = createRedis(inject('redisUrl'));
  const heard: Promise<readonly unknown[]>[] = [];
  listener.on('message', (channel: string, text: string) => {
    heard.push(look().then((found) => [channel, JSON.parse(text), found]));
  });
  await listener.subscribe(...channels);
  return async () => {
    await listener.ping();
    const all = await Promise.all(heard);
    await listener.quit();
    return all;
  };
}

describe('the bus on a real Redis', () => {
  let redis: Redis;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
  });

  afterAll(async () => {
    await redis.quit();
  });

  it('FND-01, FND-03: a close is on the exchange channel and on the owner channel, and already in the cache', async () => {
    const exchangeId = freshExchangeId();
    const cache = new CandleCacheStrategy(redis);
    const bus = new RedisEventBus(redis, { ownerUserId: OWNER });
    const candle = sourcedCandle({ sequenceNum: 1_700_000_160_000_000 });
    const channels = [
      exchangeCandleCloseChannel(exchangeId, 'BTCUSDT', '1m'),
      candleCloseChannel(OWNER, exchangeId, 'BTCUSDT', '1m'),
    ];
    const heard = await listen(channels, async () => {
      const stored = await cache.readExchangeCandles(exchangeId, candle);
      return stored[0]?.close;
    });
    await cache.addExchangeCandleIfNewer(exchangeId, candle);
    await bus.publishClose(exchangeId, candle);
    expect(await heard()).toEqual(
      channels.map((channel) => [channel, { ...candle, label: 'live' }, candle.close]),
    );
  });

  it('without an owner it tells the exchange channel alone', async () => {
    const exchangeId = freshExchangeId();
    const exchangeChannel = exchangeCandleCloseChannel(exchangeId, 'BTCUSDT', '1m');
    const heard = await listen([exchangeChannel, candleCloseChannel(OWNER, exchangeId, 'BTCUSDT', '1m')]);
    await new RedisEventBus(redis).publishClose(exchangeId, sourcedCandle());
    expect((await heard()).map(([channel]) => channel)).toEqual([exchangeChannel]);
  });

  it('hears every close of its exchange and of no other, and hands foreign payloads to nobody', async () => {
    const exchangeId = freshExchangeId();
    const bus = new RedisEventBus(redis);
    const last = sourcedCandle({ symbol: 'LAST' });
    const closes: UnifiedCandle[] = [];
    const invalid: string[] = [];
    const { promise: done, resolve: sawLast } = promiseWithResolver();
    const stop = await subscribeCloses(redis, exchangeId, {
      onClose(candle) {
        closes.push(candle);
        if (candle.symbol === 'LAST') sawLast();
      },
      onInvalid: (error) => invalid.push(String(error)),
    });
    const channel = exchangeCandleCloseChannel(exchangeId, 'BTCUSDT', '1m');
    await bus.publishClose(exchangeId, sourcedCandle());
    await bus.publishClose(exchangeId + 1, sourcedCandle());
    await redis.publish(channel, 'not json');
    await redis.publish(channel, JSON.stringify({ ...sourcedCandle(), high: 1 }));
    await bus.publishClose(exchangeId, last);
    await done;
    const live = { label: 'live' };
    expect(closes).toEqual([
      { ...sourcedCandle(), ...live },
      { ...last, ...live },
    ]);
    expect(invalid).toEqual([
      `CacheValueError: Redis: ${channel}: value: not JSON`,
      `CacheValueError: Redis: ${channel}: high: high is below open or close`,
    ]);
    await stop();
    await bus.publishClose(exchangeId, last);
    await redis.ping();
    expect(closes).toHaveLength(2);
  });
});

function promiseWithResolver(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  const holder: { resolve?: () => void } = {};
  const promise = new Promise<void>((resolve) => {
    holder.resolve = resolve;
  });
  return { promise, resolve: () => holder.resolve?.() };
}
