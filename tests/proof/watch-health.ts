import type { ReplayOptions } from '@livermore/replay';
import { isClosed, openTimeOf, seriesKey, timeframeMs } from '@livermore/schemas';
import type { Series, Timeframe } from '@livermore/schemas';
import type { HealthLog } from './health-log';
import { servedBars } from './served';

/** How often, ms of the replayed time, and how many bars back. */
const EVERY_MS = 15_000;
const BARS = 30;
/** A bar that closed less than this ago (ms) may be on its way. */
const GRACE_MS = 60_000;
/** Bars that are longer are made of these, or fetched once they are there. */
const LOOKED_AT: ReadonlySet<Timeframe> = new Set(['1m', '5m', '1h']);

/** Looks now and then whether the newest bars that the venue has are cached, and notes it beside what health says. */
export function watchHealth(log: HealthLog): NonNullable<ReplayOptions['watch']> {
  return {
    everyMs: EVERY_MS,
    async look({ now, venueNow, health, cache, exchange, series, market, venue }) {
      const found = series
        .filter(({ timeframe }) => LOOKED_AT.has(timeframe))
        .map(async (each: Series) => {
          const step = timeframeMs(each.timeframe);
          const to = openTimeOf(each.timeframe, Math.min(now, venueNow) - GRACE_MS);
          const range = { from: to - BARS * step, to };
          const query = { from: range.from, to: to - 1 };
          const cached = await cache.readExchangeCandles(exchange.id, each, query);
          const there = new Set(cached.filter(isClosed).map((candle) => candle.timestamp));
          return servedBars({ venue, market, now }, each, range)
            .filter((bar) => !there.has(bar.openTime))
            .map((bar) => `${seriesKey(each)} ${new Date(bar.openTime).toISOString()}`);
        });
      const missing = (await Promise.all(found)).flat();
      const failing = health.checks.flatMap(({ name, ok, detail }) => (ok ? [] : [`${name}: ${detail}`]));
      log.look(now, missing, [{ ok: health.ok, failing }]);
    },
  };
}
