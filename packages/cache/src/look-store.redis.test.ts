import { closeAsOf } from '@livermore/schemas';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { exchangeLooksKey } from './keys';
import { LookStore } from './look-store';
import { createRedis } from './redis';
import { CandleCacheStrategy } from './strategies/candle-cache';
import { EXAMPLE_OPEN_TIME, freshExchangeId, sourcedCandle } from './testing';

const SERIES = { symbol: 'BTC-USD', timeframe: '5m' } as const;
const OTHER = { symbol: '币安人生USDT', timeframe: '1m' } as const;

describe('LookStore on a real Redis', () => {
  let redis: Redis;
  let looks: LookStore;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
    looks = new LookStore(redis);
  });

  afterAll(async () => {
    await redis.quit();
  });

  it('hands out what is due, the most urgent first, and forgets it when told', async () => {
    const exchangeId = freshExchangeId();
    await looks.add(exchangeId, SERIES, [300_000, 600_000], 2_000.9);
    await looks.add(exchangeId, OTHER, [60_000], 1_000);
    await looks.add(exchangeId, OTHER, [120_000], 9_000);
    const first = { series: OTHER, openTime: 60_000, due: 1_000 };
    expect(await looks.due(exchangeId, 1_999)).toEqual([first]);
    const due = await looks.due(exchangeId, 2_000);
    expect(due[0]).toEqual(first);
    expect(due.slice(1)).toEqual(
      [300_000, 600_000].map((openTime) => ({ series: SERIES, openTime, due: 2_000 })),
    );
    expect(await looks.count(exchangeId)).toBe(4);
    await looks.remove(exchangeId, due);
    await looks.remove(exchangeId, []);
    expect(await looks.count(exchangeId)).toBe(1);
  });

  it('moves the look a bar has', async () => {
    const exchangeId = freshExchangeId();
    await looks.add(exchangeId, SERIES, [300_000], 1_000);
    await looks.add(exchangeId, SERIES, [300_000], 5_000);
    await looks.add(exchangeId, SERIES, [], 1);
    expect(await looks.due(exchangeId, 4_999)).toEqual([]);
    expect(await looks.due(exchangeId, 5_000)).toHaveLength(1);
  });

  it('puts off what is still due, and neither what was noted for a sooner time meanwhile nor what was let go', async () => {
    const exchangeId = freshExchangeId();
    const lookAt = (openTime: number, due: number) => ({ series: SERIES, openTime, due });
    await looks.add(exchangeId, SERIES, [300_000, 600_000, 900_000], 1_000);
    const due = await looks.due(exchangeId, 1_000);
    expect(due).toHaveLength(3);
    await looks.add(exchangeId, SERIES, [600_000], 1_001);
    await looks.remove(exchangeId, [lookAt(900_000, 0)]);
    await looks.postpone(
      exchangeId,
      1_000,
      due.map((look) => ({ ...look, due: 5_000.5 })),
    );
    await looks.postpone(exchangeId, 1_000, []);
    expect(await looks.due(exchangeId, 9_000)).toEqual([lookAt(600_000, 1_001), lookAt(300_000, 5_000)]);
  });

  it('reads the looks that writing a bar notes', async () => {
    const exchangeId = freshExchangeId();
    const read = sourcedCandle({
      source: 'rest',
      sequenceNum: closeAsOf('1m', EXAMPLE_OPEN_TIME) + 2_000_000,
    });
    const now = EXAMPLE_OPEN_TIME + 62_000;
    await new CandleCacheStrategy(redis).writeExchangeCandle(exchangeId, read, { now });
    expect(await looks.due(exchangeId, now + 30_000)).toEqual([
      { series: { symbol: 'BTCUSDT', timeframe: '1m' }, openTime: EXAMPLE_OPEN_TIME, due: now + 30_000 },
    ]);
  });

  it('holds and hands out a bounded number, letting go of what is due last', async () => {
    const exchangeId = freshExchangeId();
    const times = Array.from({ length: 10_500 }, (_, at) => (at + 1) * 60_000);
    await looks.add(exchangeId, OTHER, times, 2_000);
    await looks.add(
      exchangeId,
      SERIES,
      times.map((at) => at * 5),
      1_000,
    );
    expect(await looks.count(exchangeId)).toBe(20_000);
    const due = await looks.due(exchangeId, 10_000);
    expect(due).toHaveLength(2_000);
    expect(new Set(due.map((look) => look.due))).toEqual(new Set([1_000]));
  });

  it('passes over what is no look', async () => {
    const exchangeId = freshExchangeId();
    await redis.zadd(exchangeLooksKey(exchangeId), 1, 'X', 1, 'X 2m 60000', 1, 'X 1m soon', 1, 'X 1m 60000');
    expect(await looks.due(exchangeId, 1)).toEqual([
      { series: { symbol: 'X', timeframe: '1m' }, openTime: 60_000, due: 1 },
    ]);
  });
});
