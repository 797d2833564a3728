import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { AbsenceStore } from './absence-store';
import { exchangeAbsenceKey, exchangeUnservedKey } from './keys';
import { createRedis } from './redis';
import { freshExchangeId } from './testing';
import { UnservedStore } from './unserved-store';

const SERIES = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
const MINUTE_MS = 60_000;
const MANY = Array.from({ length: 1_200 }, (_, at) => (at + 1) * MINUTE_MS);

let redis: Redis;

beforeAll(() => {
  redis = createRedis(inject('redisUrl'));
});

afterAll(async () => {
  await redis.quit();
});

describe.each([
  {
    what: 'what is absent',
    keyOf: exchangeAbsenceKey,
    add: (id: number) => new AbsenceStore(redis).add(id, SERIES, MANY),
  },
  {
    what: 'what was not served',
    keyOf: exchangeUnservedKey,
    add: (id: number) => new UnservedStore(redis).add(id, SERIES, MANY, 1),
  },
])('$what', ({ keyOf, add }) => {
  it('is kept of the newest 1000 bars, for as long as a series lives', async () => {
    const exchangeId = freshExchangeId();
    const key = keyOf(exchangeId, SERIES.symbol, SERIES.timeframe);
    await add(exchangeId);
    expect(await redis.zcard(key)).toBe(1_000);
    expect(await redis.zcount(key, '-inf', 200 * MINUTE_MS)).toBe(0);
    const ttl = await redis.ttl(key);
    expect(ttl > 86_398 && ttl <= 86_400).toBe(true);
  });
});
