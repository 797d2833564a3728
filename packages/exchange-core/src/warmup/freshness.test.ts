import { must } from '@livermore/utils';
import { expect, test } from 'vitest';
import { coverageOf, targetWindow } from '../coverage/coverage';
import { judgeFreshness, lackingOf, sufficientDepth } from './freshness';
import type { EntryReason } from './types';

const MINUTE_MS = 60_000;
const NOW = 29_500_000 * MINUTE_MS + 30_000;

/** Judges a series of 1m bars told by how many bars ago they opened: 1 is the newest closed one. */
function judge(options: {
  readonly runs: readonly (readonly [oldest: number, newest: number])[];
  readonly cachedCount?: number;
  readonly target?: number;
  readonly absent?: readonly number[];
}) {
  const target = options.target ?? 100;
  const openTime = (ago: number) => targetWindow('1m', ago, NOW).from;
  const runs = options.runs.map(([oldest, newest]) => ({ first: openTime(oldest), last: openTime(newest) }));
  const closed = options.runs.reduce((sum, [oldest, newest]) => sum + oldest - newest + 1, 0);
  const window = targetWindow('1m', target, NOW);
  const summary = { closed, noTrades: 0, open: 0, settled: 0, final: 0, newestAsOf: 0, runs };
  const absent = (options.absent ?? []).map(openTime);
  const coverage = coverageOf({ timeframe: '1m', window, summary, absent, venueNow: NOW });
  const cachedCount = options.cachedCount ?? closed;
  const counted = { symbol: 'A', timeframe: '1m', cachedCount, sufficient: cachedCount >= 60 } as const;
  const state = judgeFreshness(counted, { window, coverage, target });
  const missing = state.missing.reduce((sum, range) => sum + (range.to - range.from) / MINUTE_MS, 0);
  return { ...state, missingBars: missing };
}

test.each<[string, Parameters<typeof judge>[0], EntryReason | undefined, number]>([
  ['a hundred, unbroken, up to the newest', { runs: [[100, 1]] }, undefined, 0],
  ['nothing', { runs: [] }, 'empty', 100],
  ['fifty-nine', { runs: [[59, 1]] }, 'low-count', 41],
  ['sixty, unbroken, up to the newest', { runs: [[60, 1]] }, undefined, 0],
  ['a hundred of last week', { runs: [], cachedCount: 100 }, 'stale', 100],
  ['all but the newest', { runs: [[100, 2]] }, 'stale', 1],
  [
    'one missing in the middle',
    {
      runs: [
        [100, 51],
        [49, 1],
      ],
    },
    'gap',
    1,
  ],
  [
    'sixty with a hole',
    {
      runs: [
        [61, 31],
        [29, 1],
      ],
    },
    'gap',
    40,
  ],
  ['sixty of which ten are of today', { runs: [[10, 1]], cachedCount: 60 }, 'gap', 90],
  ['sixty where more are wanted', { runs: [[60, 1]], target: 200 }, 'low-count', 140],
  ['all that is wanted, though it is little', { runs: [[20, 1]], target: 20 }, undefined, 0],
  ['half of the little that is wanted', { runs: [[10, 1]], target: 20 }, 'low-count', 10],
])('%s', (_title, series, reason, missingBars) => {
  const state = judge(series);
  expect(state.reason).toBe(reason);
  expect(state.sufficient).toBe(reason === undefined);
  expect(state.missingBars).toBe(missingBars);
});

test('what the venue does not have is not asked for, however little there is', () => {
  const absent = Array.from({ length: 90 }, (_, at) => at + 11);
  expect(judge({ runs: [[10, 1]], absent })).toMatchObject({
    sufficient: true,
    missing: [],
    cachedCount: 10,
  });
  expect(
    judge({
      runs: [
        [100, 31],
        [29, 1],
      ],
      absent: [30],
    }).sufficient,
  ).toBe(true);
  expect(
    judge({
      runs: [
        [100, 31],
        [28, 1],
      ],
      absent: [30],
    }),
  ).toMatchObject({ reason: 'gap', missingBars: 1 });
});

test('knows which bars can serve as children: those there, and those that do not exist', () => {
  const state = judge({
    runs: [
      [100, 31],
      [28, 1],
    ],
    absent: [30],
  });
  const hole = must(state.missing[0], 'a hole');
  expect(state.settled).toEqual([
    { from: state.window.from, to: hole.from },
    { from: hole.to, to: state.window.to },
  ]);
});

test('the threshold goes with the usual target; who wants more is not content with sixty', () => {
  expect([20, 60, 100, 101, 500].map(sufficientDepth)).toEqual([20, 60, 60, 101, 500]);
});

test.each([
  [59, 41],
  [60, 0],
  [99, 0],
  [100, 0],
])('of %i fresh bars without a hole, %i more are to be asked for, whoever judges', (bars, lacking) => {
  const window = targetWindow('1m', 100, NOW);
  const runs = [{ first: targetWindow('1m', bars, NOW).from, last: targetWindow('1m', 1, NOW).from }];
  const summary = { closed: bars, noTrades: 0, open: 0, settled: 0, final: 0, newestAsOf: 0, runs };
  const coverage = coverageOf({ timeframe: '1m', window, summary, venueNow: NOW });
  const ranges = lackingOf({ timeframe: '1m', window, coverage, target: 100 });
  expect(ranges.reduce((sum, range) => sum + (range.to - range.from) / MINUTE_MS, 0)).toBe(lacking);
  expect(judge({ runs: [[bars, 1]] }).missing).toEqual(ranges);
});
