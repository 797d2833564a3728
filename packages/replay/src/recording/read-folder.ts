/**
 * Reads recorded candles as text. This reader shares nothing with the simulator's: what the simulated venue made of a
 * file is judged by the file.
 */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { LATEST_OPEN_TIME_MS } from '@livermore/schemas';
import { messageOf } from '@livermore/utils';
import { isDecimal } from './decimal-text';
import { NotReplayableError } from './errors';
import type { RecordedBar, RecordedSeries } from './recorded-series';

const NAME = /^([A-Z0-9]+(?:-[A-Z0-9]+)?)-(\d+)(s|m|h|d|w|M|Mo)(?:-([A-Za-z0-9]+))?\.csv(\.gz)?$/;
/** Lengths that have one; longer intervals say nothing of the timeframes that are kept. */
const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const LONGEST_MS = 86_400_000;

const DECIMALS = ['open', 'high', 'low', 'close', 'volume'] as const;

/**
 * Every `<SYMBOL>-<timeframe>[-<source>].csv[.gz]` of a folder, of some symbols or all. The last row of a file is left
 * out: that candle may still have been open when it was recorded.
 * @throws NotReplayableError naming a file that cannot be read; file, line and field of a row that is no candle, repeated,
 * unsorted or off its grid
 */
export async function readFolder(
  folder: string,
  symbols?: readonly string[],
): Promise<readonly RecordedSeries[]> {
  const series: RecordedSeries[] = [];
  for (const name of await namesIn(folder)) {
    const [, symbol = '', count = '', unit = '', source = '', gz] = NAME.exec(name) ?? [];
    const stepMs = Number(count) * (UNIT_MS[unit] ?? Infinity);
    if (symbol === '' || !(stepMs <= LONGEST_MS) || symbols?.includes(symbol) === false) continue;
    const path = join(folder, name);
    const rows = readRows(await textOf(path, gz !== undefined), path, stepMs).slice(0, -1);
    const [first, last] = [rows[0], rows.at(-1)];
    if (first === undefined || last === undefined) continue;
    const bars = new Map(rows.map((bar) => [bar.openTime, bar]));
    const span = { from: first.openTime, to: last.openTime + stepMs };
    series.push({ symbol, interval: `${count}${unit}`, stepMs, source, bars, ...span });
  }
  return series;
}

/** The symbols of which a folder has a file, by name. @throws NotReplayableError */
export async function recordedSymbols(folder: string): Promise<readonly string[]> {
  const names = await namesIn(folder);
  return [...new Set(names.flatMap((name) => NAME.exec(name)?.[1] ?? []))];
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new NotReplayableError(`cannot read the folder "${folder}"`, { folder }, error);
  });
  return names.toSorted();
}

async function textOf(path: string, isCompressed: boolean): Promise<string> {
  try {
    const bytes = await readFile(path);
    return (isCompressed ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (error) {
    throw new NotReplayableError(`${path}: cannot be read: ${messageOf(error)}`, { path }, error);
  }
}

/** The rows of a file, as they are. @throws NotReplayableError naming file, line and field */
export function readRows(text: string, path: string, stepMs: number): readonly RecordedBar[] {
  const [header = '', ...lines] = text.split(/\r?\n/);
  const columns = cellsOf(header);
  const placeOf = (column: string): number => {
    const place = columns.indexOf(column);
    if (place < 0) throw new NotReplayableError(`${path}:1: there is no column "${column}"`, { path });
    return place;
  };
  const time = placeOf('open_time');
  const places = DECIMALS.map(placeOf);
  const rows: RecordedBar[] = [];
  lines.forEach((line, at) => {
    if (line === '') return;
    const cells = cellsOf(line);
    const texts = places.map((place) => cells[place] ?? '');
    const problem = problemOf(cells[time] ?? '', texts, { stepMs, last: rows.at(-1)?.openTime });
    if (problem !== undefined) throw new NotReplayableError(`${path}:${at + 2}: ${problem}`, { path });
    const [open = '', high = '', low = '', close = '', volume = ''] = texts;
    rows.push({ openTime: Number(cells[time]), open, high, low, close, volume });
  });
  return rows;
}

function cellsOf(line: string): readonly string[] {
  return line.split(',').map((cell) => cell.replace(/^"(.*)"$/, '$1'));
}

function problemOf(
  time: string,
  decimals: readonly string[],
  { stepMs, last = -Infinity }: { readonly stepMs: number; readonly last: number | undefined },
): string | undefined {
  const openTime = Number(time);
  if (!/^\d+$/.test(time) || openTime > LATEST_OPEN_TIME_MS) return `open_time "${time}" is not in ms`;
  if (openTime % stepMs !== 0) return `open_time ${time} is off the grid of its timeframe`;
  if (openTime === last) return `open_time ${time} is there twice`;
  if (openTime < last) return `open_time ${time} is not after the row before`;
  const wrong = decimals.findIndex((text) => !isDecimal(text));
  if (wrong >= 0) return `${DECIMALS[wrong] ?? ''} "${decimals[wrong] ?? ''}" is no decimal`;
  return problemOfValues(decimals);
}

/** Of decimals in the order of their columns: what no bar can say. */
function problemOfValues(texts: readonly string[]): string | undefined {
  const [open = 0, high = 0, low = 0, close = 0, volume = 0] = texts.map(Number);
  const odd = [open, high, low, close].findIndex((price) => !(price > 0 && price < Infinity));
  if (odd >= 0) return `${DECIMALS[odd] ?? ''} "${texts[odd] ?? ''}" is no price`;
  if (volume === Infinity) return `volume "${texts[4] ?? ''}" is beyond float64`;
  if (high < Math.max(open, low, close)) return `high "${texts[1] ?? ''}" is below open, low or close`;
  return low > Math.min(open, close) ? `low "${texts[2] ?? ''}" is above open or close` : undefined;
}
