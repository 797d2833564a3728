import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CandleSchema, UnifiedCandleSchema, closeAsOf, isClosed } from './candle';
import { LATEST_OPEN_TIME_MS, TIMEFRAMES, closeTimeOf, openTimeOf } from './timeframe';

const valid = {
  timestamp: 1_700_000_100_000,
  open: 100,
  high: 110,
  low: 90,
  close: 105,
  volume: 12.5,
  symbol: 'BTCUSDT',
  timeframe: '1m',
  exchange: 'binance',
};

const fieldsOf = (candle: unknown) =>
  UnifiedCandleSchema.safeParse(candle).error?.issues.map((issue) => issue.path.join('.'));

describe('UnifiedCandleSchema', () => {
  it('takes a candle with and without as-of and source, and leaves out what it does not know', () => {
    expect(UnifiedCandleSchema.parse({ ...valid, surprise: 1 })).toEqual(valid);
    const sourced = { ...valid, sequenceNum: Number.MAX_SAFE_INTEGER, source: 'no-trades' };
    expect(UnifiedCandleSchema.parse(sourced)).toEqual(sourced);
  });

  it.each(['open', 'high', 'low', 'close'])('refuses a %s that is no price, and names it', (field) => {
    for (const bad of [Number.NaN, Infinity, -Infinity, 0, -0, -1, '100', null, undefined]) {
      expect(fieldsOf({ ...valid, [field]: bad })).toContain(field);
    }
  });

  it('refuses a volume that is no amount, and takes zero and the greatest number there is', () => {
    for (const bad of [Number.NaN, Infinity, -1, '1']) {
      expect(fieldsOf({ ...valid, volume: bad })).toEqual(['volume']);
    }
    for (const good of [0, -0, Number.MIN_VALUE, Number.MAX_VALUE]) {
      expect(fieldsOf({ ...valid, volume: good })).toBeUndefined();
    }
  });

  it.each([
    { wrong: { high: 104 }, field: 'high' },
    { wrong: { high: 99 }, field: 'high' },
    { wrong: { low: 101 }, field: 'low' },
    { wrong: { low: 106, high: 120, open: 110 }, field: 'low' },
    { wrong: { timestamp: 1_700_000_100_001 }, field: 'timestamp' },
    { wrong: { timestamp: 1_700_000_100_000, timeframe: '1h' }, field: 'timestamp' },
    { wrong: { timestamp: 0 }, field: 'timestamp' },
    { wrong: { timestamp: 0.5 }, field: 'timestamp' },
    { wrong: { timestamp: LATEST_OPEN_TIME_MS + 60_000 }, field: 'timestamp' },
    { wrong: { timeframe: '2m' }, field: 'timeframe' },
    { wrong: { timeframe: '1M' }, field: 'timeframe' },
    { wrong: { sequenceNum: -1 }, field: 'sequenceNum' },
    { wrong: { sequenceNum: 1.5 }, field: 'sequenceNum' },
    { wrong: { sequenceNum: Number.MAX_SAFE_INTEGER + 1 }, field: 'sequenceNum' },
    { wrong: { source: 'guess' }, field: 'source' },
    { wrong: { exchange: '' }, field: 'exchange' },
    { wrong: { symbol: '' }, field: 'symbol' },
    { wrong: { symbol: 'BTC:USDT' }, field: 'symbol' },
    { wrong: { symbol: 'BTC USDT' }, field: 'symbol' },
    { wrong: { symbol: 'BTC\u0000' }, field: 'symbol' },
    { wrong: { symbol: 'X'.repeat(65) }, field: 'symbol' },
  ])('refuses $wrong and names $field', ({ wrong, field }) => {
    expect(fieldsOf({ ...valid, ...wrong })).toContain(field);
  });

  it.each(['BTC-USD', '1000SATSUSDT', '币安人生USDT', '$ROARINGUSDT'])('takes the symbol %s', (symbol) => {
    expect(fieldsOf({ ...valid, symbol })).toBeUndefined();
  });

  it('checks a plain candle in the same way', () => {
    const { exchange: _, ...plain } = valid;
    expect(CandleSchema.safeParse(plain).success).toBe(true);
    expect(CandleSchema.safeParse({ ...plain, high: 99 }).success).toBe(false);
  });
});

describe('isClosed', () => {
  it.each(TIMEFRAMES)('%s is closed exactly when its as-of has reached its close time', (timeframe) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.maxSafeNat(), (at, sequenceNum) => {
        const timestamp = at * closeTimeOf(timeframe, 0);
        const close = closeAsOf(timeframe, timestamp);
        expect(isClosed({ timestamp, timeframe, sequenceNum })).toBe(sequenceNum >= close);
        expect(isClosed({ timestamp, timeframe, sequenceNum: close - 1 })).toBe(false);
        expect(isClosed({ timestamp, timeframe, sequenceNum: close })).toBe(true);
      }),
    );
  });

  it('is false where no as-of is known', () => {
    expect(isClosed({ timestamp: 60_000, timeframe: '1m' })).toBe(false);
  });

  it.each(TIMEFRAMES)(
    'the close of the latest %s bar is still an exact number of microseconds',
    (timeframe) => {
      const latest = openTimeOf(timeframe, LATEST_OPEN_TIME_MS);
      expect(Number.isSafeInteger(closeAsOf(timeframe, latest))).toBe(true);
    },
  );
});
