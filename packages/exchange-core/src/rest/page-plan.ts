import { openTimeOf, timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Series } from '@livermore/schemas';
import type { CandlePage } from '../protocol/protocol';

/**
 * Pages of at most `candlesPerPage` bars that tile a range of open times exactly: ascending, without overlap,
 * nothing outside. Bounds off the grid are rounded up, so that exactly the bars with from ≤ open time < to are in.
 */
export function pagesOf(series: Series, range: OpenTimeRange, candlesPerPage: number): readonly CandlePage[] {
  const { symbol, timeframe } = series;
  const { from: start, to: end } = onGrid(series, range);
  const span = candlesPerPage * timeframeMs(timeframe);
  const pages: CandlePage[] = [];
  for (let from = start; from < end; from += span) {
    pages.push({ symbol, timeframe, from, to: Math.min(end, from + span) });
  }
  return pages;
}

/** Bounds on the series' grid: the open times inside the range and no others. */
function onGrid(series: Series, range: OpenTimeRange): OpenTimeRange {
  const up = (at: number) => {
    const floor = openTimeOf(series.timeframe, at);
    return floor === at ? at : floor + timeframeMs(series.timeframe);
  };
  return { from: up(range.from), to: up(range.to) };
}
