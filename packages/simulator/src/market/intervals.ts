import type { Interval } from './market';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const DAY_MS = 24 * HOUR;

/** Length in ms; of a month only a lower bound (28 days), since months differ. */
export const INTERVAL_MS: Readonly<Record<Interval, number>> = {
  '1s': 1000,
  '1m': MINUTE,
  '3m': 3 * MINUTE,
  '5m': 5 * MINUTE,
  '15m': 15 * MINUTE,
  '30m': 30 * MINUTE,
  '1h': HOUR,
  '2h': 2 * HOUR,
  '4h': 4 * HOUR,
  '6h': 6 * HOUR,
  '8h': 8 * HOUR,
  '12h': 12 * HOUR,
  '1d': DAY_MS,
  '3d': 3 * DAY_MS,
  '1w': 7 * DAY_MS,
  '1M': 28 * DAY_MS,
};

/** 1970-01-05, the first Monday: weeks open on Mondays. */
const FIRST_MONDAY = 4 * DAY_MS;

/**
 * The opening of the bucket that contains `at`, UTC: weeks open on Monday, months on the first, everything else on
 * multiples since the epoch. `shift` (ms) moves the boundaries: +8 h makes days open at 16:00 UTC.
 */
export function bucketStart(interval: Interval, at: number, shift = 0): number {
  const local = at + shift;
  if (interval === '1M') {
    const date = new Date(local);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) - shift;
  }
  const length = INTERVAL_MS[interval];
  const origin = interval === '1w' ? FIRST_MONDAY : 0;
  return Math.floor((local - origin) / length) * length + origin - shift;
}

/** The opening of the bucket after the one that opens at `start`. */
export function nextBucket(interval: Interval, start: number, shift = 0): number {
  if (interval !== '1M') return start + INTERVAL_MS[interval];
  const date = new Date(start + shift);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) - shift;
}

/** The opening of the bucket before the one that opens at `start`. */
export function previousBucket(interval: Interval, start: number, shift = 0): number {
  return bucketStart(interval, start - 1, shift);
}

/** The first opening at or after `at`. */
export function firstBucketFrom(interval: Interval, at: number, shift = 0): number {
  const start = bucketStart(interval, at, shift);
  return start >= at ? start : nextBucket(interval, start, shift);
}
