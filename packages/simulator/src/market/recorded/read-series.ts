import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { AppError } from '@livermore/utils';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { INTERVALS } from '../market';
import type { Interval } from '../market';
import { decimalsOf, textToUnits } from '../units';

/** A recording cannot be read: the message names file and row. */
export class RecordingError extends AppError {
  readonly code = 'recording_invalid';
  readonly recovery = 'stop';
}

/** Recorded bars of one symbol and interval, column by column, ascending; prices in ticks, amounts in units. */
export interface Series {
  readonly interval: Interval;
  readonly time: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: readonly bigint[];
  /** Worth in ticks × units. */
  readonly quote: readonly bigint[];
  readonly takerBase: readonly bigint[];
  readonly takerQuote: readonly bigint[];
  /** Number of trades; 0 where the recording does not say. */
  readonly trades: Float64Array;
}

export interface RawSeries {
  readonly symbol: string;
  readonly interval: Interval;
  readonly rows: readonly RawRow[];
}

const COLUMNS = [
  'open_time',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'quote_volume',
  'trades',
  'taker_base_volume',
  'taker_quote_volume',
] as const;
/** A table needs the first six; the rest of a kline's columns may be absent. */
const MANDATORY = 6;
type RawRow = Readonly<Record<(typeof COLUMNS)[number], string | undefined>>;

const DECIMAL = /^\d+(\.\d+)?(e-?\d+)?$/i;
const INSTANT = /^\d{10,16}$/;
const TableSchema = z.array(z.array(z.string()));

const NAME = /^([A-Z0-9]+(?:-[A-Z0-9]+)?)-(\d+(?:s|m|h|d|w|M|Mo))\.csv(\.gz)?$/;

/** Reads every `<SYMBOL>-<timeframe>.csv[.gz]` of a folder; other files are named in `notices`. */
export async function readFolder(
  folder: string,
): Promise<{ readonly series: readonly RawSeries[]; readonly notices: readonly string[] }> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new RecordingError(`cannot read the folder "${folder}"`, { folder }, error);
  });
  const series: RawSeries[] = [];
  const notices: string[] = [];
  for (const name of names.toSorted()) {
    const match = NAME.exec(name);
    // `1Mo` is a month on file systems that do not tell 1m from 1M.
    const interval = INTERVALS.find((one) => one === match?.[2]?.replace('Mo', 'M'));
    if (match?.[1] === undefined || interval === undefined) {
      notices.push(`${name} is not named <SYMBOL>-<timeframe>.csv[.gz] and was left out`);
      continue;
    }
    const rows = await readRows(join(folder, name), match[3] !== undefined);
    if (rows.length > 1) series.push({ symbol: match[1], interval, rows });
    else notices.push(`${name} has no finished candle and was left out`);
  }
  return { series, notices };
}

async function readRows(path: string, isCompressed: boolean): Promise<readonly RawRow[]> {
  const bytes = await readFile(path);
  const text = (isCompressed ? gunzipSync(bytes) : bytes).toString('utf8');
  const table: unknown = parse(text, {
    skip_empty_lines: true,
    relax_column_count: true,
    // Some recordings mix both in one file.
    record_delimiter: ['\r\n', '\n'],
  });
  const [header = [], ...lines] = TableSchema.parse(table);
  const places = COLUMNS.map((column) => header.indexOf(column));
  const absent = COLUMNS.find((_, at) => at < MANDATORY && (places[at] ?? -1) < 0);
  if (absent !== undefined) throw new RecordingError(`${path}: there is no column "${absent}"`, { path });
  let last = -Infinity;
  return lines.map((line, at) => {
    const row = rowOf(line, places);
    if (!isSound(row, last))
      throw new RecordingError(`${path}: row ${at + 2} is no candle, or not after the one before`, {
        path,
        row: at + 2,
      });
    last = Number(row.open_time);
    return row;
  });
}

function rowOf(line: readonly string[], places: readonly number[]): RawRow {
  const cell = (column: number) => line[places[column] ?? -1];
  return {
    open_time: cell(0),
    open: cell(1),
    high: cell(2),
    low: cell(3),
    close: cell(4),
    volume: cell(5),
    quote_volume: cell(6),
    trades: cell(7),
    taker_base_volume: cell(8),
    taker_quote_volume: cell(9),
  };
}

function isSound(row: RawRow, last: number): boolean {
  const decimals = [row.open, row.high, row.low, row.close, row.volume];
  return (
    INSTANT.test(row.open_time ?? '') &&
    Number(row.open_time) > last &&
    decimals.every((text) => DECIMAL.test(text ?? ''))
  );
}

export interface Scales {
  readonly price: number;
  readonly size: number;
}

/** No venue writes more; what goes beyond is the noise of float64 sums, as in `972135.9047899999`. */
const MOST_DECIMALS = 8;

/** Decimals that hold every price and volume of a symbol. */
export function scalesOf(series: readonly RawSeries[]): Scales {
  let price = 0;
  let size = 0;
  for (const { rows } of series) {
    for (const row of rows) {
      for (const text of [row.open, row.high, row.low, row.close])
        price = Math.max(price, decimalsOf(text ?? ''));
      size = Math.max(size, decimalsOf(row.volume ?? ''), decimalsOf(row.taker_base_volume ?? ''));
    }
  }
  return { price: Math.min(MOST_DECIMALS, price), size: Math.min(MOST_DECIMALS, size) };
}

/** Columns of a series, moved by `shift` ms, without its last row: that candle may still have been open. */
export function toSeries(raw: RawSeries, scales: Scales, shift: number): Series {
  const rows = raw.rows.slice(0, -1);
  const ticks = (pick: (row: RawRow) => string | undefined) =>
    Float64Array.from(rows, (row) => ticksOf(pick(row) ?? '0', scales.price));
  const close = ticks((row) => row.close);
  const volume = rows.map((row) => roundedUnits(row.volume ?? '0', scales.size));
  const worth = (text: string | undefined, at: number, base: bigint): bigint =>
    text === undefined ? base * BigInt(close[at] ?? 0) : roundedUnits(text, scales.price + scales.size);
  const takerBase = rows.map((row, at) =>
    row.taker_base_volume === undefined
      ? (volume[at] ?? 0n) / 2n
      : roundedUnits(row.taker_base_volume, scales.size),
  );
  return {
    interval: raw.interval,
    time: Float64Array.from(rows, (row) => Number(row.open_time) + shift),
    open: ticks((row) => row.open),
    high: ticks((row) => row.high),
    low: ticks((row) => row.low),
    close,
    volume,
    quote: rows.map((row, at) => worth(row.quote_volume, at, volume[at] ?? 0n)),
    takerBase,
    takerQuote: rows.map((row, at) => worth(row.taker_quote_volume, at, takerBase[at] ?? 0n)),
    trades: Float64Array.from(rows, (row) => Number(row.trades ?? 0)),
  };
}

/** Whole ticks of a price: exact as long as they fit a float64's 15 digits, which prices do. */
function ticksOf(text: string, decimals: number): number {
  return Math.round(Number(text) * 10 ** decimals);
}

function roundedUnits(text: string, decimals: number): bigint {
  return (textToUnits(text, decimals + 1) + 5n) / 10n;
}
