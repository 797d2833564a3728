import { parseJson, warmupScheduleKey, warmupStatsKey } from '@livermore/cache';
import type { RedisClient } from '@livermore/cache';
import { WarmupScheduleSchema, WarmupStatsSchema } from './types';
import type { WarmupSchedule, WarmupStats } from './types';

/**
 * What the newest warmup of an exchange does or did; undefined when there was none.
 * @throws CacheValueError naming the field, when what is stored is not a schedule
 */
export async function readWarmupSchedule(
  redis: Pick<RedisClient, 'get'>,
  exchangeId: number,
): Promise<WarmupSchedule | undefined> {
  const text = await redis.get(warmupScheduleKey(exchangeId));
  return text === null ? undefined : parseJson(warmupScheduleKey(exchangeId), text, WarmupScheduleSchema);
}

/**
 * How the newest warmup of an exchange goes or went; undefined when there was none. Compare its `runId` with the
 * schedule's, and `updatedAt` with the time: a run that was killed cannot say so.
 * @throws CacheValueError naming the field, when what is stored is not the stats of a warmup
 */
export async function readWarmupStats(
  redis: Pick<RedisClient, 'get'>,
  exchangeId: number,
): Promise<WarmupStats | undefined> {
  const text = await redis.get(warmupStatsKey(exchangeId));
  return text === null ? undefined : parseJson(warmupStatsKey(exchangeId), text, WarmupStatsSchema);
}
