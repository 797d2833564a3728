import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
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

  it('adds what it can, and says of the rest why not', async () => {
    const exchangeId = freshExchangeId();
    await redis.hset(exchangeQualityKey(exchangeId, DAY), '1m:equal', 'many');
    const refused = await quality.add(exchangeId, DAY, new Map([['1m', { expected: 3, equal: 2 }]]));
    expect(refused.map(({ message }) => message)).toEqual([expect.stringContaining('not an integer')]);
    expect(await quality.read(exchangeId, DAY)).toEqual(new Map([['1m', { ...NONE, expected: 3 }]]));
  });

  it('adds nothing where not all of it can be queued', async () => {
    const exchangeId = freshExchangeId();
    const refusing = createRedis(inject('redisUrl'));
    const multi = refusing.multi.bind(refusing);
    // As a server that has no memory left refuses a command of the step.
    vi.spyOn(refusing, 'multi').mockImplementation(() => multi().call('hincrby', 'too', 'few'));
    const added = new QualityStore(refusing).add(exchangeId, DAY, new Map([['1m', { expected: 3 }]]));
    await expect(added).rejects.toThrow('EXECABORT');
    expect(await redis.exists(exchangeQualityKey(exchangeId, DAY))).toBe(0);
    await refusing.quit();
  });

  it('takes what is no count for none', async () => {
    const exchangeId = freshExchangeId();
    await redis.hset(exchangeQualityKey(exchangeId, DAY), { '1m:expected': 'many', '1m:equal': '2' });
    expect(await quality.read(exchangeId, DAY)).toEqual(new Map([['1m', { ...NONE, equal: 2 }]]));
  });
});
