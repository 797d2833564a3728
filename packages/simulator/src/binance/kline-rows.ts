import { bucketStart, INTERVAL_MS, nextBucket } from '../market/intervals';
import type { Bar, Interval, Market } from '../market/market';
import { mergeBars } from '../market/merge';
import { wireBar } from './listing';

export interface KlineQuestion {
  readonly symbol: string;
  readonly interval: Interval;
  readonly from: number | undefined;
  /** Inclusive, like `from`, and compared with the opening. */
  readonly to: number | undefined;
  readonly limit: number;
  /** Moves the boundaries of intervals from one hour up, ms. */
  readonly shift: number;
  readonly listedAt: number;
  readonly now: number;
}

/** Holes may have to be crossed to gather as many rows as were asked for; each step looks twice as far. */
const LARGEST_STRIDE_BUCKETS = 1 << 20;

/**
 * Which candles a question is answered with: from the oldest where a start is given, else the newest before the end.
 * The last may still be forming.
 */
export function selectBars(market: Market, question: KlineQuestion): readonly Bar[] {
  const { from, to, now } = question;
  const last = Math.min(to ?? now, now);
  if (from === undefined) return newest(market, question, last);
  return from > last ? [] : oldest(market, question, Math.max(from, 0), last);
}

function oldest(market: Market, question: KlineQuestion, from: number, last: number): readonly Bar[] {
  const length = lengthOf(question.interval);
  const rows: Bar[] = [];
  let start = Math.max(from, question.listedAt - length);
  let stride = question.limit;
  while (start <= last && rows.length < question.limit) {
    const end = Math.min(last + 1, start + stride * length);
    rows.push(...barsBetween(market, question, start, end));
    start = end;
    stride = Math.min(LARGEST_STRIDE_BUCKETS, stride * 2);
  }
  return rows.slice(0, question.limit);
}

function newest(market: Market, question: KlineQuestion, last: number): readonly Bar[] {
  const length = lengthOf(question.interval);
  const { interval, shift, limit, listedAt } = question;
  let rows: readonly Bar[] = [];
  let end = last + 1;
  let stride = limit - 1;
  while (rows.length < limit && end > listedAt - length) {
    const newestStart = bucketStart(interval, end - 1, shiftOf(interval, shift));
    const start = Math.max(newestStart - stride * length, listedAt - length);
    rows = [...barsBetween(market, question, start, end), ...rows];
    end = start;
    stride = Math.min(LARGEST_STRIDE_BUCKETS, Math.max(1, stride) * 2);
  }
  return rows.slice(-limit);
}

function lengthOf(interval: Interval): number {
  return interval === '1M' ? 31 * INTERVAL_MS['1d'] : INTERVAL_MS[interval];
}

/** Time zones move only boundaries of an hour and more. */
export function shiftOf(interval: Interval, shift: number): number {
  return INTERVAL_MS[interval] >= INTERVAL_MS['1h'] ? shift : 0;
}

function barsBetween(market: Market, question: KlineQuestion, from: number, to: number): readonly Bar[] {
  const { symbol, interval, now } = question;
  const shift = shiftOf(interval, question.shift);
  if (shift === 0) return market.bars(symbol, interval, from, to, now);
  const bars: Bar[] = [];
  let start = bucketStart(interval, from, shift);
  if (start < from) start = nextBucket(interval, start, shift);
  for (; start < to && start <= now; start = nextBucket(interval, start, shift)) {
    const bar = shiftedBar(market, symbol, { interval, start, shift, now });
    if (bar !== undefined) bars.push(bar);
  }
  return bars;
}

/** A bar between boundaries no ordinary bar has, made of shorter ones. */
export function shiftedBar(
  market: Market,
  symbol: string,
  at: { readonly interval: Interval; readonly start: number; readonly shift: number; readonly now: number },
): Bar | undefined {
  const end = nextBucket(at.interval, at.start, at.shift);
  const part: Interval = at.shift % INTERVAL_MS['1h'] === 0 ? '1h' : '15m';
  return mergeBars(market.bars(symbol, part, at.start, end, at.now), at.start, end);
}

/** The 12 elements of a row; `unit` 1000 writes microseconds. */
export function rowOf(bar: Bar, priceScale: number, unit: 1 | 1000): readonly (string | number)[] {
  const wire = wireBar(bar, priceScale);
  return [
    wire.openTime * unit,
    wire.open,
    wire.high,
    wire.low,
    wire.close,
    wire.volume,
    wire.closeTime * unit - 1,
    wire.quoteVolume,
    wire.trades,
    wire.takerBaseVolume,
    wire.takerQuoteVolume,
    '0',
  ];
}
