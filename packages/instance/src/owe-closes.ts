import { beginTelling } from '@livermore/cache';
import type { RedisClient } from '@livermore/cache';
import type { Series } from '@livermore/schemas';
import type { History } from './history';

/** What closes from now on of these series is owed to who listens, also if nobody runs the exchange when it does. */
export function oweCloses(
  redis: Pick<RedisClient, 'hsetnx'>,
  exchangeId: number,
  { writer, rest }: Pick<History, 'rest' | 'writer'>,
  series: readonly Series[],
): Promise<void> {
  return beginTelling(redis, exchangeId, series, (each) => writer.newsFrom(each) ?? rest.time.now());
}
