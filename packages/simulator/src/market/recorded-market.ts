import { bucketStart, INTERVAL_MS } from './intervals';
import type { Bar, Interval, Market, MarketSymbol } from './market';
import { readFolder, RecordingError, scalesOf, toSeries } from './recorded/read-series';
import type { RawSeries } from './recorded/read-series';
import { RecordedBook } from './recorded/recorded-book';
import type { RecordedSpan } from './recorded/recorded-book';

export { RecordingError } from './recorded/read-series';
export type { RecordedSpan } from './recorded/recorded-book';

export interface RecordedMarketOptions {
  /** `whole-weeks-to-now`: moved so that the finest candles reach past `now`, on the same weekdays. Default `none`. */
  readonly shift?: 'whole-weeks-to-now' | 'none';
  /** Epoch ms; needed to shift. */
  readonly now?: number;
  /**
   * What a missing row means: that nothing traded (`quiet`), or that the venue was down (`hole`). By default quiet for
   * symbols spelled with a dash, whose venue leaves untraded buckets out, and a hole for the rest.
   */
  readonly missing?: 'quiet' | 'hole';
  /** Only these symbols; all when absent. */
  readonly symbols?: readonly string[];
}

/** A market read from recorded candles. What an interval's own recording says of closed bars is served as it is. */
export interface RecordedMarket extends Market {
  /** First instant (ms) of which anything, and from which nothing more, is known. */
  readonly opensAt: number;
  readonly endsAt: number;
  /** How far (ms) the recording was moved. */
  readonly shiftMs: number;
  /** Files that were left out, and why. */
  readonly notices: readonly string[];
  /** The recorded candles of an interval that were finished, as they are served; empty when it was not recorded. */
  recordedBars(symbol: string, interval: Interval): readonly Bar[];
  /** What was recorded of a symbol, per interval. */
  spans(symbol: string): ReadonlyMap<Interval, RecordedSpan>;
}

const WEEK_MS = 7 * 86_400_000;

/**
 * Reads a folder of `<SYMBOL>-<timeframe>.csv[.gz]` (header row; open_time in ms, open, high, low, close, volume and
 * optionally the rest of a kline's columns).
 * @throws RecordingError when a file is no such table or no file is, or a symbol asked for is in none
 */
export async function loadRecordedMarket(
  folder: string,
  options: RecordedMarketOptions = {},
): Promise<RecordedMarket> {
  const { series, notices } = await readFolder(folder);
  const wanted = series.filter(({ symbol }) => options.symbols?.includes(symbol) ?? true);
  const bySymbol = groupBySymbol(wanted);
  if (series.length === 0)
    throw new RecordingError(
      `"${folder}" has no candles: it needs files named <SYMBOL>-<timeframe>.csv or .csv.gz`,
      { folder },
    );
  const unknown = options.symbols?.filter((symbol) => !bySymbol.has(symbol)) ?? [];
  if (unknown.length > 0) throw notRecorded(folder, unknown, series);
  const shiftMs = shiftOf([...bySymbol.values()], options);
  const books = new Map<string, RecordedBook>();
  const symbols: MarketSymbol[] = [];
  for (const [symbol, raw] of bySymbol) {
    const scales = scalesOf(raw);
    const isQuiet = options.missing === undefined ? symbol.includes('-') : options.missing === 'quiet';
    const kept = raw
      .map((one) => toSeries(one, scales, shiftMs))
      .filter(({ interval, time }) => isOnGrid(interval, time));
    const book = new RecordedBook(kept, scales, isQuiet);
    books.set(symbol, book);
    symbols.push({
      symbol,
      ...assetsOf(symbol),
      priceDecimals: scales.price,
      sizeDecimals: scales.size,
      listedAt: book.opensAt,
      status: 'trading',
    });
  }
  const all = [...books.values()];
  return {
    symbols,
    notices,
    shiftMs,
    opensAt: Math.min(...all.map((book) => book.opensAt)),
    endsAt: Math.max(...all.map((book) => book.endsAt)),
    bars: (symbol, interval, from, to, now) => books.get(symbol)?.bars(interval, from, to, now) ?? [],
    trades: (symbol, from, to) => books.get(symbol)?.trades(from, to) ?? [],
    nextTradeAt: (symbol, after) => books.get(symbol)?.nextTradeAt(after),
    isOut: (symbol, at) => books.get(symbol)?.isOut(at) ?? true,
    intervals: (symbol) => books.get(symbol)?.intervals ?? [],
    recordedBars: (symbol, interval) => books.get(symbol)?.recordedBars(interval) ?? [],
    spans: (symbol) => books.get(symbol)?.spans ?? new Map(),
  };
}

/** Symbols named in an error, of those that are wrong and of those that would be right. */
const NAMED_AT_MOST = 10;

function listed(symbols: readonly string[]): string {
  const more = symbols.length > NAMED_AT_MOST ? ', …' : '';
  return `${symbols.slice(0, NAMED_AT_MOST).join(', ')}${more}`;
}

function notRecorded(
  folder: string,
  unknown: readonly string[],
  series: readonly RawSeries[],
): RecordingError {
  const held = [...new Set(series.map((each) => each.symbol))];
  return new RecordingError(`"${folder}" does not hold ${listed(unknown)}; it holds ${listed(held)}`, {
    folder,
    symbols: unknown,
  });
}

function groupBySymbol(series: readonly RawSeries[]): ReadonlyMap<string, readonly RawSeries[]> {
  const groups = new Map<string, RawSeries[]>();
  for (const one of series) groups.set(one.symbol, [...(groups.get(one.symbol) ?? []), one]);
  return groups;
}

function shiftOf(groups: readonly (readonly RawSeries[])[], options: RecordedMarketOptions): number {
  if (options.shift !== 'whole-weeks-to-now') return 0;
  if (options.now === undefined) throw new RecordingError('to shift a recording to now, say what time it is');
  // What is served live ends with the finest candles.
  const ends = groups.map((series) => {
    const finest = series.toSorted((a, b) => INTERVAL_MS[a.interval] - INTERVAL_MS[b.interval])[0];
    return Number(finest?.rows.at(-1)?.open_time ?? 0);
  });
  return Math.ceil((options.now - Math.min(...ends) + 1) / WEEK_MS) * WEEK_MS;
}

/** Whole weeks keep days and weeks on their grid, but not three-day bars or months. */
function isOnGrid(interval: Interval, time: Float64Array): boolean {
  return time.every((at) => bucketStart(interval, at) === at);
}

const QUOTES = ['USDT', 'USDC', 'BUSD', 'TUSD', 'FDUSD', 'USD', 'BTC', 'ETH', 'BNB', 'EUR', 'TRY'];

function assetsOf(symbol: string): { readonly base: string; readonly quote: string } {
  const [base, dashed] = symbol.split('-');
  if (base !== undefined && dashed !== undefined) return { base, quote: dashed };
  const quote = QUOTES.find((one) => symbol.length > one.length && symbol.endsWith(one));
  return quote === undefined ? { base: symbol, quote: '' } : { base: symbol.slice(0, -quote.length), quote };
}
