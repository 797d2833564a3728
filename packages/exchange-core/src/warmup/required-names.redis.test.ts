import { warmupScheduleKey } from '@livermore/cache';
import { freshExchangeId } from '@livermore/cache/testing';
import {
  BinanceAdapter,
  CandleStatusScanner,
  DEFAULT_CANDLE_TARGET,
  ExchangeAdapterFactory,
  MIN_CANDLE_THRESHOLD,
  SCAN_TIMEFRAME_ORDER,
  WarmupScheduleBuilder,
} from '@livermore/exchange-core';
import { logger } from '@livermore/utils';
import type { LogFields } from '@livermore/utils';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';

/** The public names as somebody uses them who read no more than the requirements. */

let redis: Redis;
let exchangeId: number;
let lines: LogFields[];

beforeAll(() => {
  redis = new Redis(inject('redisUrl'));
});

beforeEach(() => {
  exchangeId = freshExchangeId();
  lines = [];
  vi.spyOn(logger, 'info').mockImplementation((line) => void lines.push(line));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await redis.del(`candles:${exchangeId}:BTCUSDT:1d`, `exchange:${exchangeId}:warm-up-schedule:symbols`);
});

afterAll(async () => {
  await redis.quit();
});

test('WARM-01: are the constants of the requirement', () => {
  expect(SCAN_TIMEFRAME_ORDER).toEqual(['1d', '4h', '1h', '15m', '5m', '1m']);
  expect([MIN_CANDLE_THRESHOLD, DEFAULT_CANDLE_TARGET]).toEqual([60, 100]);
});

test('WARM-01, WARM-02, WARM-03: scan and schedule with a plain client, from the scan’s own fields alone', async () => {
  for (let at = 0; at < 60; at += 1) await redis.zadd(`candles:${exchangeId}:BTCUSDT:1d`, at, `bar ${at}`);
  const results = await new CandleStatusScanner({ redis, exchangeId }).scanExchange(['BTCUSDT', 'ETHUSDT']);
  expect(results).toHaveLength(12);
  expect(results.slice(0, 2)).toEqual([
    { symbol: 'BTCUSDT', timeframe: '1d', cachedCount: 60, sufficient: true },
    { symbol: 'ETHUSDT', timeframe: '1d', cachedCount: 0, sufficient: false },
  ]);
  const schedule = await new WarmupScheduleBuilder({ redis, exchangeId }).buildAndPersist(results);
  expect(Object.keys(schedule)).toEqual([
    'exchangeId',
    'createdAt',
    'totalPairs',
    'sufficientPairs',
    'needsFetching',
    'entries',
  ]);
  expect(schedule).toMatchObject({ exchangeId, totalPairs: 12, sufficientPairs: 1, needsFetching: 11 });
  expect(schedule.entries[0]).toEqual({
    symbol: 'ETHUSDT',
    timeframe: '1d',
    cachedCount: 0,
    targetCount: 100,
  });
  const stored = await redis.get(`exchange:${exchangeId}:warm-up-schedule:symbols`);
  expect(JSON.parse(stored ?? '')).toEqual(schedule);
});

test('WARM-01, WARM-02: say in the log how much there is, in counts, as every field of these lines is one', async () => {
  const zcard = vi.fn(() => Promise.resolve(7));
  const results = await new CandleStatusScanner({ redis: { zcard }, exchangeId }).scanExchange(['A', 'B']);
  expect(zcard.mock.calls).toHaveLength(12);
  expect(zcard).toHaveBeenNthCalledWith(1, `candles:${exchangeId}:A:1d`);
  expect(zcard).toHaveBeenNthCalledWith(12, `candles:${exchangeId}:B:1m`);
  await new WarmupScheduleBuilder({ redis, exchangeId }).buildAndPersist(results);
  expect(lines).toEqual([
    { event: 'candle_scan_start', symbols: 2, timeframes: 6 },
    { event: 'candle_scan_complete', total: 12, sufficient: 0, needsFetching: 12 },
    {
      event: 'warmup_schedule_persisted',
      key: warmupScheduleKey(exchangeId),
      totalPairs: 12,
      sufficientPairs: 0,
      needsFetching: 12,
    },
  ]);
});

test.each(['binance', 'binance_us'])(
  'BIN-02, BIN-04: an adapter of %s needs its record, and no more',
  (name) => {
    const exchange = {
      id: 2,
      name,
      wsUrl: 'ws://127.0.0.1:1',
      restUrl: 'http://127.0.0.1:1',
      isActive: true,
    };
    const adapter = new ExchangeAdapterFactory().create(exchange);
    expect(adapter).toBeInstanceOf(BinanceAdapter);
    adapter.subscribe(['BTCUSDT'], '1m');
    expect(new BinanceAdapter({ exchange }).isConnected()).toBe(false);
  },
);
