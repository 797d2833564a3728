import { TIMEFRAMES, closeAsOf } from '@livermore/schemas';
import type { SourcedCandle, Timeframe } from '@livermore/schemas';
import { describe, expect, it } from 'vitest';
import { contradictionsIn, parentOf, partsOf } from './family';

const MINUTE = 60_000;
const START = 1_699_920_000_000;

function candle(timeframe: Timeframe, minute: number, over: Partial<SourcedCandle> = {}): SourcedCandle {
  const timestamp = START + minute * MINUTE;
  return {
    timestamp,
    timeframe,
    symbol: 'ABC',
    exchange: 'sandbox',
    open: 10,
    high: 10,
    low: 10,
    close: 10,
    volume: 1,
    sequenceNum: closeAsOf(timeframe, timestamp) + 5_000_000,
    source: 'rest',
    ...over,
  };
}

const minutes = (over: (minute: number) => Partial<SourcedCandle> = () => ({})) =>
  [0, 1, 2, 3, 4].map((minute) => candle('1m', minute, over(minute)));
const five = (over: Partial<SourcedCandle> = {}) => candle('5m', 0, { volume: 5, ...over });

/** Five settled minutes, but for one that was said to be quiet. */
const withQuiet = (over: Partial<SourcedCandle>) =>
  minutes((minute) => (minute === 2 ? { source: 'no-trades', volume: 0, ...over } : { standing: 'settled' }));
const isVenues = (parent: SourcedCandle, parts: readonly SourcedCandle[]) =>
  contradictionsIn([parent], parts).map((each) => each.isVenues);

describe('a bar and its parts', () => {
  it('agree when it is what they come to', () => {
    expect(contradictionsIn([five()], minutes())).toEqual([]);
  });

  it.each(['open', 'high', 'low', 'close', 'volume'] as const)('contradict each other in %s', (field) => {
    const over = { open: 10, high: 12, low: 8, close: 10, volume: 5 };
    const parts = minutes((minute) => (minute === 1 ? { high: 12, low: 8 } : {}));
    expect(contradictionsIn([five(over)], parts)).toEqual([]);
    expect(contradictionsIn([five({ ...over, [field]: over[field] + 1 })], parts)).toEqual([
      { symbol: 'ABC', timeframe: '5m', parts: '1m', openTime: START, isVenues: false },
    ]);
  });

  it.each([
    ['one part is missing', five({ volume: 9 }), minutes().slice(1)],
    [
      'one part still forms',
      five({ volume: 9 }),
      minutes((minute) => (minute === 4 ? { sequenceNum: 1 } : {})),
    ],
    ['it still forms', five({ volume: 9, sequenceNum: 1 }), minutes()],
    ['it was derived from them', five({ volume: 9, source: 'derived' }), minutes()],
    ['it stands in for what the venue will say', five({ volume: 9, source: 'stand-in' }), minutes()],
    ['there are no parts', five({ volume: 9 }), []],
  ])('are not judged where %s', (_, parent, parts) => {
    expect(contradictionsIn([parent], parts)).toEqual([]);
  });

  it.each([
    ['hold more than it', five({ volume: 3.9 }), minutes().slice(1), 1],
    ['hold as much as it', five({ volume: 4 }), minutes().slice(1), 0],
    [
      'were above it',
      five({ volume: 9 }),
      minutes((minute) => (minute === 2 ? { high: 11 } : {})).slice(1),
      1,
    ],
    ['were below it', five({ volume: 9 }), minutes((minute) => (minute === 2 ? { low: 9 } : {})).slice(1), 1],
    [
      'hold more than it, one of them forming',
      five({ volume: 4 }),
      minutes((minute) => (minute === 4 ? { sequenceNum: 1, volume: 7 } : {})),
      0,
    ],
    [
      'were said to be quiet at another price',
      five({ volume: 9 }),
      minutes((minute) => (minute === 2 ? { source: 'no-trades', volume: 0, high: 11 } : {})).slice(1),
      0,
    ],
  ])('where one part is missing, contradict each other if the others %s', (_, parent, parts, found) => {
    expect(contradictionsIn([parent], parts)).toHaveLength(found);
  });

  it('are found wherever they stand among others', () => {
    const parents = [0, 5, 10, 15].map((minute) => candle('5m', minute, { volume: minute === 10 ? 6 : 5 }));
    const parts = Array.from({ length: 20 }, (_, minute) => candle('1m', minute)).filter(
      (_, minute) => minute !== 7,
    );
    expect(contradictionsIn(parents, parts).map(({ openTime }) => (openTime - START) / MINUTE)).toEqual([10]);
  });

  it('are the venue’s own disagreement only where all of it is settled', () => {
    const settled = minutes(() => ({ standing: 'settled' }));
    expect(isVenues(five({ volume: 6, standing: 'settled' }), settled)).toEqual([true]);
    expect(isVenues(five({ volume: 6, standing: 'final' }), settled)).toEqual([true]);
    expect(isVenues(five({ volume: 6 }), settled)).toEqual([false]);
    expect(isVenues(five({ volume: 6, standing: 'settled' }), minutes())).toEqual([false]);
  });

  it('a quiet part is what may be wrong, until it was looked at again', () => {
    const parent = five({ standing: 'settled' });
    expect(contradictionsIn([parent], withQuiet({}))).toMatchObject([{ isVenues: false }]);
    expect(contradictionsIn([parent], withQuiet({ standing: 'settled' }))).toMatchObject([
      { isVenues: true },
    ]);
  });
});

describe('the family of a timeframe', () => {
  it('is the next shorter and the next longer of those kept', () => {
    expect(TIMEFRAMES.map((timeframe) => partsOf(timeframe, TIMEFRAMES))).toEqual([
      undefined,
      '1m',
      '5m',
      '15m',
      '1h',
      '4h',
    ]);
    expect(partsOf('4h', ['15m', '4h'])).toBe('15m');
    expect(partsOf('15m', ['15m', '4h'])).toBeUndefined();
    expect(parentOf('1m', START + 7 * MINUTE, TIMEFRAMES)).toEqual({
      timeframe: '5m',
      openTime: START + 5 * MINUTE,
    });
    expect(parentOf('5m', START, ['5m', '1d'])).toEqual({ timeframe: '1d', openTime: START });
    expect(parentOf('1d', START, TIMEFRAMES)).toBeUndefined();
  });
});
