import type { SeriesSummary } from '@livermore/cache';
import { MICROS_PER_MS } from '@livermore/schemas';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { coverageOf, targetWindow } from './coverage';
import type { Coverage } from './coverage';

const MINUTE_MS = 60_000;
const START_MS = 20_000_000 * MINUTE_MS;

/** What may be found at an open time: a bar, a surer one, a proven empty one, an unfinished one, the venue's word, nothing. */
type Slot = 'present' | 'settled' | 'final' | 'no-trades' | 'partial' | 'absent' | 'nothing';
const slot = fc.constantFrom<Slot>(
  'present',
  'settled',
  'final',
  'no-trades',
  'partial',
  'absent',
  'nothing',
);

const isSettled = (it: Slot) => it === 'settled' || it === 'final';
const isThere = (it: Slot) => it === 'present' || it === 'no-trades' || isSettled(it);

/** What the cache's own summary says of such a series. */
function summaryOf(slots: readonly Slot[]): SeriesSummary {
  const runs: { first: number; last: number }[] = [];
  for (const [at, it] of slots.entries()) {
    const openTime = START_MS + at * MINUTE_MS;
    if (!isThere(it)) continue;
    const last = runs.at(-1);
    if (last?.last === openTime - MINUTE_MS) last.last = openTime;
    else runs.push({ first: openTime, last: openTime });
  }
  const newest = slots.findLastIndex(isThere);
  return {
    closed: slots.filter(isThere).length,
    noTrades: slots.filter((it) => it === 'no-trades').length,
    open: slots.filter((it) => it === 'partial').length,
    settled: slots.filter(isSettled).length,
    final: slots.filter((it) => it === 'final').length,
    newestAsOf: newest < 0 ? 0 : (START_MS + (newest + 1) * MINUTE_MS) * MICROS_PER_MS,
    runs,
  };
}

/** Bar by bar, without ranges. */
function naive(slots: readonly Slot[]): Record<'absent' | 'missing', number[]> {
  const times = (wanted: (it: Slot) => boolean) =>
    slots.flatMap((it, at) => (wanted(it) ? [START_MS + at * MINUTE_MS] : []));
  return {
    absent: times((it) => it === 'absent'),
    missing: times((it) => it === 'partial' || it === 'nothing'),
  };
}

function timesOf(coverage: Coverage, why: string): number[] {
  return coverage.missing
    .filter((range) => range.why === why)
    .flatMap((range) =>
      Array.from({ length: (range.to - range.from) / MINUTE_MS }, (_, at) => range.from + at * MINUTE_MS),
    );
}

test('says of any series what counting it bar by bar says', () => {
  fc.assert(
    fc.property(fc.array(slot, { maxLength: 40 }), fc.integer({ min: 0, max: 59_999 }), (slots, into) => {
      const window = { from: START_MS, to: START_MS + slots.length * MINUTE_MS };
      const expected = naive(slots);
      const coverage = coverageOf({
        timeframe: '1m',
        window,
        summary: summaryOf(slots),
        absent: expected.absent,
        venueNow: window.to + into,
      });
      const there = slots.filter(isThere).length;
      const newest = slots.findLastIndex(isThere);
      expect(coverage).toMatchObject({
        expected: slots.length,
        present: there,
        noTrades: slots.filter((it) => it === 'no-trades').length,
        settled: slots.filter(isSettled).length,
        final: slots.filter((it) => it === 'final').length,
        newest: newest < 0 ? undefined : START_MS + newest * MINUTE_MS,
        isComplete: there === slots.length,
        isFilled: expected.missing.length === 0,
        isFresh: slots.length > 0 && newest === slots.length - 1,
      });
      expect(timesOf(coverage, 'absent-at-venue')).toEqual(expected.absent);
      expect(timesOf(coverage, 'not-fetched')).toEqual(expected.missing);
      for (const [at, range] of coverage.missing.entries()) {
        const before = coverage.missing[at - 1];
        expect(before === undefined || before.to < range.from || before.why !== range.why).toBe(true);
      }
    }),
  );
});

test('does not expect bars that are not closed yet, whatever the window asks for', () => {
  const window = { from: START_MS, to: START_MS + 10 * MINUTE_MS };
  const summary = summaryOf(['present', 'present', 'present']);
  const venueNow = START_MS + 3 * MINUTE_MS + 30_000;
  expect(coverageOf({ timeframe: '1m', window, summary, venueNow })).toMatchObject({
    expected: 3,
    isComplete: true,
    isFresh: true,
  });
  expect(coverageOf({ timeframe: '1m', window, summary, venueNow: START_MS - 1 }).expected).toBe(0);
});

test('looks at the window alone, and aligns it to the bars inside', () => {
  const summary = summaryOf(['present', 'nothing', 'present', 'present', 'nothing']);
  const coverage = coverageOf({
    timeframe: '1m',
    window: { from: START_MS + MINUTE_MS + 1, to: START_MS + 4 * MINUTE_MS },
    summary,
    venueNow: START_MS + 60 * MINUTE_MS,
  });
  expect(coverage).toMatchObject({ expected: 2, present: 2, isComplete: true, isFresh: false, missing: [] });
});

test('a bar the venue turned out to have is present, even while it is remembered as absent', () => {
  const window = { from: START_MS, to: START_MS + MINUTE_MS };
  const summary = summaryOf(['present']);
  const absent = [START_MS];
  const coverage = coverageOf({ timeframe: '1m', window, summary, absent, venueNow: window.to });
  expect(coverage).toMatchObject({ present: 1, missing: [], isComplete: true });
});

test('a target window ends with the newest closed bar', () => {
  expect(targetWindow('1m', 2, START_MS + 30_000)).toEqual({
    from: START_MS - 2 * MINUTE_MS,
    to: START_MS,
  });
});
