import { describe, expect, it } from 'vitest';
import { AnnouncedLedger, NOTHING_ANNOUNCED, isRight } from './announced';
import type { Actual, Said } from './announced';

const SERIES = { symbol: 'AAA', timeframe: '1m' } as const;
const TRUE = { open: 2, high: 4, low: 1, close: 3, volume: 5 };
const WRONG = { ...TRUE, volume: 5.000000000001 };
const OTHER = { ...TRUE, volume: 6 };
const FLAT = { open: 3, high: 3, low: 3, close: 3, volume: 0, source: 'no-trades' } as const;
const AT = 60_000;
const RANGE = { from: AT, to: 2 * AT };

function actual(over: Partial<Actual> = {}): Actual {
  return {
    bar: { openTime: AT, ...TRUE, isNative: true },
    omitsQuiet: false,
    closeBefore: 3,
    readings: () => [OTHER],
    cached: undefined,
    ...over,
  };
}

function judged(
  words: readonly Said[],
  ledger = new AnnouncedLedger(),
  range = RANGE,
  over: Partial<Actual> = {},
) {
  for (const said of words) ledger.note(SERIES, AT, said);
  return ledger.judge(SERIES, range, ledger.take(SERIES, 2 * AT), () => actual(over));
}

describe('an announced close', () => {
  it.each<[string, Said, Partial<Actual>, boolean]>([
    ['what the bar is', TRUE, {}, true],
    ['another value', WRONG, {}, false],
    ['another native reading', OTHER, {}, false],
    ['a bar the venue does not have', TRUE, { bar: undefined }, false],
    ['a quiet bar that the venue omits', FLAT, { bar: undefined, omitsQuiet: true }, true],
    ['a quiet bar at another price', FLAT, { bar: undefined, omitsQuiet: true, closeBefore: 3.5 }, false],
    ['a quiet bar of a venue that serves flat rows and has none', FLAT, { bar: undefined }, false],
    ['a quiet bar that traded', FLAT, {}, false],
    ['that there is none, rightly', 'retracted', { bar: undefined }, true],
    ['that there is none, wrongly', 'retracted', {}, false],
  ])('that says %s', (_name, said, over, expected) => {
    expect(isRight(said, actual(over))).toBe(expected);
  });

  it.each<[string, readonly Said[], object]>([
    ['right at once', [TRUE], { announcedRight: 1 }],
    ['put right later', [WRONG, TRUE], { announcedWrongFirst: 1 }],
    ['wrong at last', [WRONG], { announcedWrongLast: 1 }],
    ['right, and then wrong', [TRUE, WRONG], { announcedRight: 1, announcedWrongLast: 1 }],
    ['as another native recording says', [OTHER], { announcedOther: 1 }],
    ['as another native recording says, at last', [WRONG, OTHER], { announcedOther: 1 }],
    [
      'taken back although the bar is there',
      [TRUE, 'retracted'],
      { announcedRight: 1, announcedWrongLast: 1 },
    ],
    ['taken back and said rightly', [WRONG, 'retracted', TRUE], { announcedWrongFirst: 1 }],
  ])('is %s', (_name, words, expected) => {
    expect(judged(words)).toEqual({ ...NOTHING_ANNOUNCED, announced: 1, ...expected });
  });

  it.each<[string, Partial<Actual>, object]>([
    ['says so as well', { cached: OTHER }, { announcedOther: 1 }],
    ['went on to the right values', { cached: TRUE }, { announcedWrongLast: 1 }],
  ])('as another recording says, where the cache %s', (_name, over, expected) => {
    const counts = judged([OTHER], new AnnouncedLedger(), RANGE, over);
    expect(counts).toEqual({ ...NOTHING_ANNOUNCED, announced: 1, ...expected });
  });

  it('that nothing traded in it, at any time, is counted where something did', () => {
    expect(judged([TRUE, FLAT, TRUE])).toMatchObject({ announcedRight: 1, announcedFalselyQuiet: 1 });
    expect(judged([TRUE, 'retracted', TRUE])).toMatchObject({ announcedFalselyQuiet: 0 });
    expect(judged([FLAT], new AnnouncedLedger(), RANGE, { bar: undefined }).announcedFalselyQuiet).toBe(0);
  });

  it('that is put right after it was judged no longer counts as wrong, once', () => {
    const ledger = new AnnouncedLedger();
    const later = { from: 2 * AT, to: 3 * AT };
    expect(judged([WRONG], ledger)).toMatchObject({ announced: 1, announcedWrongLast: 1 });
    const corrected = { ...NOTHING_ANNOUNCED, announcedWrongFirst: 1, announcedWrongLast: -1 };
    expect(judged([TRUE], ledger, later)).toEqual(corrected);
    expect(judged([TRUE], ledger, later)).toEqual(NOTHING_ANNOUNCED);
  });

  it('that goes wrong after it was judged counts as wrong, once', () => {
    const ledger = new AnnouncedLedger();
    const later = { from: 2 * AT, to: 3 * AT };
    judged([TRUE], ledger);
    const spoilt = { ...NOTHING_ANNOUNCED, announcedWrongLast: 1 };
    expect(judged([WRONG], ledger, later)).toEqual(spoilt);
    expect(judged([WRONG], ledger, later)).toEqual(NOTHING_ANNOUNCED);
  });

  it('is taken to be judged once, and not before its time', () => {
    const ledger = new AnnouncedLedger();
    for (const at of [3, 1, 2]) ledger.note(SERIES, at * AT, TRUE);
    expect(ledger.take(SERIES, 3 * AT).map((each) => each.openTime)).toEqual([AT, 2 * AT]);
    expect(ledger.take(SERIES, 3 * AT)).toEqual([]);
    expect(ledger.take(SERIES, 4 * AT)).toHaveLength(1);
    expect(ledger.take({ ...SERIES, symbol: 'BBB' }, 4 * AT)).toEqual([]);
  });
});
