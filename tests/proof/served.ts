import { trueBarOf } from '@livermore/replay';
import type { Sides } from '@livermore/replay';
import { timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Series } from '@livermore/schemas';
import type { Market, SimulatedVenue } from '@livermore/simulator';

/** What a venue serves, as of an instant (ms). */
export interface Served {
  readonly venue: SimulatedVenue;
  readonly market: Market;
  readonly now: number;
}

/** How far back the close before a range is looked for at first, in bars; then ten times as far. */
const NEAR_BARS = 10;
/** How often it is looked for: a symbol trades at least once a day. */
const LOOKS = 4;

/** What the cached bars of a series are compared with over a range of open times. */
export function servedSides(served: Served, series: Series, range: OpenTimeRange): Omit<Sides, 'cached'> {
  const omitsQuiet = served.venue === 'coinbase';
  return {
    truth: servedBars(served, series, range),
    omitsQuiet,
    closeBefore: omitsQuiet ? closeBefore(served, series, range.from) : undefined,
  };
}

/** Bars that the venue serves a row for. */
export function servedBars(
  { venue, market, now }: Served,
  { symbol, timeframe }: Series,
  { from, to }: OpenTimeRange,
): Sides['truth'] {
  return market
    .bars(symbol, timeframe, from, to, now)
    .filter((bar) => bar.trades > 0 || venue !== 'coinbase')
    .map((bar) => trueBarOf(bar, true));
}

/** The close of the last bar before an open time (ms): what a quiet bar there is flat at. */
export function closeBefore(served: Served, series: Series, openTime: number): number | undefined {
  const step = timeframeMs(series.timeframe);
  let to = openTime;
  for (let look = 1; look <= LOOKS; look += 1) {
    const from = to - NEAR_BARS ** look * step;
    const last = servedBars(served, series, { from, to }).at(-1);
    if (last !== undefined) return last.close;
    to = from;
  }
  return undefined;
}
