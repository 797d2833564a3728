import type { OpenTimeRange, Series } from '@livermore/schemas';
import { exchangeDoubtKey, exchangeLooksKey } from './keys';
import type { RedisClient } from './redis';

/** How many bars of a window are in doubt. */
export function countDoubts(
  redis: Pick<RedisClient, 'zcount'>,
  exchangeId: number,
  { symbol, timeframe }: Series,
  { from, to }: OpenTimeRange,
): Promise<number> {
  return redis.zcount(exchangeDoubtKey(exchangeId, symbol, timeframe), from, `(${to}`);
}

/** How many bars of each series wait for a look and open within its window; windows and counts by `symbol timeframe`. */
export async function countLooks(
  redis: Pick<RedisClient, 'zrange'>,
  exchangeId: number,
  windows: ReadonlyMap<string, OpenTimeRange>,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const member of await redis.zrange(exchangeLooksKey(exchangeId), '0', '-1')) {
    const end = member.lastIndexOf(' ');
    const [series, openTime] = [member.slice(0, end), Number(member.slice(end + 1))];
    const window = windows.get(series);
    if (window === undefined || !(openTime >= window.from && openTime < window.to)) continue;
    counts.set(series, (counts.get(series) ?? 0) + 1);
  }
  return counts;
}
