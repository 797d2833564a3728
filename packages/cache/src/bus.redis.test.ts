import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { subscribeCloses } from './bus';
import type { CloseAnnouncement } from './bus';
import { exchangeCandleCloseChannel } from './keys';
import { createRedis } from './redis';
import { freshExchangeId, sourcedCandle } from './testing';

describe('listening to the channel, on a real Redis', () => {
  let redis: Redis;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
  });

  afterAll(async () => {
    await redis.quit();
  });

  const announce = (exchangeId: number, candle: CloseAnnouncement) =>
    redis.publish(
      exchangeCandleCloseChannel(exchangeId, candle.symbol, candle.timeframe),
      JSON.stringify(candle),
    );

  it('hears every close of its exchange and of no other, and hands foreign payloads to nobody', async () => {
    const exchangeId = freshExchangeId();
    const last = { ...sourcedCandle({ symbol: 'LAST' }), label: 'late', id: '1-0' } as const;
    const closes: CloseAnnouncement[] = [];
    const invalid: string[] = [];
    const stop = await subscribeCloses(redis, exchangeId, {
      onClose: (candle) => closes.push(candle),
      onInvalid: (error) => invalid.push(String(error)),
    });
    const channel = exchangeCandleCloseChannel(exchangeId, 'BTCUSDT', '1m');
    await announce(exchangeId, sourcedCandle());
    await announce(exchangeId + 1, sourcedCandle());
    await redis.publish(channel, 'not json');
    await announce(exchangeId, { ...sourcedCandle(), high: 1 });
    await announce(exchangeId, last);
    await vi.waitFor(() => expect(closes.at(-1)).toEqual(last));
    expect(closes).toEqual([sourcedCandle(), last]);
    expect(invalid).toEqual([
      `CacheValueError: Redis: ${channel}: value: not JSON`,
      `CacheValueError: Redis: ${channel}: high: high is below open or close`,
    ]);
    await stop();
    await announce(exchangeId, last);
    await redis.ping();
    expect(closes).toHaveLength(2);
  });
});
