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

const RowSchema = z.object({
  open_time: z.string().regex(/^\d{10,16}$/),
  open: z.string(),
  high: z.string(),
  low: z.string(),
  close: z.string(),
  volume: z.string(),
  quote_volume: z.string().optional(),
  trades: z.string().optional(),
  taker_base_volume: z.string().optional(),
  taker_quote_volume: z.string().optional(),
});
type RawRow = z.infer<typeof RowSchema>;

const DECIMAL = /^\d+(\.\d+)?(e-?\d+)?$/i;

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
  const records: unknown = parse(text, { columns: true, skip_empty_lines: true });
  const rows = z.array(z.unknown()).parse(records);
  let last = -Infinity;
  return rows.map((record, at) => {
    const row = RowSchema.safeParse(record);
    const time = Number(row.data?.open_time);
    const isSound =
      row.success &&
      time > last &&
      [row.data.open, row.data.high, row.data.low, row.data.close, row.data.volume].every((v) => DECIMAL.test(v));
    if (!isSound)
      throw new RecordingError(`${path}: row ${at + 2} is no candle, or not after the one before`, { path, row: at + 2 });
    last = time;
    return row.data;
  });
}

export interface Scales {
  readonly price: number;
  readonly size: number;
}

/** Decimals that hold every price and volume of a symbol. */
export function scalesOf(series: readonly RawSeries[]): Scales {
  let price = 0;
  let size = 0;
  for (const { rows } of series) {
    for (const row of rows) {
      price = Math.max(price, decimalsOf(row.open), decimalsOf(row.high), decimalsOf(row.low), decimalsOf(row.close));
      size = Math.max(size, decimalsOf(row.volume), decimalsOf(row.taker_base_volume ?? ''));
    }
  }
  return { price, size };
}

/** Columns of a series, moved by `shift` ms, without its last row: that candle may still have been open. */
export function toSeries(raw: RawSeries, scales: Scales, shift: number): Series {
  const rows = raw.rows.slice(0, -1);
  const ticks = (pick: (row: RawRow) => string) =>
    Float64Array.from(rows, (row) => Number(textToUnits(pick(row), scales.price)));
  const close = ticks((row) => row.close);
  const volume = rows.map((row) => textToUnits(row.volume, scales.size));
  const worth = (text: string | undefined, at: number, base: bigint): bigint =>
    text === undefined ? base * BigInt(close[at] ?? 0) : textToUnits(text, scales.price + scales.size);
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
