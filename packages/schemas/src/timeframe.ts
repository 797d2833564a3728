import { z } from 'zod';

/** The timeframes Livermore keeps, shortest first. Every longer one is a whole multiple of each shorter one. */
export const TIMEFRAMES = ['1m', '5m', '15m', '1h', '4h', '1d'] as const;

export const TimeframeSchema = z.enum(TIMEFRAMES);
export type Timeframe = z.infer<typeof TimeframeSchema>;

const MINUTE_MS = 60_000;
const LENGTH_MS: Readonly<Record<Timeframe, number>> = {
  '1m': MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '1h': 60 * MINUTE_MS,
  '4h': 240 * MINUTE_MS,
  '1d': 1440 * MINUTE_MS,
};

/** Length of a bar in milliseconds. @example timeframeMs('5m') // 300000 */
export function timeframeMs(timeframe: Timeframe): number {
  return LENGTH_MS[timeframe];
}

/**
 * Open time (ms) of the bar that contains `at` (ms). Buckets are aligned to the epoch in UTC.
 * @example openTimeOf('5m', 1_700_000_123_000) // 1_700_000_100_000
 */
export function openTimeOf(timeframe: Timeframe, at: number): number {
  const length = LENGTH_MS[timeframe];
  return Math.floor(at / length) * length;
}

/** First instant (ms) after the bar that opens at `openTime` (ms). */
export function closeTimeOf(timeframe: Timeframe, openTime: number): number {
  return openTime + LENGTH_MS[timeframe];
}

/** Open time (ms) of the newest bar that is closed at `now` (ms). */
export function newestClosedOpenTime(timeframe: Timeframe, now: number): number {
  return openTimeOf(timeframe, now) - LENGTH_MS[timeframe];
}

/** Latest open time (ms): the close of every bar up to here is still an exact integer in microseconds. */
export const LATEST_OPEN_TIME_MS = Math.floor(Number.MAX_SAFE_INTEGER / 1000) - LENGTH_MS['1d'];

/** Whether a text names a timeframe Livermore keeps. Case matters: on venues `1M` is a month. */
export function isTimeframe(text: string): text is Timeframe {
  return (TIMEFRAMES as readonly string[]).includes(text);
}
