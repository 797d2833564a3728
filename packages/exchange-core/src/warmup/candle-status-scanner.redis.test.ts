import { createRedis, exchangeCandleKey } from '@livermore/cache';
import { freshExchangeId } from '@livermore/cache/testing';
import type { LogFields, Logger } from '@livermore/utils';
import { silentLogger } from '@livermore/utils';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { CandleStatusScanner } from './candle-status-scanner';
import { MIN_CANDLE_THRESHOLD, SCAN_TIMEFRAME_ORDER } from './types';

let redis: Redis;
const exchangeId = freshExchangeId();
const KEYS = [exchangeCandleKey(exchangeId, 'AAA', '1h'), exchangeCandleKey(exchangeId, 'BBB', '1m')];

const members = (count: number) => Array.from({ length: count }, (_, at) => [at, `bar ${at}`]).flat();

beforeAll(async () => {
  redis = createRedis(inject('redisUrl'));
  await redis.zadd(KEYS[0] ?? '', ...members(MIN_CANDLE_THRESHOLD));
  await redis.zadd(KEYS[1] ?? '', ...members(MIN_CANDLE_THRESHOLD - 1));
});

afterAll(async () => {
  await redis.del(...KEYS);
  await redis.quit();
});

test('WARM-01: counts every pair, largest timeframe first, and sixty are sufficient', async () => {
  const lines: LogFields[] = [];
  const logger: Logger = { ...silentLogger, info: (fields) => lines.push(fields) };
  const scanner = new CandleStatusScanner({ redis, exchangeId, logger });
  const results = await scanner.scanExchange(['AAA', 'BBB']);
  expect(results.map(({ symbol, timeframe }) => `${timeframe} ${symbol}`)).toEqual(
    SCAN_TIMEFRAME_ORDER.flatMap((timeframe) => [`${timeframe} AAA`, `${timeframe} BBB`]),
  );
  expect(results.find((it) => it.symbol === 'AAA' && it.timeframe === '1h')).toEqual({
    symbol: 'AAA',
    timeframe: '1h',
    cachedCount: 60,
    sufficient: true,
  });
  expect(results.find((it) => it.symbol === 'BBB' && it.timeframe === '1m')).toMatchObject({
    cachedCount: 59,
    sufficient: false,
  });
  expect(lines).toEqual([
    { event: 'candle_scan_start', symbols: 2, timeframes: 6 },
    { event: 'candle_scan_complete', total: 12, sufficient: 1, needsFetching: 11 },
  ]);
});

test('issues one count for each pair, all of them at once, and looks only at the timeframes asked for', async () => {
  const asked: string[] = [];
  let release: (() => void) | undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const zcard = async (key: unknown) => {
    asked.push(String(key));
    await gate;
    return 0;
  };
  const scanner = new CandleStatusScanner({ redis: { zcard }, exchangeId, logger: silentLogger });
  const scan = scanner.scanExchange(['AAA', 'BBB'], ['1m', '1d']);
  expect(asked).toEqual([
    exchangeCandleKey(exchangeId, 'AAA', '1d'),
    exchangeCandleKey(exchangeId, 'BBB', '1d'),
    exchangeCandleKey(exchangeId, 'AAA', '1m'),
    exchangeCandleKey(exchangeId, 'BBB', '1m'),
  ]);
  release?.();
  expect(await scan).toHaveLength(4);
});
