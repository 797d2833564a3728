import { closeAsOf, timeframeMs } from '@livermore/schemas';
import type { StoredCandle } from '@livermore/cache';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareSeries } from './compare';
import type { Sides, TrueBar } from './compare';

const SERIES = { symbol: 'AAA', timeframe: '1m' } as const;
const STEP = timeframeMs('1m');
const FROM = 1_700_000_000_000 - (1_700_000_000_000 % STEP);

function bar(at: number, over: Partial<TrueBar> = {}): TrueBar {
  return {
    openTime: FROM + at * STEP,
    open: 2,
    high: 4,
    low: 1,
    close: 3,
    volume: 5,
    isNative: true,
    ...over,
  };
}

function candle(at: number, over: Partial<StoredCandle> = {}): StoredCandle {
  const { openTime: timestamp, open, high, low, close, volume } = bar(at);
  const values = { open, high, low, close, volume };
  return {
    ...SERIES,
    timestamp,
    ...values,
    sequenceNum: closeAsOf('1m', timestamp),
    source: 'stream',
    ...over,
  };
}

type Quietness = Pick<Sides, 'omitsQuiet' | 'closeBefore'>;

function compared(
  cached: readonly StoredCandle[],
  truth: readonly TrueBar[],
  bars = 1,
  quietness: Quietness = {},
) {
  return compareSeries(SERIES, { from: FROM, to: FROM + bars * STEP }, { cached, truth, ...quietness });
}

/** A bar in the cache that says that nothing traded. */
function quiet(at: number, price: number): StoredCandle {
  return candle(at, { open: price, high: price, low: price, close: price, volume: 0, source: 'no-trades' });
}

describe('comparing a bar', () => {
  it.each<[string, readonly StoredCandle[], readonly TrueBar[], object]>([
    ['both have it, alike', [candle(0)], [bar(0)], { compared: 1, equal: 1, native: 1 }],
    ['it was made of shorter ones', [candle(0)], [bar(0, { isNative: false })], { equal: 1, native: 0 }],
    ['the cache lacks it', [], [bar(0)], { compared: 0, missing: [FROM] }],
    [
      'the cache has one beside it, off the grid',
      [candle(0), candle(0, { timestamp: FROM + 1, sequenceNum: closeAsOf('1m', FROM + STEP) })],
      [bar(0)],
      { compared: 1, equal: 1, invented: [FROM + 1] },
    ],
    [
      'the cache has it as forming',
      [candle(0, { sequenceNum: closeAsOf('1m', FROM) - 1 })],
      [bar(0)],
      { compared: 0, missing: [FROM] },
    ],
    ['neither has it', [], [], { holes: [FROM] }],
    ['only the cache has it', [candle(0)], [], { invented: [FROM], quiet: [] }],
    ['it lies outside', [candle(1)], [bar(1)], { compared: 0, holes: [FROM] }],
  ])('%s', (_name, cached, truth, expected) => {
    expect(compared(cached, truth)).toMatchObject(expected);
  });

  it.each(['open', 'high', 'low', 'close', 'volume'] as const)('tells a different %s', (field) => {
    const found = compared([candle(0, { [field]: 9 })], [bar(0)]);
    expect(found).toMatchObject({ compared: 1, equal: 0 });
    expect(found.different).toEqual([expect.objectContaining({ openTime: FROM, fields: [field] })]);
  });

  describe('that is said to have been quiet', () => {
    const omitting = { omitsQuiet: true };

    it.each<[string, readonly StoredCandle[], readonly TrueBar[], number, Quietness, object]>([
      [
        'is quiet where the venue omits such bars, at the close before the range',
        [quiet(0, 3)],
        [],
        1,
        { ...omitting, closeBefore: 3 },
        { quiet: [FROM], compared: 0 },
      ],
      [
        'is quiet at the close of the last true bar',
        [candle(0), quiet(1, 3), quiet(2, 3)],
        [bar(0)],
        3,
        omitting,
        { quiet: [FROM + STEP, FROM + 2 * STEP], equal: 1 },
      ],
      [
        'is different at another price',
        [candle(0), quiet(1, 3.01)],
        [bar(0)],
        2,
        omitting,
        { quiet: [], compared: 2, equal: 1, different: [expect.objectContaining({ openTime: FROM + STEP })] },
      ],
      [
        'is different when it is not flat',
        [candle(0, { source: 'no-trades', volume: 0 })],
        [],
        1,
        { ...omitting, closeBefore: 3 },
        { quiet: [], different: [expect.objectContaining({ fields: ['open', 'high', 'low'] })] },
      ],
      [
        'is invented where the venue serves flat rows and has none',
        [quiet(0, 3)],
        [],
        1,
        {},
        { invented: [FROM] },
      ],
      [
        'is compared with the flat row where the venue serves one',
        [quiet(0, 3)],
        [bar(0, { open: 3, high: 3, low: 3, close: 3, volume: 0 })],
        1,
        {},
        { compared: 1, equal: 1, quiet: [] },
      ],
      [
        'is falsely so where the venue has a traded bar',
        [quiet(0, 3)],
        [bar(0)],
        1,
        {},
        { falselyQuiet: [FROM], compared: 0, different: [] },
      ],
    ])('%s', (_name, cached, truth, bars, quietness, expected) => {
      expect(compared(cached, truth, bars, quietness)).toMatchObject(expected);
    });
  });

  it('puts every open time of any range into exactly one answer', () => {
    const choice = fc.record({
      cached: fc.constantFrom('none', 'same', 'other', 'quiet', 'forming'),
      isTrue: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(choice, { maxLength: 30 }), (choices) => {
        const cached = choices.flatMap((each, at) => {
          if (each.cached === 'none') return [];
          if (each.cached === 'quiet') return [quiet(at, 3)];
          if (each.cached === 'forming') return [candle(at, { sequenceNum: 1 })];
          return [candle(at, each.cached === 'other' ? { close: 3.5 } : {})];
        });
        const truth = choices.flatMap((each, at) => (each.isTrue ? [bar(at)] : []));
        const found = compared(cached, truth, choices.length, { omitsQuiet: true });
        const { equal, different, missing, invented, falselyQuiet, holes } = found;
        expect(found.compared).toBe(equal + different.length);
        const lists = [missing, invented, found.quiet, falselyQuiet, holes].flat();
        expect(found.compared + lists.length).toBe(choices.length);
        expect(new Set([...lists, ...different.map((each) => each.openTime)]).size).toBe(
          lists.length + different.length,
        );
      }),
    );
  });
});
