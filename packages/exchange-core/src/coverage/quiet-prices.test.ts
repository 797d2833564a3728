import type { StoredCandle } from '@livermore/cache';
import { MICROS_PER_MS, closeAsOf } from '@livermore/schemas';
import { ManualClock, silentLogger } from '@livermore/utils';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QuietPrices, repriced } from './quiet-prices';

const START = 1_700_000_100_000;
const STEP = 60_000;
const NOW = START + 3_600_000;

/** A bar by its minute: traded at a price, or said to be quiet at one. */
function bar(minute: number, close: number, isQuiet = false): StoredCandle {
  const timestamp = START + minute * STEP;
  return {
    timestamp,
    open: close,
    high: close,
    low: close,
    close,
    volume: isQuiet ? 0 : 1,
    symbol: 'ABC-USD',
    timeframe: '1m',
    sequenceNum: closeAsOf('1m', timestamp),
    source: isQuiet ? 'no-trades' : 'rest',
  };
}

const quiet = (minute: number, price: number) => bar(minute, price, true);
const saidOf = (bars: readonly StoredCandle[]) =>
  repriced(bars, 'somewhere', NOW).map((each) => [(each.timestamp - START) / STEP, each.close]);

/** The same where a bar at the first minute, which closed at 5, was taken back. */
const saidWithoutFirst = (bars: readonly StoredCandle[]) =>
  repriced(bars, 'somewhere', NOW, new Map([[START + STEP, 5]])).map(({ timestamp, close }) => [
    (timestamp - START) / STEP,
    close,
  ]);

describe('quiet bars carry the close before them', () => {
  it.each<[string, readonly StoredCandle[], readonly (readonly number[])[]]>([
    ['as they do already', [bar(0, 5), quiet(1, 5), quiet(2, 5)], []],
    [
      'all of a stretch, after the bar before it changed',
      [bar(0, 6), quiet(1, 5), quiet(2, 5)],
      [
        [1, 6],
        [2, 6],
      ],
    ],
    ['up to the next trade', [bar(0, 6), quiet(1, 5), bar(2, 7), quiet(3, 7)], [[1, 6]]],
    ['not over a gap', [bar(0, 6), quiet(2, 5)], []],
    [
      'over a gap where they carried what is changed before it',
      [bar(0, 6), quiet(1, 5), quiet(4, 5), quiet(5, 5)],
      [
        [1, 6],
        [4, 6],
        [5, 6],
      ],
    ],
    ['not over a gap where they carry something else', [bar(0, 6), quiet(1, 5), quiet(4, 4)], [[1, 6]]],
    ['not over a gap that a trade may lie in', [bar(0, 6), quiet(1, 6), quiet(4, 5)], []],
    ['of which the first of the window tells nothing', [quiet(0, 5), quiet(1, 6)], [[1, 5]]],
    [
      'also when one of them is right by chance',
      [bar(0, 6), quiet(1, 5), quiet(2, 6), quiet(3, 5)],
      [
        [1, 6],
        [3, 6],
      ],
    ],
  ])('%s', (_what, bars, expected) => {
    expect(saidOf(bars)).toEqual(expected);
  });

  it('but not that of a bar that was taken back', () => {
    const both = [
      [2, 6],
      [3, 6],
    ];
    expect(saidWithoutFirst([bar(0, 6), quiet(2, 5), quiet(3, 5)])).toEqual(both);
    expect(saidWithoutFirst([bar(-3, 6), quiet(2, 5), quiet(3, 5), bar(4, 5), quiet(5, 5)])).toEqual(both);
    expect(saidWithoutFirst([bar(0, 6), quiet(2, 4)])).toEqual([]);
    expect(saidWithoutFirst([quiet(2, 5)])).toEqual([]);
  });

  it('and end at a bar that still forms', () => {
    const forming = { ...bar(1, 9), sequenceNum: 1 };
    expect(saidOf([bar(0, 6), forming, quiet(2, 5)])).toEqual([]);
  });

  it('whatever the series: after mending each is the close before it, and nothing that traded is touched', () => {
    const anyBar = fc.record({
      isQuiet: fc.boolean(),
      price: fc.integer({ min: 1, max: 3 }),
      isThere: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(anyBar, { maxLength: 30 }), (list) => {
        const bars = list.flatMap(({ isQuiet, price, isThere }, at) =>
          isThere ? [bar(at, price, isQuiet)] : [],
        );
        const changes = new Map(repriced(bars, 'somewhere', NOW).map((each) => [each.timestamp, each]));
        const mended = bars.map((each) => changes.get(each.timestamp) ?? each);
        for (const [at, each] of mended.entries()) {
          const before = mended[at - 1];
          if (each.source !== 'no-trades') expect(changes.has(each.timestamp)).toBe(false);
          else if (before?.timestamp === each.timestamp - STEP) expect(each.close).toBe(before.close);
        }
        for (const each of changes.values()) expect(each.sequenceNum).toBe(NOW * MICROS_PER_MS);
      }),
    );
  });

  it('and are written as history, only where a price was wrong', async () => {
    const { prices, written, cache } = mending([bar(0, 6), quiet(1, 5)]);
    prices.carryOn(SERIES, START);
    await prices.round();
    cache.bars = [bar(0, 6), bar(1, 5)];
    prices.carryOn(SERIES, START);
    await prices.round();
    expect(written).toEqual([[6]]);
  });
});

