import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Timeframe } from '@livermore/schemas';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CANDLE_BYTES, decodeCandle, encodeCandle, sourceOfCode } from './candle-layout';
import { CacheValueError } from './errors';
import { anyCandle, candleWith } from './testing';

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
        expect(decodeCandle(bytes, candle)).toEqual({ ...stored, volume: candle.volume + 0 });
      }),
      { numRuns: 1_000 },
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
      source: 'stream',
    });
    const hex = encodeCandle(candle).toString('hex');
    expect(hex).toBe(
      // layout, source, as-of, open time; then open, high, low, close, volume
      '01' +
        '01' +
        '063585f1911a88' +
        '01bc7680' +
        '40f9c65bae147ae1' +
        '40f9c7d19999999a' +
        '40f9c524f5c28f5c' +
        '40f9c5251eb851ec' +
        '4025a727136a4010',
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
    { field: 'layout', damage: (bytes: Buffer) => bytes.writeUInt8(2, 0) },
    { field: 'source', damage: (bytes: Buffer) => bytes.writeUInt8(5, 1) },
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

  it.each([0, 52, 54])('refuses %d bytes', (length) => {
    expect(() => decodeCandle(Buffer.alloc(length, 1), SERIES)).toThrow('layout: is not 1');
  });

  it('never reads random bytes as anything but a valid candle or an error that names the field', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 51, maxLength: 51 }), (tail) => {
        const bytes = Buffer.from([1, 1, ...tail]);
        try {
          const candle = decodeCandle(bytes, SERIES);
          expect(candle.low).toBeGreaterThan(0);
          expect(candle.high).toBeGreaterThanOrEqual(candle.low);
        } catch (error) {
          expect(error).toBeInstanceOf(CacheValueError);
        }
      }),
    );
  });

  it.each([
    [0, undefined],
    [1, 'stream'],
    [2, 'rest'],
    [3, 'derived'],
    [4, 'no-trades'],
    [5, undefined],
  ])('source code %d means %s', (code, source) => {
    expect(sourceOfCode(code)).toBe(source);
  });
});
