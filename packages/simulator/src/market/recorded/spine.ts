/**
 * The finest recorded truth at every moment: long bars where only they were recorded, shorter ones from where those
 * begin. Each bar with volume is taken to be a handful of trades: open, the extremes, close.
 */
import { hash32 } from '@livermore/utils';
import { INTERVAL_MS, nextBucket } from '../intervals';
import type { Series } from './read-series';

export interface SpineRow {
  readonly start: number;
  readonly end: number;
  readonly series: Series;
  readonly at: number;
}

/** A recorded bar's trades; price in ticks, size in units. */
export interface SpineTrade {
  readonly id: number;
  readonly time: number;
  readonly price: number;
  readonly size: bigint;
  readonly isBought: boolean;
}

/** Shares of a bar's length at which its trades happen; each moves a little, by its time. */
const MOMENTS: Readonly<Record<number, readonly number[]>> = {
  1: [0.3],
  2: [0.05, 0.85],
  3: [0.05, 0.45, 0.85],
  4: [0.05, 0.3, 0.6, 0.85],
};

/**
 * Lays layers over each other, longest bars first: where shorter ones were recorded they take over, at the first
 * boundary both share, and longer ones go on where they end.
 */
export function layRows(layers: readonly Series[]): readonly SpineRow[] {
  const byLength = layers.toSorted((a, b) => INTERVAL_MS[b.interval] - INTERVAL_MS[a.interval]);
  let rows: readonly SpineRow[] = [];
  for (const series of byLength) rows = layOver(rows, series);
  return rows;
}

function layOver(rows: readonly SpineRow[], series: Series): readonly SpineRow[] {
  const from = takeover(rows, series);
  if (from === undefined) return rows;
  const own = Array.from(series.time, (start, at): SpineRow => {
    return { start, end: nextBucket(series.interval, start), series, at };
  }).filter((row) => row.start >= from);
  const to = own.at(-1)?.end ?? from;
  return [
    ...rows.filter((row) => row.end <= from),
    ...own,
    ...rows.filter((row) => row.start >= Math.max(from, to)),
  ];
}

function takeover(rows: readonly SpineRow[], series: Series): number | undefined {
  const first = series.time[0];
  if (first === undefined) return undefined;
  const length = INTERVAL_MS[series.interval];
  const isOwnBoundary = (at: number) => (at - first) % length === 0;
  const straddled = rows.findIndex((row) => row.end > first);
  if (straddled < 0 || (rows[straddled]?.start ?? 0) >= first) return first;
  return rows.slice(straddled).find((row) => isOwnBoundary(row.end))?.end;
}

export class Spine {
  readonly rows: readonly SpineRow[];
  readonly #ids: Float64Array;

  constructor(layers: readonly Series[]) {
    this.rows = layRows(layers);
    this.#ids = new Float64Array(this.rows.length + 1);
    this.rows.forEach((row, at) => {
      this.#ids[at + 1] = (this.#ids[at] ?? 0) + this.countOf(row);
    });
  }

  /** Trades of a row: as recorded, or as many as are made up. */
  countOf(row: SpineRow): number {
    return Math.max(row.series.trades[row.at] ?? 0, pathOf(row).length);
  }

  firstId(at: number): number {
    return 1 + (this.#ids[at] ?? 0);
  }

  /** Index of the first row that ends after `at` (the number of rows when there is none). */
  indexAt(at: number): number {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.rows[middle]?.end ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The trades of the row at an index, ascending: at most four, none without volume. */
  tape(index: number): readonly SpineTrade[] {
    const row = this.rows[index];
    if (row === undefined) return [];
    const path = pathOf(row);
    const moments = MOMENTS[path.length] ?? [];
    const sizes = shareOf(row.series.volume[row.at] ?? 0n, path.length);
    const nudge = (hash32(String(row.start)) % 1000) / 10_000;
    return path.map((price, at) => ({
      id: this.firstId(index) + at,
      time: row.start + Math.floor((row.end - row.start) * ((moments[at] ?? 0) + nudge)),
      price,
      size: sizes[at] ?? 0n,
      isBought: at % 2 === 0,
    }));
  }
}

/** Prices a bar went through, without repeats in a row; none when nothing traded. */
function pathOf({ series, at }: SpineRow): readonly number[] {
  if ((series.volume[at] ?? 0n) === 0n) return [];
  const open = series.open[at] ?? 0;
  const high = series.high[at] ?? 0;
  const low = series.low[at] ?? 0;
  const close = series.close[at] ?? 0;
  const path = close >= open ? [open, low, high, close] : [open, high, low, close];
  return path.filter((price, index) => index === 0 || price !== path[index - 1]);
}

function shareOf(volume: bigint, parts: number): readonly bigint[] {
  if (parts === 0) return [];
  const each = volume / BigInt(parts);
  return Array.from({ length: parts }, (_, at) =>
    at === parts - 1 ? volume - each * BigInt(parts - 1) : each,
  );
}
