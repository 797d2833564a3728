import { MICROS_PER_MS, timeframeMs } from '@livermore/schemas';
import type { Timeframe } from '@livermore/schemas';
import { DecodeError } from '../../errors';
import type { Where } from '../wire';

/** The venue's two spellings of time: RFC 3339 on frames, whole seconds on buckets. */

const RFC_3339 = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?Z$/;
const MICRO_DIGITS = 6;

/**
 * Microseconds since the epoch of an RFC 3339 text in UTC with 0 to 9 fractional digits; finer digits are
 * cut off. NaN for anything else, an impossible date and what is no text included.
 * @example microsOf('2026-11-20T10:00:06.1Z') // 1_795_168_806_100_000
 */
export function microsOf(text: unknown): number {
  if (typeof text !== 'string') return NaN;
  const [, seconds, fraction = ''] = RFC_3339.exec(text) ?? [];
  const ms = Date.parse(`${seconds}Z`);
  // A 30th of February would be read as a day of March: only what is written back the same is a date.
  if (!(ms > 0) || new Date(ms).toISOString() !== `${seconds}.000Z`) return NaN;
  const micros = ms * MICROS_PER_MS + Number(fraction.slice(0, MICRO_DIGITS).padEnd(MICRO_DIGITS, '0'));
  return Number.isSafeInteger(micros) ? micros : NaN;
}

/** Open time (ms) of a bucket from its `start`, decimal seconds on the grid; undefined for anything else. */
export function openTimeIn(start: unknown, timeframe: Timeframe): number | undefined {
  const openTime = typeof start === 'string' && /^\d{1,10}$/.test(start) ? Number(start) * 1000 : NaN;
  return openTime > 0 && openTime % timeframeMs(timeframe) === 0 ? openTime : undefined;
}

/** The same. @throws DecodeError */
export function openTimeAt(start: unknown, timeframe: Timeframe, where: Where): number {
  const openTime = openTimeIn(start, timeframe);
  if (openTime !== undefined) return openTime;
  throw new DecodeError(where.venue, `${where.path}start`, `is not an open time of ${timeframe} in seconds`);
}
