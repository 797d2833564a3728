import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { exchangeVerifiedKey } from './keys';
import { createRedis } from './redis';
import { freshExchangeId } from './testing';
import { VerifiedStore } from './verified-store';

describe('VerifiedStore on a real Redis', () => {
  let redis: Redis;
  let verified: VerifiedStore;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
    verified = new VerifiedStore(redis);
  });

  afterAll(async () => {
    await redis.quit();
  });

  it('says of every series what was saved last', async () => {
    const exchangeId = freshExchangeId();
    expect((await verified.readAll(exchangeId)).size).toBe(0);
    await verified.save(exchangeId, { symbol: 'A', timeframe: '1m' }, { through: 60_000, readAt: 90_000.5 });
    await verified.save(exchangeId, { symbol: 'A', timeframe: '5m' }, { through: 300_000, readAt: 1 });
    await verified.save(exchangeId, { symbol: 'A', timeframe: '1m' }, { through: 120_000, readAt: 190_000 });
    expect(await verified.readAll(exchangeId)).toEqual(
      new Map([
        ['A 1m', { through: 120_000, readAt: 190_000 }],
        ['A 5m', { through: 300_000, readAt: 1 }],
      ]),
    );
  });

  it('leaves out what it cannot read, so that it is verified anew', async () => {
    const exchangeId = freshExchangeId();
    await redis.hset(exchangeVerifiedKey(exchangeId), {
      'A 1m': '60000:1',
      'A 2m': '60000:1',
      A: '60000:1',
      'B 1m': '60000',
      'C 1m': 'all:1',
    });
    expect([...(await verified.readAll(exchangeId)).keys()]).toEqual(['A 1m']);
    const read = (symbol: string) => verified.read(exchangeId, { symbol, timeframe: '1m' });
    expect(await Promise.all(['A', 'B', 'C', 'D'].map(read))).toEqual([
      { through: 60_000, readAt: 1 },
      undefined,
      undefined,
      undefined,
    ]);
  });
});
