import { createRedis, warmupScheduleKey, warmupStatsKey } from '@livermore/cache';
import { freshExchangeId } from '@livermore/cache/testing';
import { silentLogger, systemClock } from '@livermore/utils';
import type { LogFields } from '@livermore/utils';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { DEFAULT_CANDLE_TARGET } from './types';
import { WarmupScheduleBuilder } from './warmup-schedule-builder';
import { readWarmupSchedule, readWarmupStats } from './warmup-store';

let redis: Redis;
const exchangeId = freshExchangeId();

beforeAll(() => {
  redis = createRedis(inject('redisUrl'));
});

afterAll(async () => {
  await redis.del(warmupScheduleKey(exchangeId), warmupStatsKey(exchangeId));
  await redis.quit();
});

const RESULTS = [
  { symbol: 'AAA', timeframe: '1d', cachedCount: 60, sufficient: true },
  { symbol: 'BBB', timeframe: '1d', cachedCount: 7, sufficient: false },
  { symbol: 'AAA', timeframe: '1m', cachedCount: 0, sufficient: false },
] as const;

test('WARM-02, WARM-03: an entry for each insufficient pair, as JSON anyone can read', async () => {
  const lines: LogFields[] = [];
  const logger = { ...silentLogger, info: (fields: LogFields) => lines.push(fields) };
  const clock = { now: () => 1_773_236_220_000 };
  const builder = new WarmupScheduleBuilder({ redis, exchangeId, clock, logger });
  const schedule = await builder.buildAndPersist(RESULTS);
  expect(schedule).toEqual({
    exchangeId,
    createdAt: 1_773_236_220_000,
    totalPairs: 3,
    sufficientPairs: 1,
    needsFetching: 2,
    entries: [
      { symbol: 'BBB', timeframe: '1d', cachedCount: 7, targetCount: DEFAULT_CANDLE_TARGET },
      { symbol: 'AAA', timeframe: '1m', cachedCount: 0, targetCount: DEFAULT_CANDLE_TARGET },
    ],
  });
  const stored = await redis.get(`exchange:${exchangeId}:warm-up-schedule:symbols`);
  expect(JSON.parse(stored ?? '')).toEqual(schedule);
  expect(await readWarmupSchedule(redis, exchangeId)).toEqual(schedule);
  expect(lines).toEqual([
    {
      event: 'warmup_schedule_persisted',
      key: warmupScheduleKey(exchangeId),
      totalPairs: 3,
      sufficientPairs: 1,
      needsFetching: 2,
    },
  ]);
});

test('needs nothing beyond a client and an id', async () => {
  const before = systemClock.now();
  const schedule = await new WarmupScheduleBuilder({ redis, exchangeId }).buildAndPersist([]);
  expect(schedule.createdAt).toBeGreaterThanOrEqual(before);
  expect(schedule.entries).toEqual([]);
});

test('tells the first of many missing ranges and counts them all', () => {
  const missing = Array.from({ length: 20 }, (_, at) => ({ from: at * 120_000, to: at * 120_000 + 60_000 }));
  const [entry] = new WarmupScheduleBuilder({ redis, exchangeId }).build([
    { symbol: 'AAA', timeframe: '1m', cachedCount: 80, sufficient: false, reason: 'gap', missing },
  ]).entries;
  expect(entry).toMatchObject({ reason: 'gap', missingCandles: 20, missing: missing.slice(0, 8) });
});

test('what is stored and is no schedule is refused by name, never believed', async () => {
  await redis.set(warmupScheduleKey(exchangeId), JSON.stringify({ exchangeId, createdAt: 'yesterday' }));
  await redis.set(warmupStatsKey(exchangeId), '{');
  await expect(readWarmupSchedule(redis, exchangeId)).rejects.toThrow('createdAt');
  await expect(readWarmupStats(redis, exchangeId)).rejects.toThrow('not JSON');
  await redis.del(warmupScheduleKey(exchangeId), warmupStatsKey(exchangeId));
  expect(await readWarmupSchedule(redis, exchangeId)).toBeUndefined();
  expect(await readWarmupStats(redis, exchangeId)).toBeUndefined();
});
