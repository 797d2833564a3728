import type { SourcedCandle } from '@livermore/schemas';
import { DecodeError } from '../errors';
import type { CandlePage, PageRows } from './protocol';
import { readEach } from './unreadable';

/** How a venue reads a row of candles. */
export interface RowReader {
  readonly venue: string;
  /** @throws DecodeError naming the field */
  candle(row: unknown, at: number): SourcedCandle;
  /** The open time (ms) of a row that could not be read; undefined where not even that can be. */
  openTimeOf(row: unknown): number | undefined;
}

/** In fewer rows than these, most of them may be odd by chance. */
const ENOUGH_ROWS = 4;

/**
 * The rows of a page, each by itself. A row that cannot be read is left out and named.
 * @throws DecodeError when more than half of four rows or more cannot be read: then the format has changed
 */
export function readRows(page: CandlePage, rows: readonly unknown[], reader: RowReader): PageRows {
  const { values, unreadable } = readEach(
    rows,
    (row, at) => reader.candle(row, at),
    (row) => {
      const openTime = reader.openTimeOf(row);
      return { symbol: page.symbol, ...(openTime === undefined ? {} : { openTime }) };
    },
  );
  const [first] = unreadable;
  if (first !== undefined && rows.length >= ENOUGH_ROWS && unreadable.length > rows.length / 2) {
    const problem = `${unreadable.length} of ${rows.length} rows cannot be read; of the first: ${first.message}`;
    throw new DecodeError(reader.venue, first.field, problem);
  }
  return { candles: inPage(page, values), unreadable };
}

/**
 * The candles of a page, whatever order the rows came in: ascending, unique, inside the page. Of two rows for
 * one open time the one with more volume is kept, because within a bar volume only grows.
 */
function inPage(page: CandlePage, candles: readonly SourcedCandle[]): readonly SourcedCandle[] {
  const kept = new Map<number, SourcedCandle>();
  for (const candle of candles) {
    if (candle.timestamp < page.from || candle.timestamp >= page.to) continue;
    const other = kept.get(candle.timestamp);
    if (other === undefined || candle.volume > other.volume) kept.set(candle.timestamp, candle);
  }
  return [...kept.values()].toSorted((a, b) => a.timestamp - b.timestamp);
}
