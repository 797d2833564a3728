import type { StoreLook } from '@livermore/cache';

/** What Redis did to the data between two looks at it. */
export interface StoreLoss {
  /**
   * `restarted`: another server process answers, which may have come back with less. `evicted`: it threw out keys for want
   * of memory. `emptied`: series that were there are not.
   */
  readonly reason: 'emptied' | 'evicted' | 'restarted';
  /** Keys of series that are gone, as far as they were counted. */
  readonly series: number;
}

/**
 * Judges two looks at a server. Pure.
 * @param expected how many of the series that `now` counted were there before
 * @returns what happened in between; undefined where nothing did
 */
export function lossBetween(
  before: StoreLook | undefined,
  now: StoreLook,
  expected: number,
): StoreLoss | undefined {
  const series = Math.max(0, expected - now.series);
  if (before !== undefined && now.runId !== before.runId) return { reason: 'restarted', series };
  if (series === 0) return undefined;
  // Where others use the same server, what it throws out may be theirs.
  const isEvicted = before !== undefined && now.evictedKeys > before.evictedKeys;
  return { reason: isEvicted ? 'evicted' : 'emptied', series };
}

/** What to tell a person about a loss. */
export const LOSS_SENTENCES: Readonly<Record<StoreLoss['reason'], string>> = {
  restarted: 'another Redis process answers since then',
  evicted: 'Redis threw out keys for want of memory: raise maxmemory, and set maxmemory-policy noeviction',
  emptied: 'they were deleted from Redis (FLUSHALL, DEL or an expiry)',
};
