import type { SeriesSummary } from '@livermore/cache';
import { newestClosedOpenTime, timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Timeframe } from '@livermore/schemas';

/**
 * What a series holds of what it should hold. The series is its own ledger: coverage is computed from it, never
 * kept beside it, so it cannot say anything else than what a reader of the candles would find.
 */

/** Why a closed bar is not there: the venue was asked and does not have it, or nobody has got it yet. */
export type MissingWhy = 'absent-at-venue' | 'not-fetched';

/** Consecutive missing bars: `from` ≤ open time < `to`, ms. */
export interface MissingRange extends OpenTimeRange {
  readonly why: MissingWhy;
}

/** Times are ms of the venue's clock unless another unit is named. */
export interface Coverage {
  /** Closed bars the window has room for. */
  readonly expected: number;
  /** Closed bars that are there, flat ones included. */
  readonly present: number;
  /** In how many of them nothing traded: the venue's own row says so, or it was proven. */
  readonly noTrades: number;
  /** How many of them are settled: told alike by two independent readings. Those that are final are among them. */
  readonly settled: number;
  /** How many of them are final: settled, and unchanged in the reading a day later. */
  readonly final: number;
  /** The rest: ascending, disjoint, never touching another of the same reason. */
  readonly missing: readonly MissingRange[];
  /** Open time of the newest closed bar in the window; undefined when there is none. */
  readonly newest: number | undefined;
  /** Greatest as-of in the window, µs; undefined when there is none. */
  readonly asOf: number | undefined;
  /** Every closed bar of the window is there. */
  readonly isComplete: boolean;
  /** Everything the venue has is there: what is missing, it does not have. */
  readonly isFilled: boolean;
  /** The newest bar that is closed by the venue's clock is there. */
  readonly isFresh: boolean;
}

export interface CoverageInput {
  readonly timeframe: Timeframe;
  /** What should be there. Bars that are not closed at `venueNow` are not expected. */
  readonly window: OpenTimeRange;
  /** What is there, of at least this window. */
  readonly summary: SeriesSummary;
  /** Open times the venue was asked for and does not have. */
  readonly absent?: readonly number[];
  /** The venue's time, ms. */
  readonly venueNow: number;
}

/** Compares what a series holds in a window with what it should hold. */
export function coverageOf(input: CoverageInput): Coverage {
  const { timeframe, summary, venueNow } = input;
  const step = timeframeMs(timeframe);
  const window = closedPart(timeframe, input.window, venueNow);
  const runs = clipRuns(summary.runs, window, step);
  const missing = explain(holesBetween(runs, window), new Set(input.absent), step);
  const expected = (window.to - window.from) / step;
  const present = runs.reduce((sum, run) => sum + (run.to - run.from) / step, 0);
  const newest = runs.at(-1);
  return {
    expected,
    present,
    noTrades: summary.noTrades,
    settled: summary.settled,
    final: summary.final,
    missing,
    newest: newest === undefined ? undefined : newest.to - step,
    asOf: summary.newestAsOf > 0 ? summary.newestAsOf : undefined,
    isComplete: present === expected,
    isFilled: missing.every((range) => range.why === 'absent-at-venue'),
    isFresh: newest?.to === newestClosedOpenTime(timeframe, venueNow) + step,
  };
}

/**
 * The window (ms) of the newest `bars` closed bars.
 * @example targetWindow('1m', 100, 1_700_000_030_000) // to: 1_699_999_980_000, 100 minutes long
 */
export function targetWindow(timeframe: Timeframe, bars: number, venueNow: number): OpenTimeRange {
  const step = timeframeMs(timeframe);
  const to = newestClosedOpenTime(timeframe, venueNow) + step;
  return { from: to - bars * step, to };
}

function closedPart(timeframe: Timeframe, window: OpenTimeRange, venueNow: number): OpenTimeRange {
  const step = timeframeMs(timeframe);
  const from = Math.ceil(window.from / step) * step;
  const end = newestClosedOpenTime(timeframe, venueNow) + step;
  return { from, to: Math.max(from, Math.min(Math.ceil(window.to / step) * step, end)) };
}

/** Runs (first and last open time, both in) as half-open ranges inside the window. */
function clipRuns(runs: SeriesSummary['runs'], window: OpenTimeRange, step: number): OpenTimeRange[] {
  return runs
    .map((run) => ({ from: Math.max(run.first, window.from), to: Math.min(run.last + step, window.to) }))
    .filter((run) => run.from < run.to);
}

function holesBetween(runs: readonly OpenTimeRange[], window: OpenTimeRange): OpenTimeRange[] {
  const holes: OpenTimeRange[] = [];
  let at = window.from;
  for (const run of runs) {
    if (at < run.from) holes.push({ from: at, to: run.from });
    at = run.to;
  }
  if (at < window.to) holes.push({ from: at, to: window.to });
  return holes;
}

function explain(holes: readonly OpenTimeRange[], absent: ReadonlySet<number>, step: number): MissingRange[] {
  if (absent.size === 0) return holes.map((hole) => ({ ...hole, why: 'not-fetched' }));
  const ranges: { from: number; to: number; why: MissingWhy }[] = [];
  for (const hole of holes) {
    for (let at = hole.from; at < hole.to; at += step) {
      const why = absent.has(at) ? 'absent-at-venue' : 'not-fetched';
      const last = ranges.at(-1);
      if (last?.to === at && last.why === why) last.to = at + step;
      else ranges.push({ from: at, to: at + step, why });
    }
  }
  return ranges;
}
