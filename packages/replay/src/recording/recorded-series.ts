/** A bar as a file spells it: decimals are the file's own text. */
export interface RecordedBar {
  /** ms */
  readonly openTime: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
}

/** The finished bars of one file. */
export interface RecordedSeries {
  readonly symbol: string;
  /** As the file name spells it: `1m`, also lengths that are not kept, such as `30m`. */
  readonly interval: string;
  /** Length of a bar, ms. */
  readonly stepMs: number;
  /** What follows the interval in the file name: a second recording of the same bars; '' for the first. */
  readonly source: string;
  /** By open time, ascending; never empty. */
  readonly bars: ReadonlyMap<number, RecordedBar>;
  /** Open time of the first bar, and close time of the last, ms. */
  readonly from: number;
  readonly to: number;
}

/** The bars of a series that opened in [from, to), ascending. */
export function recordedWithin(series: RecordedSeries, from: number, to: number): readonly RecordedBar[] {
  const { stepMs, bars } = series;
  const found: RecordedBar[] = [];
  const first = Math.ceil(Math.max(from, series.from) / stepMs) * stepMs;
  for (let openTime = first; openTime < Math.min(to, series.to); openTime += stepMs) {
    const bar = bars.get(openTime);
    if (bar !== undefined) found.push(bar);
  }
  return found;
}
