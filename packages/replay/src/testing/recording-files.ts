import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { OpenTimeRange } from '@livermore/schemas';
import type { Interval, Market } from '@livermore/simulator';

export interface ExportOptions {
  readonly folder: string;
  /** All of the market's when absent. */
  readonly symbols?: readonly string[];
  readonly intervals: readonly Interval[];
  /** Open times (ms) written. Every bar in it is taken to be finished. */
  readonly range: OpenTimeRange;
  /** Whether bars without trades are left out, as venues do that serve no bar for them. */
  readonly omitsEmpty?: boolean;
}

const HEADER = 'open_time,open,high,low,close,volume';
/** Long after the end every bar is finished. */
const LATER_MS = 7 * 86_400_000;

/** Writes a market as a folder of recorded candles, one `<SYMBOL>-<timeframe>.csv` for each series. */
export function exportMarket(market: Market, options: ExportOptions): void {
  const { folder, intervals, range, omitsEmpty = false } = options;
  mkdirSync(folder, { recursive: true });
  const symbols = options.symbols ?? market.symbols.map((each) => each.symbol);
  for (const symbol of symbols) {
    for (const interval of intervals) {
      const rows = market
        .bars(symbol, interval, range.from, range.to, range.to + LATER_MS)
        .filter((bar) => bar.trades > 0 || !omitsEmpty)
        .map((bar) => [bar.openTime, bar.open, bar.high, bar.low, bar.close, bar.volume].join(','));
      writeFileSync(join(folder, `${symbol}-${interval}.csv`), `${[HEADER, ...rows].join('\n')}\n`);
    }
  }
}

/** Copies the candles of some symbols that opened in a range (ms), so that a short replay reads little. */
export function sliceRecording(
  from: string,
  to: string,
  range: OpenTimeRange,
  symbols: readonly string[],
): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from).filter((each) => isOf(symbols, each))) {
    const bytes = readFileSync(join(from, name));
    const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    const [header = '', ...lines] = text.trimEnd().split('\n');
    const kept = lines.filter((line) => isIn(range, Number(line.slice(0, line.indexOf(',')))));
    writeFileSync(join(to, name.replace(/\.gz$/, '')), `${[header, ...kept].join('\n')}\n`);
  }
}

function isIn({ from, to }: OpenTimeRange, openTime: number): boolean {
  return openTime >= from && openTime < to;
}

function isOf(symbols: readonly string[], name: string): boolean {
  return /\.csv(\.gz)?$/.test(name) && symbols.some((symbol) => name.startsWith(`${symbol}-`));
}
