import { openTimeOf, timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Series } from '@livermore/schemas';
import type { CandlePage, RestProtocol } from '../protocol/protocol';

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

/** What a page plan needs of a venue. */
export type PagePrices = Pick<RestProtocol, 'candleWeight'> & {
  readonly limits: Pick<RestProtocol['limits'], 'candlesPerPage'>;
};

/**
 * The cheapest pages that cover every bar of `gaps` (any order, may overlap): neighbours share a page where the
 * venue's price makes that cheaper than asking twice. Of equally cheap plans the one with fewer bars is taken.
 */
export function planPages(
  series: Series,
  gaps: readonly OpenTimeRange[],
  prices: PagePrices,
): readonly CandlePage[] {
  const pieces = piecesOf(series, gaps, prices.limits.candlesPerPage);
  const length = timeframeMs(series.timeframe);
  const span = prices.limits.candlesPerPage * length;
  // best[i]: the cheapest cover of the first i pieces. A page holds few pieces, so the inner loop is short.
  const best: Cover[] = [{ weight: 0, bars: 0, first: 0 }];
  for (const [last, end] of pieces.entries()) {
    let chosen: Cover | undefined;
    for (let first = last; first >= 0; first -= 1) {
      const start = pieces[first];
      const before = best[first];
      if (start === undefined || before === undefined || end.to - start.from > span) break;
      const bars = (end.to - start.from) / length;
      const cover = { weight: before.weight + prices.candleWeight(bars), bars: before.bars + bars, first };
      if (chosen === undefined || isCheaper(cover, chosen)) chosen = cover;
    }
    if (chosen !== undefined) best.push(chosen);
  }
  return pagesBack(series, pieces, best);
}

/** Cost of covering some pieces; the last page of the cover begins with piece `first`. */
interface Cover {
  readonly weight: number;
  readonly bars: number;
  readonly first: number;
}

function isCheaper(a: Cover, b: Cover): boolean {
  return a.weight < b.weight || (a.weight === b.weight && a.bars < b.bars);
}

function pagesBack(
  series: Series,
  pieces: readonly OpenTimeRange[],
  best: readonly Cover[],
): readonly CandlePage[] {
  const pages: CandlePage[] = [];
  for (let count = pieces.length; count > 0;) {
    const first = best[count]?.first ?? 0;
    const from = pieces[first]?.from ?? 0;
    const to = pieces[count - 1]?.to ?? 0;
    pages.unshift({ symbol: series.symbol, timeframe: series.timeframe, from, to });
    count = first;
  }
  return pages;
}

/** Gaps on the grid, joined where they touch, cut where they exceed a page. */
function piecesOf(
  series: Series,
  gaps: readonly OpenTimeRange[],
  candlesPerPage: number,
): readonly OpenTimeRange[] {
  const joined: OpenTimeRange[] = [];
  const sorted = gaps.map((gap) => onGrid(series, gap)).toSorted((a, b) => a.from - b.from);
  for (const gap of sorted) {
    const before = joined.at(-1);
    if (gap.from >= gap.to) continue;
    if (before === undefined || gap.from > before.to) joined.push(gap);
    else joined[joined.length - 1] = { from: before.from, to: Math.max(before.to, gap.to) };
  }
  return joined.flatMap((gap) => pagesOf(series, gap, candlesPerPage));
}

/** Bounds on the series' grid: the open times inside the range and no others. */
function onGrid(series: Series, range: OpenTimeRange): OpenTimeRange {
  const up = (at: number) => {
    const floor = openTimeOf(series.timeframe, at);
    return floor === at ? at : floor + timeframeMs(series.timeframe);
  };
  return { from: up(range.from), to: up(range.to) };
}
