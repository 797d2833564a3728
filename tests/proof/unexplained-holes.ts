import { AbsenceStore, CandleCacheStrategy, createRedis } from '@livermore/cache';
import { CoverageReader, defaultExchange } from '@livermore/exchange-core';
import type { ReplayReport } from '@livermore/replay';
import { timeframeMs } from '@livermore/schemas';

/** Bars the venue does not have that coverage does not explain: it says that nobody asked for them. */
export async function unexplainedHoles(report: ReplayReport, redisUrl: string): Promise<number> {
  const redis = createRedis(redisUrl);
  try {
    const reader = new CoverageReader({
      exchangeId: defaultExchange(report.venue).id,
      cache: new CandleCacheStrategy(redis),
      absences: new AbsenceStore(redis),
    });
    const queries = report.holes.flatMap(({ symbol, timeframe, ranges }) =>
      ranges.map((window) => ({ series: { symbol, timeframe }, window })),
    );
    const coverages = await reader.read(queries, report.to);
    return coverages.reduce((sum, { missing }, at) => {
      const step = timeframeMs(queries[at]?.series.timeframe ?? '1m');
      const unasked = missing.filter((range) => range.why === 'not-fetched');
      return sum + unasked.reduce((bars, range) => bars + (range.to - range.from) / step, 0);
    }, 0);
  } finally {
    redis.disconnect();
  }
}
