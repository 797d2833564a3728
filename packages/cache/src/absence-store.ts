import type { Series } from '@livermore/schemas';
import { exchangeAbsenceKey } from './keys';
import { addNotes } from './open-time-notes';
import type { RedisClient } from './redis';

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
    const key = exchangeAbsenceKey(exchangeId, series.symbol, series.timeframe);
    const notes = openTimes.map((openTime) => ({ openTime, member: String(openTime) }));
    await addNotes(this.#redis, key, series.timeframe, notes);
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
