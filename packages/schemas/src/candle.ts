import { z } from 'zod';
import { SymbolSchema } from './symbol';
import { LATEST_OPEN_TIME_MS, TimeframeSchema, closeTimeOf, openTimeOf } from './timeframe';
import type { Timeframe } from './timeframe';

const price = z.number().positive();

const candleShape = {
  /** Open time of the bar, ms since the epoch, UTC. */
  timestamp: z.int().positive().max(LATEST_OPEN_TIME_MS),
  open: price,
  high: price,
  low: price,
  close: price,
  /** Base volume. */
  volume: z.number().nonnegative(),
  /** The venue's own spelling: `BTCUSDT`, `BTC-USD`. */
  symbol: SymbolSchema,
  timeframe: TimeframeSchema,
};

/** Where a candle came from. `no-trades` is a flat bar stored on proof that nothing traded. */
export const CANDLE_SOURCES = ['stream', 'rest', 'derived', 'no-trades'] as const;
export const CandleSourceSchema = z.enum(CANDLE_SOURCES);
export type CandleSource = z.infer<typeof CandleSourceSchema>;

interface Bar {
  readonly timestamp: number;
  readonly timeframe: Timeframe;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

function checkBar(context: z.core.ParsePayload<Bar>): void {
  const bar = context.value;
  const fault = (path: keyof Bar, message: string) =>
    context.issues.push({ code: 'custom', path: [path], message, input: bar[path] });
  if (bar.high < Math.max(bar.open, bar.close)) fault('high', 'high is below open or close');
  if (bar.low > Math.min(bar.open, bar.close)) fault('low', 'low is above open or close');
  if (bar.timestamp !== openTimeOf(bar.timeframe, bar.timestamp)) {
    fault('timestamp', `timestamp is not an open time of ${bar.timeframe}`);
  }
}

/** One bar of OHLCV. Refuses a high below or a low above open and close, and an open time off the grid. */
export const CandleSchema = z.object(candleShape).check(checkBar);
export type Candle = z.infer<typeof CandleSchema>;

/**
 * A candle with its exchange and the exchange time at which this state was true.
 *
 * `sequenceNum` is the as-of, in microseconds since the epoch: a bar is closed exactly when its as-of is at
 * or past its close time. So numbers from different connections, machines and transports are comparable.
 */
export const UnifiedCandleSchema = z
  .object({
    ...candleShape,
    exchange: z.string().min(1),
    sequenceNum: z.int().nonnegative().optional(),
    source: CandleSourceSchema.optional(),
  })
  .check(checkBar);
export type UnifiedCandle = z.infer<typeof UnifiedCandleSchema>;

/** A candle of the pipeline: it always knows its as-of and its source. */
export type SourcedCandle = UnifiedCandle & { readonly sequenceNum: number; readonly source: CandleSource };

/** Microseconds in a millisecond: as-of is in µs, every other time in ms. */
export const MICROS_PER_MS = 1000;

/** Close time of a candle's bar as an as-of (µs). */
export function closeAsOf(timeframe: Timeframe, openTime: number): number {
  return closeTimeOf(timeframe, openTime) * MICROS_PER_MS;
}

/** Whether this state of the bar is final: its as-of is at or past its close time. */
export function isClosed(candle: Pick<UnifiedCandle, 'timestamp' | 'timeframe' | 'sequenceNum'>): boolean {
  return (
    candle.sequenceNum !== undefined && candle.sequenceNum >= closeAsOf(candle.timeframe, candle.timestamp)
  );
}

/** All candles of one (symbol, timeframe) of an exchange. */
export interface Series {
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

/** A half-open range of open times, ms: `from` is in, `to` is not. */
export interface OpenTimeRange {
  readonly from: number;
  readonly to: number;
}
