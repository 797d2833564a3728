import { HARDCODED_CONFIG } from '@livermore/schemas';
import type { Series } from '@livermore/schemas';
import { exchangeAbsenceKey } from './keys';
import type { RedisClient } from './redis';
import { exchangeTtlSeconds } from './strategies/candle-cache';

type AbsenceRedis = Pick<RedisClient, 'expire' | 'zadd' | 'zrangebyscore' | 'zrem' | 'zremrangebyrank'>;

/**
 * Open times a venue was asked for, long enough after their close, and does not have. They stay missing in
 * every coverage; remembering them keeps a warmup or a repair from asking again and again.
 */
export class AbsenceStore {
  readonly #redis: AbsenceRedis;

  constructor(redis: AbsenceRedis) {
    this.#redis = redis;
  }

  /** Remembers open times (ms) as absent at the venue. */
  async add(exchangeId: number, series: Series, openTimes: readonly number[]): Promise<void> {
    if (openTimes.length === 0) return;
    const key = exchangeAbsenceKey(exchangeId, series.symbol, series.timeframe);
    await Promise.all([
      this.#redis.zadd(key, ...openTimes.flatMap((openTime) => [openTime, String(openTime)])),
      this.#redis.zremrangebyrank(key, 0, -(HARDCODED_CONFIG.cache.maxCandlesPerSeries + 1)),
      this.#redis.expire(key, exchangeTtlSeconds(series.timeframe)),
    ]);
  }

  /** Open times (ms) remembered as absent between two open times, both included, ascending. */
  async read(
    exchangeId: number,
    series: Series,
    window: { readonly from: number; readonly to: number },
  ): Promise<number[]> {
    const key = exchangeAbsenceKey(exchangeId, series.symbol, series.timeframe);
    return (await this.#redis.zrangebyscore(key, window.from, window.to))
      .map(Number)
      .filter(Number.isSafeInteger);
  }

  /** Forgets open times: the venue has them after all, or is to be asked again. */
  async remove(exchangeId: number, series: Series, openTimes: readonly number[]): Promise<void> {
    if (openTimes.length === 0) return;
    await this.#redis.zrem(
      exchangeAbsenceKey(exchangeId, series.symbol, series.timeframe),
      ...openTimes.map(String),
    );
  }
}
