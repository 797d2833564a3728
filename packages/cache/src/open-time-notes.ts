import { HARDCODED_CONFIG } from '@livermore/schemas';
import type { Timeframe } from '@livermore/schemas';
import type { RedisClient } from './redis';
import { exchangeTtlSeconds } from './strategies/candle-cache';

/** Notes about bars of a series, a sorted set scored by open time: the newest of them, for as long as a series lives. */
export async function addNotes(
  redis: Pick<RedisClient, 'expire' | 'zadd' | 'zremrangebyrank'>,
  key: string,
  timeframe: Timeframe,
  notes: readonly { readonly openTime: number; readonly member: string }[],
): Promise<void> {
  if (notes.length === 0) return;
  await Promise.all([
    redis.zadd(key, ...notes.flatMap(({ openTime, member }) => [openTime, member])),
    redis.zremrangebyrank(key, 0, -(HARDCODED_CONFIG.cache.maxCandlesPerSeries + 1)),
    redis.expire(key, exchangeTtlSeconds(timeframe)),
  ]);
}
