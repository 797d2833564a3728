import {
  AbsenceStore,
  CandleCacheStrategy,
  createRedis,
  exchangeAbsenceKey,
  exchangeCandleKey,
} from '@livermore/cache';
import { EXAMPLE_OPEN_TIME, freshExchangeId, sourcedCandle } from '@livermore/cache/testing';
import { closeAsOf } from '@livermore/schemas';
import * as fc from 'fast-check';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { CoverageReader } from './coverage-reader';

const MINUTE_MS = 60_000;
type Slot = 'present' | 'settled' | 'final' | 'no-trades' | 'partial' | 'absent' | 'nothing';

let redis: Redis;
let reader: CoverageReader;
let cache: CandleCacheStrategy;
let absences: AbsenceStore;
const exchangeId = freshExchangeId();

beforeAll(() => {
  redis = createRedis(inject('redisUrl'));
  cache = new CandleCacheStrategy(redis);
  absences = new AbsenceStore(redis);
  reader = new CoverageReader({ exchangeId, cache, absences });
});

afterAll(async () => {
  await redis.quit();
});

const openTimeAt = (at: number) => EXAMPLE_OPEN_TIME + at * MINUTE_MS;

async function store(symbol: string, slots: readonly Slot[]): Promise<void> {
  const series = { symbol, timeframe: '1m' } as const;
  await redis.del(exchangeCandleKey(exchangeId, symbol, '1m'), exchangeAbsenceKey(exchangeId, symbol, '1m'));
  const candles = slots.flatMap((slot, at) => {
    if (slot === 'absent' || slot === 'nothing') return [];
    const closed = closeAsOf('1m', openTimeAt(at));
    const sequenceNum = slot === 'partial' ? closed - 1 : closed;
    const [source, volume] = slot === 'no-trades' ? ([slot, 0] as const) : (['stream', 1] as const);
    const standing = slot === 'settled' || slot === 'final' ? { standing: slot } : {};
    return [sourcedCandle({ symbol, timestamp: openTimeAt(at), sequenceNum, source, volume, ...standing })];
  });
  await cache.writeExchangeCandles(exchangeId, series, candles);
  const absent = slots.flatMap((slot, at) => (slot === 'absent' ? [openTimeAt(at)] : []));
  await absences.add(exchangeId, series, absent);
}

test('reads of any stored series what was stored', async () => {
  const slot = fc.constantFrom<Slot>(
    'present',
    'settled',
    'final',
    'no-trades',
    'partial',
    'absent',
    'nothing',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(slot, { minLength: 1, maxLength: 25 }), async (slots) => {
      await store('ANY', slots);
      const window = { from: openTimeAt(0), to: openTimeAt(slots.length) };
      const [coverage] = await reader.read(
        [{ series: { symbol: 'ANY', timeframe: '1m' }, window }],
        window.to,
      );
      const count = (...wanted: Slot[]) => slots.filter((it) => wanted.includes(it)).length;
      const missing = (why: string) =>
        (coverage?.missing ?? [])
          .filter((range) => range.why === why)
          .reduce((sum, range) => sum + (range.to - range.from) / MINUTE_MS, 0);
      expect(coverage).toMatchObject({
        expected: slots.length,
        present: count('present', 'settled', 'final', 'no-trades'),
        noTrades: count('no-trades'),
        settled: count('settled', 'final'),
        final: count('final'),
      });
      expect(missing('absent-at-venue')).toBe(count('absent'));
      expect(missing('not-fetched')).toBe(count('partial', 'nothing'));
    }),
    { numRuns: 60 },
  );
  await store('ANY', []);
});

test('answers many queries in their order, each for its own window', async () => {
  const symbols = Array.from({ length: 1_200 }, (_, at) => `S${at}`);
  await store('S7', ['present', 'present']);
  const window = { from: openTimeAt(0), to: openTimeAt(2) };
  const coverages = await reader.read(
    symbols.map((symbol) => ({ series: { symbol, timeframe: '1m' }, window })),
    window.to,
  );
  expect(coverages.map((coverage) => coverage.present)).toEqual(symbols.map((s) => (s === 'S7' ? 2 : 0)));
  await store('S7', []);
});
