import type { OpenTimeRange } from '@livermore/schemas';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { exchangeLooksKey } from './keys';
import { LookStore } from './look-store';
import { createRedis } from './redis';
import { freshExchangeId } from './testing';
import { countLooks } from './waiting';

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

const EVER = { from: 0, to: Number.MAX_SAFE_INTEGER };
const WINDOWS = new Map([
  ['AAA-USD 1m', EVER],
  ['AAA-USD 1h', EVER],
]);
const counted = (windows: ReadonlyMap<string, OpenTimeRange> = WINDOWS) =>
  countLooks(redis, exchangeId, windows);

test('counts by series what waits for a look, due or not, each bar once', async () => {
  expect(await counted()).toEqual(new Map());
  await store.add(exchangeId, MINUTES, [60_000, 120_000], 500_000);
  await store.add(exchangeId, MINUTES, [120_000], 900_000);
  await store.add(exchangeId, HOURS, [3_600_000], 100);
  expect(await counted()).toEqual(
    new Map([
      ['AAA-USD 1m', 2],
      ['AAA-USD 1h', 1],
    ]),
  );
  await store.remove(exchangeId, [{ series: HOURS, openTime: 3_600_000 }]);
  expect(await counted()).toEqual(new Map([['AAA-USD 1m', 2]]));
});

test('counts what opens within the window of its series, of those it is asked for', async () => {
  await store.add(exchangeId, MINUTES, [60_000, 120_000, 180_000], 1);
  await store.add(exchangeId, HOURS, [3_600_000], 1);
  await redis.zadd(exchangeLooksKey(exchangeId), 1, 'AAA-USD 1m soon');
  expect(await counted(new Map([['AAA-USD 1m', { from: 120_000, to: 180_000 }]]))).toEqual(
    new Map([['AAA-USD 1m', 1]]),
  );
});
