import {
  CandleCacheStrategy,
  createRedis,
  exchangeCandleKey,
  exchangeToldKey,
  subscribeCloses,
} from '@livermore/cache';
import type { CloseAnnouncement } from '@livermore/cache';
import { freshExchangeId, sourcedCandle } from '@livermore/cache/testing';
import { closeAsOf } from '@livermore/schemas';
import { ManualClock, silentLogger } from '@livermore/utils';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { CandleWriter } from './candle-writer';

const SERIES = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
const OPEN = Date.UTC(2025, 4, 20);

function closedBar(minute: number) {
  const timestamp = OPEN + minute * 60_000;
  return sourcedCandle({
    ...SERIES,
    timestamp,
    sequenceNum: closeAsOf('1m', timestamp) + 5_000,
    source: 'stream',
  });
}

describe('a correction', () => {
  let redis: ReturnType<typeof createRedis>;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
  });

  afterAll(async () => {
    await redis.quit();
  });

  it('is announced as it is cached: settled by its second reading, and marked as corrected', async () => {
    const exchangeId = freshExchangeId();
    const heard: CloseAnnouncement[] = [];
    const stop = await subscribeCloses(redis, exchangeId, {
      onClose: (candle) => heard.push(candle),
      onInvalid: (error) => {
        throw error;
      },
    });
    const clock = new ManualClock(OPEN + 60_100);
    const cache = new CandleCacheStrategy(redis);
    const shared = { exchangeId, cache, clock, venueTime: clock, logger: silentLogger };
    const writer = new CandleWriter({ ...shared, liveSince: () => OPEN });
    const streamed = closedBar(0);
    writer.take({ kind: 'close', candle: streamed }, 0);
    await writer.drain();
    for (const afterMs of [60_000, 120_000]) {
      await clock.advance(afterMs);
      const sequenceNum = clock.now() * 1_000;
      const reading = { ...streamed, sequenceNum, source: 'rest', volume: streamed.volume + 1 } as const;
      await writer.writeHistory(SERIES, [reading], { cause: 'look' });
    }
    await vi.waitFor(() => expect(heard).toHaveLength(2));
    const [cached] = await cache.readExchangeCandles(exchangeId, SERIES);
    expect(cached).toMatchObject({ standing: 'settled', corrected: true, volume: streamed.volume + 1 });
    expect(heard[0]).toEqual({ ...streamed, label: 'live', id: expect.any(String) });
    expect(heard[1]).toEqual({
      ...cached,
      exchange: streamed.exchange,
      label: 'correction',
      id: expect.any(String),
    });
    await stop();
  });
});

describe('a Redis that lost its data under a running writer', () => {
  let redis: ReturnType<typeof createRedis>;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
  });

  afterAll(async () => {
    await redis.quit();
  });

  it('is filled again in silence: only what closes after the newest bar told is news', async () => {
    const exchangeId = freshExchangeId();
    const told: number[] = [];
    const clock = new ManualClock(OPEN + 10 * 60_000);
    const writer = new CandleWriter({
      exchangeId,
      cache: new CandleCacheStrategy(redis),
      clock,
      venueTime: clock,
      liveSince: () => OPEN,
      logger: silentLogger,
    });
    const stop = await subscribeCloses(redis, exchangeId, {
      onClose: ({ timestamp }) => told.push((timestamp - OPEN) / 60_000),
      onInvalid: (error) => {
        throw error;
      },
    });
    const close = async (minute: number) => {
      writer.take({ kind: 'close', candle: closedBar(minute) }, 0);
      await writer.drain();
    };
    for (let minute = 0; minute < 5; minute += 1) await close(minute);
    await vi.waitFor(() => expect(told).toEqual([0, 1, 2, 3, 4]));
    told.length = 0;
    await redis.del(exchangeCandleKey(exchangeId, 'BTCUSDT', '1m'), exchangeToldKey(exchangeId));
    await writer.writeHistory(SERIES, [0, 1, 2, 3, 4, 5].map(closedBar), { cause: 'sweep' });
    await close(6);
    await vi.waitFor(() => expect(told).toEqual([5, 6]));
    await stop();
  });
});
