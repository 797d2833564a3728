import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { AppError, messageOf } from '@livermore/utils';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { INTERVALS } from '../market';
import type { Interval } from '../market';
import { decimalsOf, textToUnits } from '../units';

/** A recording cannot be read: the message names file, line and field. */
export class RecordingError extends AppError {
  readonly code = 'recording_invalid';
  readonly recovery = 'stop';
}

/** Recorded bars of one symbol and interval, column by column, ascending; prices in ticks, amounts in units. */
export interface Series {
  readonly interval: Interval;
  readonly time: Float64Array;
  readonly open: readonly bigint[];
  readonly high: readonly bigint[];
  readonly low: readonly bigint[];
  readonly close: readonly bigint[];
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
/** Characters of a parser's own words that are repeated. */
const MOST_QUOTED = 160;
const INSTANT = /^\d{10,16}$/;
const PRICES: ReadonlySet<string> = new Set(['open', 'high', 'low', 'close']);
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
  const [header = [], ...lines] = tableIn(await textOf(path, isCompressed), path);
  const places = COLUMNS.map((column) => header.indexOf(column));
  const absent = COLUMNS.find((_, at) => at < MANDATORY && (places[at] ?? -1) < 0);
  if (absent !== undefined) throw new RecordingError(`${path}:1: there is no column "${absent}"`, { path });
  const rows: RawRow[] = [];
  for (const [at, line] of lines.entries()) {
    if (isEmpty(line)) continue;
    const row = rowOf(line, places);
    const problem = problemOf(row, rows.at(-1));
    if (problem !== undefined)
      throw new RecordingError(`${path}:${at + 2}: ${problem}`, { path, line: at + 2 });
    rows.push(row);
  }
  return rows;
}

async function textOf(path: string, isCompressed: boolean): Promise<string> {
  try {
    const bytes = await readFile(path);
    return (isCompressed ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (error) {
    throw new RecordingError(`${path}: cannot be read: ${messageOf(error)}`, { path }, error);
  }
}

/** Lines as they are numbered in the file, empty ones included. */
function tableIn(text: string, path: string): readonly (readonly string[])[] {
  try {
    const table: unknown = parse(text, {
      relax_column_count: true,
      // Some recordings mix both in one file.
      record_delimiter: ['\r\n', '\n'],
    });
    return TableSchema.parse(table);
  } catch (error) {
    // It quotes the field at fault, which in what is no text may be long.
    const problem = messageOf(error).slice(0, MOST_QUOTED);
    throw new RecordingError(`${path}: is no table: ${problem}`, { path }, error);
  }
}

function isEmpty(line: readonly string[]): boolean {
  return line.length === 0 || (line.length === 1 && line[0] === '');
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

/** What is wrong with a row, by its field; undefined where it is a candle after the one before. */
function problemOf(row: RawRow, before: RawRow | undefined): string | undefined {
  const { open_time: time = '', open, high, low, close } = row;
  if (!INSTANT.test(time)) return `open_time "${time}" is not in ms`;
  if (Number(time) <= Number(before?.open_time ?? -1)) return `open_time ${time} is not after the row before`;
  for (const [at, column] of COLUMNS.entries()) {
    if (column === 'open_time') continue;
    const text = row[column] ?? (at < MANDATORY ? '' : '0');
    if (!DECIMAL.test(text)) return `${column} "${text}" is no decimal`;
    if (!Number.isFinite(Number(text)) && !PRICES.has(column)) return `${column} "${text}" is beyond float64`;
    if (PRICES.has(column) && !isPrice(Number(text))) return `${column} "${text}" is no price`;
  }
  if (Number(high) < Math.max(Number(open), Number(low), Number(close)))
    return `high "${high}" is below open, low or close`;
  return Number(low) > Math.min(Number(open), Number(close))
    ? `low "${low}" is above open or close`
    : undefined;
}

function isPrice(value: number): boolean {
  return value > 0 && Number.isFinite(value);
}

export interface Scales {
  readonly price: number;
  readonly size: number;
}

/** Beyond any price or volume, float64 noise such as `972135.9047899999` included, which is served as it was recorded. */
const MOST_DECIMALS = 24;

/**
 * Decimals that hold every price, volume and worth of a symbol, so that nothing recorded is rounded. Worths have as
 * many as a price and a volume together.
 * @throws RecordingError where a decimal has more than 24
 */
export function scalesOf(series: readonly RawSeries[]): Scales {
  let price = 0;
  let size = 0;
  let worth = 0;
  for (const { rows } of series) {
    for (const row of rows) {
      price = [row.open, row.high, row.low, row.close].reduce(most, price);
      size = [row.volume, row.taker_base_volume].reduce(most, size);
      worth = [row.quote_volume, row.taker_quote_volume].reduce(most, worth);
    }
  }
  if (Math.max(price, size, worth) > MOST_DECIMALS) {
    throw new RecordingError(
      `a decimal of ${series[0]?.symbol ?? 'a symbol'} has more than ${MOST_DECIMALS} decimals: it cannot be served as it is`,
    );
  }
  return { price, size: Math.max(size, worth - price) };
}

function most(known: number, text: string | undefined): number {
  return Math.max(known, decimalsOf(text ?? ''));
}

/** Columns of a series, moved by `shift` ms, without its last row: that candle may still have been open. */
export function toSeries(raw: RawSeries, scales: Scales, shift: number): Series {
  const rows = raw.rows.slice(0, -1);
  const ticks = (pick: (row: RawRow) => string | undefined) =>
    rows.map((row) => textToUnits(pick(row) ?? '0', scales.price));
  const close = ticks((row) => row.close);
  const volume = rows.map((row) => textToUnits(row.volume ?? '0', scales.size));
  const worth = (text: string | undefined, at: number, base: bigint): bigint =>
    text === undefined ? base * (close[at] ?? 0n) : textToUnits(text, scales.price + scales.size);
  const takerBase = rows.map((row, at) =>
    row.taker_base_volume === undefined
      ? (volume[at] ?? 0n) / 2n
      : textToUnits(row.taker_base_volume, scales.size),
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
