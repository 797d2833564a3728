import type { Series } from '@livermore/schemas';
import { recordOf } from './info';
import { exchangeCandleKey } from './keys';
import type { RedisClient } from './redis';

/** What a look at a Redis server tells of it, and of an exchange's series in it. */
export interface StoreLook {
  /** Changes when the server is started anew; empty where it does not say. */
  readonly runId: string;
  /** Keys that the server has thrown out for want of memory since it was started. */
  readonly evictedKeys: number;
  readonly isReplica: boolean;
  /** How many of the series asked about have a key. */
  readonly series: number;
}

/** Looks at a server and at some series, whatever their number, in two commands. */
export async function lookAtStore(
  redis: Pick<RedisClient, 'exists' | 'info'>,
  exchangeId: number,
  series: readonly Series[],
): Promise<StoreLook> {
  const keys = series.map(({ symbol, timeframe }) => exchangeCandleKey(exchangeId, symbol, timeframe));
  const [info, count] = await Promise.all([redis.info(), keys.length === 0 ? 0 : redis.exists(...keys)]);
  const fields = recordOf(info);
  const field = (name: string) => fields.get(name) ?? '';
  return {
    runId: field('run_id'),
    evictedKeys: Number(field('evicted_keys')) || 0,
    isReplica: field('role') === 'slave',
    series: count,
  };
}
