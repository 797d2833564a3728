/**
 * The finest recorded truth at every moment: long bars where only they were recorded, shorter ones from where those
 * begin. Each bar with volume is taken to be a handful of trades: open, the extremes, close. A busy bar opens within
 * its first second and is traded to its last, so that its neighbours touch; a thin one trades at any moment.
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
  readonly price: bigint;
  readonly size: bigint;
  readonly isBought: boolean;
}

/** Recorded trades from which a bar is busy. Where none are recorded: one that went beyond its open and its close. */
const BUSY_TRADES = 20;
/** A busy bar is traded this near (ms) to both of its ends. */
const EDGE_MS = 1000;
/** Rows whose trades are kept at hand: streams ask for the same few again and again. */
const TAPES_KEPT = 8;

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
  readonly #tapes = new Map<number, readonly SpineTrade[]>();

  constructor(layers: readonly Series[]) {
    this.rows = layRows(layers);
    this.#ids = new Float64Array(this.rows.length + 1);
    this.rows.forEach((row, at) => {
      this.#ids[at + 1] = (this.#ids[at] ?? 0) + this.countOf(row);
    });
  }

  /** Trades of a row: as recorded, or as many as are made up. */
  countOf(row: SpineRow): number {
    return Math.max(row.series.trades[row.at] ?? 0, pathOf(row).prices.length);
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

  /** The trades of the row at an index, ascending: at most five, none without volume. */
  tape(index: number): readonly SpineTrade[] {
    const known = this.#tapes.get(index);
    if (known !== undefined) return known;
    const row = this.rows[index];
    if (row === undefined) return [];
    const path = pathOf(row);
    const moments = momentsOf(row, path);
    const sizes = shareOf(row.series.volume[row.at] ?? 0n, path.prices.length);
    const tape = path.prices.map((price, at) => ({
      id: this.firstId(index) + at,
      time: moments[at] ?? row.start,
      price,
      size: sizes[at] ?? 0n,
      isBought: at % 2 === 0,
    }));
    this.#tapes.set(index, tape);
    if (this.#tapes.size > TAPES_KEPT) this.#tapes.delete(this.#tapes.keys().next().value ?? index);
    return tape;
  }
}

/** Prices a bar went through: without repeats in a row, but for the last trade of a busy bar; none without volume. */
interface Path {
  readonly prices: readonly bigint[];
  readonly isBusy: boolean;
}

function pathOf({ series, at }: SpineRow): Path {
  if ((series.volume[at] ?? 0n) === 0n) return { prices: [], isBusy: false };
  const open = series.open[at] ?? 0n;
  const high = series.high[at] ?? 0n;
  const low = series.low[at] ?? 0n;
  const close = series.close[at] ?? 0n;
  const corners = close >= open ? [open, low, high, close] : [open, high, low, close];
  const prices = corners.filter((price, index) => index === 0 || price !== corners[index - 1]);
  const trades = series.trades[at] ?? 0;
  const isBusy = trades > 0 ? trades >= BUSY_TRADES : prices.length === corners.length;
  return { prices: isBusy ? [...prices, close] : prices, isBusy };
}

/** When the trades of a row happen (ms), ascending: one in each of as many equal stretches, at a moment of its own. */
function momentsOf({ start, end }: SpineRow, { prices, isBusy }: Path): readonly number[] {
  const count = prices.length;
  const length = end - start;
  const chance = (at: number) => hash32(`${start}|${at}`) / 2 ** 32;
  const moments = Array.from(
    { length: count },
    (_, at) => start + Math.floor((length * (at + chance(at))) / count),
  );
  if (!isBusy) return moments;
  const edge = Math.min(EDGE_MS, Math.floor(length / (2 * count)));
  const first = start + Math.floor(edge * chance(0));
  const last = end - 1 - Math.floor(edge * chance(count - 1));
  return [first, ...moments.slice(1, -1), last];
}

function shareOf(volume: bigint, parts: number): readonly bigint[] {
  if (parts === 0) return [];
  const each = volume / BigInt(parts);
  return Array.from({ length: parts }, (_, at) =>
    at === parts - 1 ? volume - each * BigInt(parts - 1) : each,
  );
}
