import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Timeframe } from '@livermore/schemas';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CANDLE_BYTES, decodeCandle, encodeCandle, encodeCandles } from './candle-layout';
import { CacheValueError } from './errors';
import { anyCandle, candleWith, layout1Of } from './testing';

const SERIES = { symbol: 'BTCUSDT', timeframe: '1m' } as const;

/** What the error names when a member with these changed bytes is read. */
function fieldOfDamage(damage: (bytes: Buffer) => void, timeframe: Timeframe = '1m'): unknown {
  const bytes = encodeCandle(candleWith({ sequenceNum: 1_700_000_160_000_000, source: 'stream' }));
  damage(bytes);
  try {
    decodeCandle(bytes, { ...SERIES, timeframe });
  } catch (error) {
    return error instanceof CacheValueError ? error.details['field'] : error;
  }
  return 'nothing';
}

describe('the layout of a candle', () => {
  it('reads back every candle the schema takes, with extreme prices, times and as-ofs', () => {
    fc.assert(
      fc.property(anyCandle, (candle) => {
        const { exchange: _, ...stored } = candle;
        const bytes = encodeCandle(candle);
        expect(bytes).toHaveLength(CANDLE_BYTES);
        expect(decodeCandle(bytes, candle)).toStrictEqual({ ...stored, volume: candle.volume + 0 });
      }),
      { numRuns: 1_000 },
    );
  });

  it('is the same for a candle by itself and among others in a row', () => {
    fc.assert(
      fc.property(fc.array(anyCandle, { maxLength: 5 }), (candles) => {
        expect(encodeCandles(candles)).toEqual(Buffer.concat(candles.map((each) => encodeCandle(each))));
      }),
    );
  });

  it('is, byte for byte, what docs/redis-layout.md shows', () => {
    const candle = candleWith({
      timestamp: 1_747_699_200_000,
      open: 105_573.73,
      high: 105_597.1,
      low: 105_554.31,
      close: 105_554.32,
      volume: 10.82647,
      sequenceNum: 1_747_699_260_005_000,
      source: 'rest',
      standing: 'settled',
      corrected: true,
      quoteVolume: 1_142_877.93,
      trades: 1_873,
      takerBaseVolume: 4.38291,
      takerQuoteVolume: 462_678.21,
    });
    const hex = encodeCandle(candle).toString('hex');
    expect(hex).toBe(
      // layout, origin, as-of, open time; open, high, low, close, volume; quote volume, trades, taker's two
      '02' +
        'b2' +
        '063585f1911a88' +
        '01bc7680' +
        '40f9c65bae147ae1' +
        '40f9c7d19999999a' +
        '40f9c524f5c28f5c' +
        '40f9c5251eb851ec' +
        '4025a727136a4010' +
        '4131705dee147ae1' +
        '00000751' +
        '401188198f1d3ed5' +
        '411c3d58d70a3d71',
    );
    const page = readFileSync(join(import.meta.dirname, '../../../docs/redis-layout.md'), 'utf8');
    expect(page).toContain(hex);
    for (const value of [1_747_699_200_000, 1_747_699_260_005_000, 105_597.1])
      expect(page).toContain(String(value));
  });

  it.each([0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 52, Number.MAX_SAFE_INTEGER])(
    'keeps the as-of %d exactly',
    (asOf) => {
      const bytes = encodeCandle(candleWith({ sequenceNum: asOf }));
      expect(decodeCandle(bytes, SERIES).sequenceNum).toBe(asOf);
    },
  );

  it('tells an as-of of zero from none', () => {
    expect(decodeCandle(encodeCandle(candleWith({ sequenceNum: 0 })), SERIES)).toHaveProperty(
      'sequenceNum',
      0,
    );
    expect(decodeCandle(encodeCandle(candleWith()), SERIES)).not.toHaveProperty('sequenceNum');
  });

  it('has one zero: volumes of 0 and -0 are the same bytes', () => {
    expect(encodeCandle(candleWith({ volume: -0 }))).toEqual(encodeCandle(candleWith({ volume: 0 })));
  });

  it('keeps two flat bars of different minutes apart as members of a set', () => {
    const flat = { open: 1, high: 1, low: 1, close: 1, volume: 0 };
    const first = encodeCandle(candleWith({ ...flat, timestamp: 60_000 }));
    expect(encodeCandle(candleWith({ ...flat, timestamp: 120_000 }))).not.toEqual(first);
  });

  it.each([
    { field: 'layout', damage: (bytes: Buffer) => bytes.writeUInt8(3, 0) },
    { field: 'layout', damage: (bytes: Buffer) => bytes.writeUInt8(1, 0) },
    { field: 'source', damage: (bytes: Buffer) => bytes.writeUInt8(7, 1) },
    { field: 'source', damage: (bytes: Buffer) => bytes.writeUInt8(0x51, 1) },
    { field: 'quoteVolume', damage: (bytes: Buffer) => bytes.writeDoubleBE(-1, 53) },
    { field: 'takerBaseVolume', damage: (bytes: Buffer) => bytes.writeDoubleBE(Infinity, 65) },
    { field: 'takerQuoteVolume', damage: (bytes: Buffer) => bytes.writeDoubleBE(-1, 73) },
    { field: 'as-of', damage: (bytes: Buffer) => bytes.writeUInt8(0x20, 2) },
    { field: 'high', damage: (bytes: Buffer) => bytes.writeDoubleBE(Number.NaN, 13) },
    { field: 'high', damage: (bytes: Buffer) => bytes.writeDoubleBE(Infinity, 21) },
    { field: 'high', damage: (bytes: Buffer) => bytes.writeDoubleBE(104, 21) },
    { field: 'low', damage: (bytes: Buffer) => bytes.writeDoubleBE(0, 29) },
    { field: 'low', damage: (bytes: Buffer) => bytes.writeDoubleBE(101, 29) },
    { field: 'low', damage: (bytes: Buffer) => bytes.writeDoubleBE(-1, 37) },
    { field: 'volume', damage: (bytes: Buffer) => bytes.writeDoubleBE(-1, 45) },
    { field: 'volume', damage: (bytes: Buffer) => bytes.writeDoubleBE(Number.NaN, 45) },
  ])('refuses damage and names $field', ({ field, damage }) => {
    expect(['low', 'high', field]).toContain(fieldOfDamage(damage));
    expect(fieldOfDamage(damage)).not.toBe('nothing');
  });

  it('refuses an open time that is not on the grid of the series', () => {
    expect(fieldOfDamage((bytes) => bytes.writeUInt32BE(28_333_336, 9), '5m')).toBe('open time');
  });

  it.each([0, 52, 53, 54, 80, 82])('refuses %d bytes of layout 2', (length) => {
    expect(() => decodeCandle(Buffer.alloc(length, 2), SERIES)).toThrow('layout: is none of 1, 2 and JSON');
  });

  it.each([
    { layout: 1, length: 53 },
    { layout: 2, length: 81 },
  ])(
    'never reads random bytes of layout $layout as anything but a valid candle or an error that names the field',
    ({ layout, length }) => {
      fc.assert(
        fc.property(fc.uint8Array({ minLength: length - 1, maxLength: length - 1 }), (tail) => {
          try {
            const candle = decodeCandle(Buffer.from([layout, ...tail]), SERIES);
            expect(candle.low).toBeGreaterThan(0);
            expect(candle.high).toBeGreaterThanOrEqual(candle.low);
          } catch (error) {
            expect(error).toBeInstanceOf(CacheValueError);
          }
        }),
      );
    },
  );

  it.each([
    [0x00, {}],
    [0x01, { source: 'stream' }],
    [0x12, { source: 'rest', standing: 'unwitnessed' }],
    [0x23, { source: 'derived', standing: 'once' }],
    [0x04, { source: 'no-trades' }],
    [0x05, { source: 'snapshot' }],
    [0x06, { source: 'stand-in' }],
    [0xb1, { source: 'stream', standing: 'settled', corrected: true }],
    [0x42, { source: 'rest', standing: 'final' }],
  ])('byte 1 of %d means %o', (code, origin) => {
    const bytes = encodeCandle(candleWith());
    bytes[1] = code;
    const { exchange: _, ...stored } = candleWith();
    expect(decodeCandle(bytes, SERIES)).toStrictEqual({ ...stored, ...origin });
  });
});

