import { timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange } from '@livermore/schemas';
import type { CoverageReader } from '../coverage/coverage-reader';
import { groupBySymbol } from './freshness';
import type { PairState } from './freshness';
import { subtract, unionOf } from './ranges';

/**
 * How far back a series is worth looking into beyond its own target: to where a longer series of the same symbol
 * misses a bar that could be derived from it. So what a killed run fetched for a derivation is not fetched again.
 */
export async function withReach(
  states: readonly PairState[],
  options: { readonly reader: CoverageReader; readonly keepBars: number; readonly venueNow: number },
): Promise<PairState[]> {
  const bySymbol = groupBySymbol(states);
  const ranges = states.map((state) => reachOf(state, bySymbol.get(state.symbol) ?? [], options.keepBars));
  const asked = states.flatMap((state, at) => {
    const window = ranges[at];
    return window === undefined ? [] : [{ at, window, series: state }];
  });
  const coverages = await options.reader.read(asked, options.venueNow);
  const widened = [...states];
  for (const [index, { at, window, series }] of asked.entries()) {
    const lacking = coverages[index]?.missing.filter((range) => range.why === 'not-fetched') ?? [window];
    widened[at] = { ...series, settled: unionOf(subtract([window], lacking), series.settled) };
  }
  return widened;
}

/** The range before the window of `state` in which its bars could serve a longer series; undefined if none. */
function reachOf(
  state: PairState,
  siblings: readonly PairState[],
  keepBars: number,
): OpenTimeRange | undefined {
  const step = timeframeMs(state.timeframe);
  const oldest = state.window.to - (keepBars - 1) * step;
  const starts = siblings
    .filter((other) => timeframeMs(other.timeframe) > step)
    .flatMap((other) => other.missing[0]?.from ?? [])
    .filter((from) => from >= oldest);
  const from = Math.min(state.window.from, ...starts);
  if (from >= state.window.from || state.cachedCount === 0) return undefined;
  return { from, to: state.window.from };
}
