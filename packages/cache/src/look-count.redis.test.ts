import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { exchangeLooksKey } from './keys';
import { LookStore } from './look-store';
import { createRedis } from './redis';
import { freshExchangeId } from './testing';

const MINUTES = { symbol: 'AAA-USD', timeframe: '1m' } as const;
const HOURS = { symbol: 'AAA-USD', timeframe: '1h' } as const;

let redis: Redis;
let store: LookStore;
const exchangeId = freshExchangeId();

beforeAll(() => {
  redis = createRedis(inject('redisUrl'));
  store = new LookStore(redis);
});

afterAll(async () => {
  await redis.del(exchangeLooksKey(exchangeId));
  await redis.quit();
});

test('counts by series what waits for a look, due or not, each bar once', async () => {
  expect(await store.countBySeries(exchangeId)).toEqual(new Map());
  await store.add(exchangeId, MINUTES, [60_000, 120_000], 500_000);
  await store.add(exchangeId, MINUTES, [120_000], 900_000);
  await store.add(exchangeId, HOURS, [3_600_000], 100);
  expect(await store.countBySeries(exchangeId)).toEqual(
    new Map([
      ['AAA-USD 1m', 2],
      ['AAA-USD 1h', 1],
    ]),
  );
  await store.remove(exchangeId, [{ series: HOURS, openTime: 3_600_000 }]);
  expect(await store.countBySeries(exchangeId)).toEqual(new Map([['AAA-USD 1m', 2]]));
});
