import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CANDLE_SOURCES,
  CANDLE_STANDINGS,
  CandleSchema,
  MAX_TRADES,
  UnifiedCandleSchema,
  candleClassOf,
  candleStateOf,
  closeAsOf,
  isClosed,
  isUnifiedCandle,
  parseSeriesKey,
  seriesKey,
} from './candle';
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

  it('takes what a venue tells beyond the values, and how sure a bar is', () => {
    for (const source of CANDLE_SOURCES) {
      for (const standing of CANDLE_STANDINGS) {
        const candle = { ...valid, source, standing, corrected: true };
        expect(UnifiedCandleSchema.parse(candle)).toEqual(candle);
      }
    }
    const figures = { quoteVolume: 0, trades: MAX_TRADES, takerBaseVolume: 0.5, takerQuoteVolume: 1e300 };
    expect(UnifiedCandleSchema.parse({ ...valid, ...figures })).toEqual({ ...valid, ...figures });
  });

  it.each([
    { wrong: { standing: 'sure' }, field: 'standing' },
    { wrong: { corrected: false }, field: 'corrected' },
    { wrong: { quoteVolume: -1 }, field: 'quoteVolume' },
    { wrong: { quoteVolume: Infinity }, field: 'quoteVolume' },
    { wrong: { trades: 0.5 }, field: 'trades' },
    { wrong: { trades: MAX_TRADES + 1 }, field: 'trades' },
    { wrong: { takerBaseVolume: Number.NaN }, field: 'takerBaseVolume' },
    { wrong: { takerQuoteVolume: '1' }, field: 'takerQuoteVolume' },
  ])('refuses $wrong and names it', ({ wrong, field }) => {
    expect(fieldsOf({ ...valid, ...wrong })).toEqual([field]);
  });

  it('checks a plain candle in the same way', () => {
    const { exchange: _, ...plain } = valid;
    expect(CandleSchema.safeParse(plain).success).toBe(true);
    expect(CandleSchema.safeParse({ ...plain, high: 99 }).success).toBe(false);
  });
});

describe('isUnifiedCandle', () => {
  const odd = fc.constantFrom<readonly unknown[]>(
    [Number.NaN, Infinity, -Infinity, -1, -0, 0, 0.5, 1e300, Number.MIN_VALUE, Number.MAX_SAFE_INTEGER + 1],
    [
      1,
      60_000,
      1_700_000_100_000,
      1_700_006_400_000,
      LATEST_OPEN_TIME_MS + 60_000,
      MAX_TRADES,
      MAX_TRADES + 1,
    ],
    [null, undefined, true, false, 1n, '', '1', '100', 'BTCUSDT', 'BTC:USDT', '币安人生USDT', 'X'.repeat(65)],
    [[], {}, [1], new Date(0), Symbol('a'), '1M', ...TIMEFRAMES, ...CANDLE_SOURCES, ...CANDLE_STANDINGS],
  );
  const value = odd.chain((values) => fc.constantFrom(...values));
  const full = { ...valid, sequenceNum: 1, source: 'rest', standing: 'once', corrected: true, trades: 1 };
  const figures = { quoteVolume: 1, takerBaseVolume: 1, takerQuoteVolume: 1 };
  // All that the schema knows: a field that is new there is tried here.
  const field = fc.constantFrom(...Object.keys(UnifiedCandleSchema.shape));
  const price = fc.constantFrom(90, 100, 105, 110, 120);

  it('takes exactly what the schema takes, whatever stands in whichever field', () => {
    const spoilt = fc.array(fc.tuple(field, value), { maxLength: 3 });
    const range = fc.record({ open: price, high: price, low: price, close: price }, { requiredKeys: [] });
    const prices = fc.oneof(fc.constant({}), range);
    const candle = fc
      .tuple(fc.constantFrom(valid, { ...full, ...figures }), prices, spoilt)
      .map(([base, changed, changes]) => ({ ...base, ...changed, ...Object.fromEntries(changes) }));
    const seen = { taken: 0, refused: 0 };
    fc.assert(
      fc.property(candle, (each) => {
        const isTaken = UnifiedCandleSchema.safeParse(each).success;
        seen[isTaken ? 'taken' : 'refused'] += 1;
        expect(isUnifiedCandle(each)).toBe(isTaken);
      }),
      { numRuns: 20_000 },
    );
    expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(2_000);
  });

  it('refuses what lacks a field, and what is no object, as the schema does', () => {
    const lacking = Object.keys(valid).map((name) => ({ ...valid, [name]: undefined }));
    for (const each of [...lacking, null, undefined, 1, 'candle', [], {}, Object.assign([], valid)]) {
      expect(UnifiedCandleSchema.safeParse(each).success).toBe(false);
      expect(isUnifiedCandle(each)).toBe(false);
    }
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

describe('how sure a candle is', () => {
  const close = closeAsOf('1m', 60_000);
  const closed = { timestamp: 60_000, timeframe: '1m', sequenceNum: close } as const;

  it.each([
    { source: 'no-trades', rank: 1 },
    { source: 'snapshot', rank: 1 },
    { source: 'stand-in', rank: 1 },
    { source: undefined, rank: 1 },
    { source: 'rest', rank: 2 },
    { source: 'derived', rank: 3 },
    { source: 'stream', rank: 3 },
  ] as const)('a closed bar from $source has class $rank, and may still change', ({ source, rank }) => {
    const candle = { ...closed, ...(source === undefined ? {} : { source }) };
    expect(candleClassOf(candle)).toBe(rank);
    expect(candleStateOf(candle)).toBe('provisional');
  });

  it.each([
    { standing: 'unwitnessed', rank: 1, state: 'provisional' },
    { standing: 'once', rank: 2, state: 'provisional' },
    { standing: 'settled', rank: 4, state: 'settled' },
    { standing: 'final', rank: 4, state: 'final' },
  ] as const)('$standing is class $rank wherever it came from, and $state', ({ standing, rank, state }) => {
    for (const source of ['stream', 'rest', 'derived', 'snapshot', 'stand-in'] as const) {
      expect(candleClassOf({ ...closed, source, standing })).toBe(rank);
      expect(candleStateOf({ ...closed, source, standing })).toBe(state);
    }
  });

  it('that nothing traded stays weak, whatever its standing', () => {
    for (const standing of CANDLE_STANDINGS) {
      expect(candleClassOf({ ...closed, source: 'no-trades', standing })).toBe(1);
    }
  });

  it('a forming bar is class 0, wherever it came from', () => {
    for (const source of CANDLE_SOURCES) {
      const forming = { ...closed, sequenceNum: close - 1, source, standing: 'settled' } as const;
      expect([candleClassOf(forming), candleStateOf(forming)]).toEqual([0, 'forming']);
    }
    expect(candleClassOf({ timestamp: 60_000, timeframe: '1m', source: 'stream' })).toBe(0);
  });
});

describe('the name of a series', () => {
  it.each(TIMEFRAMES)('of %s is read back', (timeframe) => {
    expect(parseSeriesKey(seriesKey({ symbol: 'BTC-USD', timeframe }))).toEqual({
      symbol: 'BTC-USD',
      timeframe,
    });
  });

  it.each(['', 'BTC-USD', 'BTC-USD 2m', ' 1m', 'BTC-USD 1m 5', 'BTC USD 1m'])('is not %j', (text) => {
    expect(parseSeriesKey(text)).toBeUndefined();
  });
});
