import { openTimeOf, seriesKey, timeframeMs } from '@livermore/schemas';
import type { Series } from '@livermore/schemas';
import { exchangeToldKey } from './keys';
import type { RedisClient } from './redis';

/**
 * From now on every close of these series is owed to who listens, whoever is there when it comes: of a series that has told
 * nothing yet, what closed before `since` is history, and what closes later is told, late if need be.
 * @param since by series, ms of the venue's time
 */
export async function beginTelling(
  redis: Pick<RedisClient, 'hsetnx'>,
  exchangeId: number,
  series: readonly Series[],
  since: (series: Series) => number,
): Promise<void> {
  const key = exchangeToldKey(exchangeId);
  await Promise.all(
    series.map((each) => {
      const first = openTimeOf(each.timeframe, since(each));
      return redis.hsetnx(key, seriesKey(each), `${first}:${first - timeframeMs(each.timeframe)}`);
    }),
  );
}
