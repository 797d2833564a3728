import { timeframeMs } from '@livermore/schemas';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TrueBar } from './compare';
import { findRevised } from './revised';

const STEP = timeframeMs('1m');

function bar(openTime: number, values: readonly [number, number, number, number, number]): TrueBar {
  const [open, high, low, close, volume] = values;
  return { openTime, open, high, low, close, volume, isNative: true };
}

const PARTS = [
  bar(0, [5, 9, 4, 6, 1]),
  bar(STEP, [6, 6, 6, 6, 0]),
  bar(2 * STEP, [6, 8, 3, 7, 0.2]),
  bar(3 * STEP, [99, 99, 99, 99, 0]),
  bar(4 * STEP, [7, 7, 5, 5, 0.1]),
];

const revised = (whole: TrueBar, parts: readonly TrueBar[] = PARTS) =>
  findRevised(
    new Map([
      ['1m', parts],
      ['5m', [whole]],
    ]),
  );

describe('a revised bar', () => {
  it('is none that is what its parts come to, those without trades left out and decimals added exactly', () => {
    expect(revised(bar(0, [5, 9, 3, 5, 1.3]))).toEqual([]);
  });

  it.each([0, 1, 2, 3, 4])('is one that differs in value %i', (at) => {
    const values = [5, 9, 3, 5, 1.3].map((value, each) => (each === at ? value + 1 : value));
    const [open = 0, high = 0, low = 0, close = 0, volume = 0] = values;
    expect(revised(bar(0, [open, high, low, close, volume]))).toEqual([
      {
        timeframe: '5m',
        openTime: 0,
        parts: '1m',
        volume,
        partsVolume: 1.3,
        fromParts: { open: 5, high: 9, low: 3, close: 5, volume: 1.3 },
      },
    ]);
  });

  it('cannot be told where a part is missing', () => {
    expect(revised(bar(0, [1, 1, 1, 1, 1]), PARTS.slice(1))).toEqual([]);
  });

  it('without trades in any part is the flat first part', () => {
    const quiet = PARTS.map(({ openTime }) => bar(openTime, [4, 4, 4, 4, 0]));
    expect(revised(bar(0, [4, 4, 4, 4, 0]), quiet)).toEqual([]);
  });

  it('is never seen where whole bars are made of their parts', () => {
    const price = fc.integer({ min: 1, max: 1_000 });
    fc.assert(
      fc.property(fc.array(fc.tuple(price, price, price), { minLength: 5, maxLength: 5 }), (drawn) => {
        const parts = drawn.map(([a, b, volume], at) =>
          bar(at * STEP, [a, Math.max(a, b), Math.min(a, b), b, volume]),
        );
        const whole = bar(0, [
          parts[0]?.open ?? 0,
          Math.max(...parts.map((part) => part.high)),
          Math.min(...parts.map((part) => part.low)),
          parts.at(-1)?.close ?? 0,
          parts.reduce((sum, part) => sum + part.volume, 0),
        ]);
        expect(revised(whole, parts)).toEqual([]);
      }),
    );
  });
});
