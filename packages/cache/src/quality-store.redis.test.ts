import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { exchangeQualityKey } from './keys';
import { QualityStore } from './quality-store';
import { createRedis } from './redis';
import { freshExchangeId } from './testing';

const DAY = '2026-03-11';
const NONE = {
  expected: 0,
  inTime: 0,
  compared: 0,
  equal: 0,
  different: 0,
  settled: 0,
  rightFirst: 0,
  corrected: 0,
};

describe('QualityStore on a real Redis', () => {
  let redis: Redis;
  let quality: QualityStore;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
    quality = new QualityStore(redis);
  });

  afterAll(async () => {
    await redis.quit();
  });

  it('adds up by timeframe, and keeps days apart', async () => {
    const exchangeId = freshExchangeId();
    await quality.add(exchangeId, DAY, new Map([['1m', { expected: 3, inTime: 2 }]]));
    await quality.add(
      exchangeId,
      DAY,
      new Map([
        ['1m', { expected: 1, different: 1 }],
        ['1d', { settled: 5 }],
      ]),
    );
    await quality.add(exchangeId, '2026-03-12', new Map([['1m', { expected: 9 }]]));
    expect(await quality.read(exchangeId, DAY)).toEqual(
      new Map([
        ['1m', { ...NONE, expected: 4, inTime: 2, different: 1 }],
        ['1d', { ...NONE, settled: 5 }],
      ]),
    );
  });

  it('lets a day go after ninety, and writes nothing of nothing', async () => {
    const exchangeId = freshExchangeId();
    const key = exchangeQualityKey(exchangeId, DAY);
    await quality.add(exchangeId, DAY, new Map([['1m', { expected: 0 }]]));
    expect(await redis.exists(key)).toBe(0);
    await quality.add(exchangeId, DAY, new Map([['1m', { expected: 1 }]]));
    const ttl = await redis.ttl(key);
    expect(ttl > 7_775_990 && ttl <= 7_776_000).toBe(true);
  });

  it('takes what is no count for none', async () => {
    const exchangeId = freshExchangeId();
    await redis.hset(exchangeQualityKey(exchangeId, DAY), { '1m:expected': 'many', '1m:equal': '2' });
    expect(await quality.read(exchangeId, DAY)).toEqual(new Map([['1m', { ...NONE, equal: 2 }]]));
  });
});
