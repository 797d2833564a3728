import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { exchangeUnservedKey } from './keys';
import { createRedis } from './redis';
import { freshExchangeId } from './testing';
import { UnservedStore } from './unserved-store';

const SERIES = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
const EVER = { from: 0, to: Number.MAX_SAFE_INTEGER };
const minutes = (...at: readonly number[]) => at.map((each) => each * 60_000);

describe('UnservedStore on a real Redis', () => {
  let redis: Redis;
  let unserved: UnservedStore;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
    unserved = new UnservedStore(redis);
  });

  afterAll(async () => {
    await redis.quit();
  });

  it('remembers when a bar was first asked for in vain, and forgets it when told', async () => {
    const exchangeId = freshExchangeId();
    await unserved.add(exchangeId, SERIES, minutes(3, 1), 500_000.7);
    await unserved.add(exchangeId, SERIES, minutes(2), 600_000);
    expect([...(await unserved.read(exchangeId, SERIES, EVER))]).toEqual([
      [60_000, 500_000],
      [120_000, 600_000],
      [180_000, 500_000],
    ]);
    const some = await unserved.read(exchangeId, SERIES, { from: 120_000, to: 120_000 });
    expect([...some.keys()]).toEqual([120_000]);
    await unserved.remove(exchangeId, SERIES, minutes(1, 2, 8));
    expect([...(await unserved.read(exchangeId, SERIES, EVER)).keys()]).toEqual([180_000]);
  });

  it('counts the first asking where two writers noted a bar, and forgets both notes', async () => {
    const exchangeId = freshExchangeId();
    await unserved.add(exchangeId, SERIES, minutes(1), 700_000);
    await unserved.add(exchangeId, SERIES, minutes(1), 500_000);
    await unserved.add(exchangeId, SERIES, minutes(1), 600_000);
    expect((await unserved.read(exchangeId, SERIES, EVER)).get(60_000)).toBe(500_000);
    await unserved.remove(exchangeId, SERIES, minutes(1));
    expect((await unserved.read(exchangeId, SERIES, EVER)).size).toBe(0);
  });

  it('forgets bars in a row at once', async () => {
    const exchangeId = freshExchangeId();
    await unserved.add(exchangeId, SERIES, minutes(1, 2, 3, 4, 7, 8, 9), 1);
    const removed = vi.spyOn(redis, 'zremrangebyscore');
    await unserved.remove(exchangeId, SERIES, minutes(8, 2, 3, 1, 9));
    expect(removed).toHaveBeenCalledTimes(2);
    removed.mockRestore();
    expect([...(await unserved.read(exchangeId, SERIES, EVER)).keys()]).toEqual(minutes(4, 7));
  });

  it('leaves out what is no note of its own, and of nothing writes nothing', async () => {
    const exchangeId = freshExchangeId();
    const key = exchangeUnservedKey(exchangeId, 'BTCUSDT', '1m');
    await unserved.add(exchangeId, SERIES, [], 1);
    await unserved.remove(exchangeId, SERIES, []);
    expect(await redis.exists(key)).toBe(0);
    await redis.zadd(key, 60_000, 'soon', 60_000, '60000', 120_000, '120000:7');
    expect([...(await unserved.read(exchangeId, SERIES, EVER))]).toEqual([[120_000, 7]]);
  });
});
