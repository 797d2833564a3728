import type { OpenTimeRange, Timeframe } from '@livermore/schemas';
import { timeframeMs } from '@livermore/schemas';
import { targetWindow } from '../coverage/coverage';
import type { Coverage } from '../coverage/coverage';
import type { CoverageReader } from '../coverage/coverage-reader';
import { DEFAULT_CANDLE_TARGET, MIN_CANDLE_THRESHOLD } from './types';
import type { CandleStatusResult, EntryReason } from './types';

/**
 * Depth is not freshness: sixty candles of last week, or sixty with a hole, are enough of nothing. A pair is
 * sufficient when the newest closed bar is there, none before it is missing, and the series is deep enough.
 */

/** A pair after judging: what the planner needs to know of it. */
export interface PairState extends CandleStatusResult {
  /** The target's window: what the pair will hold when it is filled. */
  readonly window: OpenTimeRange;
  /** What is to be asked for; empty for a sufficient pair. */
  readonly missing: readonly OpenTimeRange[];
  /** Ranges of the window whose bars are closed in the cache, or known not to exist: children to derive from. */
  readonly settled: readonly OpenTimeRange[];
}

/**
 * Bars from which on a series counts as deep enough for a target. The threshold goes with the default target; who
 * asks for more wants more.
 */
export function sufficientDepth(target: number): number {
  return target > DEFAULT_CANDLE_TARGET ? target : Math.min(target, MIN_CANDLE_THRESHOLD);
}

/** The target's window of a series, and what it holds. */
export interface Held {
  readonly timeframe: Timeframe;
  readonly window: OpenTimeRange;
  readonly coverage: Coverage;
  readonly target: number;
}

/**
 * What is to be asked for of a series, ascending: bars that were not fetched. Nothing where all that lacks lies before
 * an unbroken run that is deep enough, because the count rule decides depth; and never what the venue does not have.
 */
export function lackingOf(held: Held): readonly OpenTimeRange[] {
  const missing = held.coverage.missing.filter((range) => range.why === 'not-fetched').map(rangeOf);
  return isOnlyShallow(missing, held) ? [] : missing;
}

/**
 * Judges one pair by the coverage of its target's window. Bars the venue is known not to have are not asked for
 * again, so a symbol listed yesterday is sufficient with what there is.
 */
export function judgeFreshness(counted: CandleStatusResult, pair: Omit<Held, 'timeframe'>): PairState {
  const { window, coverage } = pair;
  const { symbol, timeframe, cachedCount } = counted;
  const missing = lackingOf({ ...pair, timeframe });
  const settled = complement(
    coverage.missing.filter((range) => range.why === 'not-fetched'),
    window,
  );
  const state = { symbol, timeframe, cachedCount, window, settled, missing };
  if (missing.length === 0) return { ...state, sufficient: true };
  return { ...state, sufficient: false, reason: reasonOf(cachedCount, missing, pair) };
}

/** Whether all that is missing lies before an unbroken run that is deep enough. */
function isOnlyShallow(missing: readonly OpenTimeRange[], held: Held): boolean {
  const { window, coverage, target, timeframe } = held;
  const [first, ...others] = missing;
  if (first === undefined || others.length > 0 || coverage.present === 0) return false;
  if (first.from > window.from) return false;
  return (window.to - first.to) / timeframeMs(timeframe) >= sufficientDepth(target);
}

function reasonOf(
  cachedCount: number,
  missing: readonly OpenTimeRange[],
  { window, coverage, target }: Omit<Held, 'timeframe'>,
): EntryReason {
  if (cachedCount === 0) return 'empty';
  if (cachedCount < Math.min(target, MIN_CANDLE_THRESHOLD)) return 'low-count';
  if (missing.at(-1)?.to === window.to) return 'stale';
  const lacksOldEnd = missing.length === 1 && missing[0]?.from === window.from;
  // Bars older than the window, beyond the one in progress: then what is missing lies between two stretches.
  const hasOlder = cachedCount > coverage.present + 1;
  return lacksOldEnd && !hasOlder ? 'low-count' : 'gap';
}

const rangeOf = ({ from, to }: OpenTimeRange): OpenTimeRange => ({ from, to });

/** What of a window is not in `holes` (ascending, disjoint). */
function complement(holes: readonly OpenTimeRange[], window: OpenTimeRange): OpenTimeRange[] {
  const rest: OpenTimeRange[] = [];
  let at = window.from;
  for (const hole of [...holes, { from: window.to, to: window.to }]) {
    if (at < hole.from) rest.push({ from: at, to: hole.from });
    at = hole.to;
  }
  return rest;
}

/** Judges many pairs at one instant of the venue's clock (ms), with their series read together. */
export async function readFreshness(
  counted: readonly CandleStatusResult[],
  options: { readonly reader: CoverageReader; readonly target: number; readonly venueNow: number },
): Promise<PairState[]> {
  const { reader, target, venueNow } = options;
  const queries = counted.map(({ symbol, timeframe }) => ({
    series: { symbol, timeframe },
    window: targetWindow(timeframe, target, venueNow),
  }));
  const coverages = await reader.read(queries, venueNow);
  return counted.flatMap((result, at) => {
    const [query, coverage] = [queries[at], coverages[at]];
    if (query === undefined || coverage === undefined) return [];
    return [judgeFreshness(result, { window: query.window, coverage, target })];
  });
}

/** Pairs of each symbol, in the order the symbols come up. */
export function groupBySymbol(states: readonly PairState[]): ReadonlyMap<string, readonly PairState[]> {
  const groups = new Map<string, PairState[]>();
  for (const state of states) {
    const group = groups.get(state.symbol);
    if (group === undefined) groups.set(state.symbol, [state]);
    else group.push(state);
  }
  return groups;
}
