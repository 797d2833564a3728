import type { Series } from './read-series';
import type { Spine } from './spine';

/** Sums over all rows before an index: any stretch is a difference of two. */
export interface Sums {
  readonly volume: readonly bigint[];
  readonly quote: readonly bigint[];
  readonly takerBase: readonly bigint[];
  readonly takerQuote: readonly bigint[];
  readonly trades: Float64Array;
}

/** Running sums of a spine, one longer than its rows. */
export function sumsOf(spine: Spine): Sums {
  const running = (pick: (series: Series) => readonly bigint[]): readonly bigint[] => {
    const sums = [0n];
    let sum = 0n;
    for (const row of spine.rows) {
      sum += pick(row.series)[row.at] ?? 0n;
      sums.push(sum);
    }
    return sums;
  };
  const trades = new Float64Array(spine.rows.length + 1);
  spine.rows.forEach((row, at) => {
    trades[at + 1] = (trades[at] ?? 0) + spine.countOf(row);
  });
  return {
    volume: running((series) => series.volume),
    quote: running((series) => series.quote),
    takerBase: running((series) => series.takerBase),
    takerQuote: running((series) => series.takerQuote),
    trades,
  };
}

/** Where a series has its bar that opens at `at`, if it has one. */
export function indexOf(times: Float64Array, at: number): number | undefined {
  let low = 0;
  let high = times.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const time = times[middle] ?? 0;
    if (time === at) return middle;
    if (time < at) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}