/** What an older layout cannot tell of a reading. */
const standingOf = (source: string | undefined) =>
  source === 'rest' || source === 'derived' ? { standing: 'unwitnessed' } : {};

describe('the older layouts', () => {
  const former = fc.constantFrom('stream', 'rest', 'derived', 'no-trades', undefined);
  /** What layout 1 could hold of a candle, and as what it counts: a reading of it is not known to be witnessed. */
  const asLayout1 = anyCandle.chain((candle) =>
    former.map((source) => {
      const { exchange, timestamp, open, high, low, close, volume, symbol, timeframe, sequenceNum } = candle;
      const bar = { exchange, timestamp, open, high, low, close, volume: volume + 0, symbol, timeframe };
      const asOf = sequenceNum === undefined ? {} : { sequenceNum };
      return { ...bar, ...asOf, ...(source === undefined ? {} : { source }) };
    }),
  );
  it('layout 1 is the first 53 bytes, and is read', () => {
    fc.assert(
      fc.property(asLayout1, (candle) => {
        const { exchange: _, ...stored } = candle;
        const expected = { ...stored, ...standingOf(candle.source) };
        expect(decodeCandle(layout1Of(candle), candle)).toEqual(expected);
      }),
    );
  });

  it('JSON is read', () => {
    fc.assert(
      fc.property(asLayout1, (candle) => {
        const { exchange: _, ...stored } = candle;
        const json = Buffer.from(JSON.stringify(candle));
        expect(decodeCandle(json, candle)).toEqual({ ...stored, ...standingOf(candle.source) });
      }),
    );
  });

  it('a source layout 1 did not know is refused', () => {
    const bytes = layout1Of(candleWith());
    bytes[1] = 5;
    expect(() => decodeCandle(bytes, SERIES)).toThrow('source: has no meaning for code 5');
  });

  it.each([
    { json: '{', says: 'not JSON' },
    { json: '{"close":1}', says: 'Invalid' },
    { json: JSON.stringify(candleWith({ symbol: 'ETHUSDT' })), says: 'symbol: is ETHUSDT' },
    { json: JSON.stringify(candleWith({ timeframe: '5m' })), says: 'timeframe: is 5m' },
    { json: JSON.stringify(candleWith({ high: 1 })), says: 'high is below' },
  ])('JSON that is no candle of the series is refused: $says', ({ json, says }) => {
    expect(() => decodeCandle(Buffer.from(json), SERIES)).toThrow(says);
  });
});
