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

/** REST may lag its own stream for this long after a boundary, ms. */
const REST_LAG_MS = 2_000;

/** As-of (µs) of a bar in a REST answer that was true at `answeredAt` (venue time, ms). */
export function restAsOf(timeframe: Timeframe, openTime: number, answeredAt: number): number {
  const closeTime = closeTimeOf(timeframe, openTime);
  if (answeredAt < closeTime) return Math.floor(answeredAt * MICROS_PER_MS);
  return Math.floor((answeredAt - closeTime >= REST_LAG_MS ? answeredAt : closeTime) * MICROS_PER_MS);
}
