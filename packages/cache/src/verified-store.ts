import { parseSeriesKey, seriesKey } from '@livermore/schemas';
import type { Series } from '@livermore/schemas';
import { exchangeVerifiedKey } from './keys';
import type { RedisClient } from './redis';

/** How far a series has been compared with the venue's own bars. Times in ms, the venue's. */
export interface Verified {
  /** Open time of the newest bar of which it and every bar before it in the series has been compared. */
  readonly through: number;
  /** When the last whole reading was made. */
  readonly readAt: number;
}

/** Through which bar each series is verified: kept apart from the bars, so that a restart goes on where it was. */
export class VerifiedStore {
  readonly #redis: Pick<RedisClient, 'hget' | 'hgetall' | 'hset'>;

  constructor(redis: Pick<RedisClient, 'hget' | 'hgetall' | 'hset'>) {
    this.#redis = redis;
  }

  async save(exchangeId: number, series: Series, verified: Verified): Promise<void> {
    const value = `${verified.through}:${Math.floor(verified.readAt)}`;
    await this.#redis.hset(exchangeVerifiedKey(exchangeId), seriesKey(series), value);
  }

  /** What is known of a series; undefined where nothing is, or where it cannot be read. */
  async read(exchangeId: number, series: Series): Promise<Verified | undefined> {
    return verifiedOf((await this.#redis.hget(exchangeVerifiedKey(exchangeId), seriesKey(series))) ?? '');
  }

  /** What is known of every series, by `symbol timeframe`; what cannot be read is left out and verified anew. */
  async readAll(exchangeId: number): Promise<ReadonlyMap<string, Verified>> {
    const fields = await this.#redis.hgetall(exchangeVerifiedKey(exchangeId));
    const all = new Map<string, Verified>();
    for (const [name, value] of Object.entries(fields)) {
      const verified = verifiedOf(value);
      if (verified !== undefined && parseSeriesKey(name) !== undefined) all.set(name, verified);
    }
    return all;
  }
}

function verifiedOf(value: string): Verified | undefined {
  const [through = Number.NaN, readAt = Number.NaN] = value.split(':').map(Number);
  return Number.isSafeInteger(through) && Number.isSafeInteger(readAt) ? { through, readAt } : undefined;
}