const SERIES = { symbol: 'ABC-USD', timeframe: '1m' } as const;

/** Mending over a cache that holds some bars. */
function mending(bars: readonly StoredCandle[]) {
  const clock = new ManualClock(NOW);
  const written: (readonly number[])[] = [];
  const cache = { bars, reads: 0, fails: 0, takes: true };
  const prices = new QuietPrices({
    exchangeId: 1,
    exchangeName: 'somewhere',
    cache: {
      readExchangeCandles: (_id, _series, query) => {
        const { from = 0, to = 0 } = query ?? {};
        cache.reads += 1;
        cache.fails -= 1;
        if (cache.fails >= 0) return Promise.reject(new Error('Redis is away'));
        return Promise.resolve(cache.bars.filter((each) => each.timestamp >= from && each.timestamp <= to));
      },
    },
    sink: {
      writeHistory: (_series, candles) => {
        written.push(candles.map((each) => each.close));
        if (!cache.takes) return Promise.resolve([]);
        const taken = new Map(candles.map((each) => [each.timestamp, each]));
        cache.bars = cache.bars.map((each) => taken.get(each.timestamp) ?? each);
        return Promise.resolve([]);
      },
    },
    venueTime: clock,
    clock,
    logger: silentLogger,
  });
  return { prices, written, cache, clock };
}

describe('the mending', () => {
  it('looks at a page of history once, not once for each bar of it', async () => {
    const bars = Array.from({ length: 300 }, (_, minute) =>
      minute % 2 === 0 ? bar(minute, 6) : quiet(minute, 5),
    );
    const { prices, written, cache } = mending(bars);
    for (const each of bars) if (each.source === 'rest') prices.carryOn(SERIES, each.timestamp);
    await prices.round();
    expect(cache.reads).toBe(1);
    expect(written).toEqual([Array.from({ length: 150 }, () => 6)]);
  });

  it.each([1, 300, 301, 302, 999])('reaches the end of a stretch of %i bars', async (length) => {
    const stretch = Array.from({ length }, (_, at) => quiet(at + 1, 5));
    const { prices, cache } = mending([bar(0, 6), ...stretch, bar(length + 1, 7), quiet(length + 2, 7)]);
    prices.carryOn(SERIES, START);
    await prices.round();
    expect(cache.bars.map(({ close }) => close)).toEqual([6, ...stretch.map(() => 6), 7, 7]);
    expect(cache.reads).toBeLessThanOrEqual(1 + Math.ceil(length / 300));
  });

  it('goes on beyond the page it is asked to mend, where the stretch does', async () => {
    const { prices, cache } = mending([bar(0, 6), ...[1, 2, 3, 4, 5].map((at) => quiet(at, 5))]);
    await prices.mend(SERIES, { from: START, to: START + 3 * STEP });
    expect(cache.bars.map(({ close }) => close)).toEqual([6, 6, 6, 6, 6, 6]);
  });

  it('does not go round for ever where nothing is taken', async () => {
    const stretch = Array.from({ length: 400 }, (_, at) => quiet(at + 1, 5));
    const { prices, cache } = mending([bar(0, 6), ...stretch]);
    cache.takes = false;
    await prices.mend(SERIES, { from: START, to: START + 301 * STEP });
    expect(cache.reads).toBe(2);
  });

  it('comes back to what Redis did not take, until it is stopped', async () => {
    const { prices, written, cache, clock } = mending([bar(0, 6), quiet(1, 5), bar(2, 7), quiet(3, 5)]);
    prices.carryOn(SERIES, START + 2 * STEP);
    prices.carryOn(SERIES, START);
    cache.fails = 1;
    const stop = new AbortController();
    const run = prices.run(stop.signal);
    await clock.advance(10_000);
    expect(written).toEqual([[6, 7]]);
    stop.abort(new Error('stop'));
    await run;
    expect(clock.pendingTimers).toBe(0);
  });
});
