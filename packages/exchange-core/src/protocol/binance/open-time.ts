import { LATEST_OPEN_TIME_MS, timeframeMs } from '@livermore/schemas';
import type { Timeframe } from '@livermore/schemas';
import { DecodeError } from '../../errors';
import { integerAt } from '../wire';
import type { Where } from '../wire';

/** The venue tells of each bar its first and its last millisecond: the second must fit the first. */

/** Names of the two fields, for errors. */
export interface OpenTimeNames {
  readonly openTime: string;
  readonly lastMs: string;
}

/**
 * The open time (ms): on the grid, and its bar ends one millisecond before the next.
 * @throws DecodeError naming the field
 */
export function openTimeAt(
  openTime: unknown,
  lastMs: unknown,
  timeframe: Timeframe,
  where: Where,
  names: OpenTimeNames,
): number {
  const time = integerAt(openTime, where, names.openTime);
  const length = timeframeMs(timeframe);
  if (time % length !== 0 || time > LATEST_OPEN_TIME_MS) {
    throw new DecodeError(
      where.venue,
      where.path + names.openTime,
      `is not an open time of ${timeframe} in milliseconds`,
    );
  }
  if (lastMs !== time + length - 1) {
    throw new DecodeError(
      where.venue,
      where.path + names.lastMs,
      `is not the last millisecond of the ${timeframe} bar`,
    );
  }
  return time;
}

/** `{ openTime }` where the open time itself can be read, whatever else is wrong. */
export function openTimeKnown(openTime: unknown, timeframe: Timeframe): { readonly openTime?: number } {
  const isOpenTime =
    typeof openTime === 'number' &&
    openTime > 0 &&
    openTime <= LATEST_OPEN_TIME_MS &&
    openTime % timeframeMs(timeframe) === 0;
  return isOpenTime ? { openTime } : {};
}
