import { MICROS_PER_MS, closeAsOf, closeTimeOf } from '@livermore/schemas';
import type { Timeframe } from '@livermore/schemas';

/**
 * The as-of rule: `sequenceNum` is the exchange time, in microseconds, at which a state of a candle was true.
 * A bar is closed exactly when its as-of is at or past its close time, so an open bar is kept below it and
 * a closed one at or above it, whatever the frame's own clock says.
 */

/** As-of (µs) of a streamed bar, from the event's time (µs) and whether the bar is final. */
export function streamAsOf(
  timeframe: Timeframe,
  openTime: number,
  eventMicros: number,
  isFinal: boolean,
): number {
  const closing = closeAsOf(timeframe, openTime);
  return isFinal ? Math.max(eventMicros, closing) : Math.min(eventMicros, closing - 1);
}

/**
 * As-of (µs) of a bar in a REST answer that was true at `answeredAt` (venue time, ms). Whether an answer is evidence of a
 * *closed* bar depends on what stands beside the row: see `asReadings`.
 */
export function restAsOf(timeframe: Timeframe, openTime: number, answeredAt: number): number {
  const closing = closeAsOf(timeframe, openTime);
  const micros = Math.floor(answeredAt * MICROS_PER_MS);
  return answeredAt < closeTimeOf(timeframe, openTime) ? Math.min(micros, closing - 1) : micros;
}
