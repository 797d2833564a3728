import type { CandleCacheStrategy, WriteOutcome } from '@livermore/cache';
import type { HistorySink, PageReport } from '../ports';
import type { CandlePage } from '../protocol/protocol';

/** What a write came to that met nothing cached, changed by `over`. */
export function outcomeWith(over: Partial<WriteOutcome> = {}): WriteOutcome {
  return {
    written: true,
    replaced: false,
    changed: true,
    wasClosed: false,
    settled: false,
    doubted: false,
    agrees: false,
    corrected: false,
    ...over,
  };
}

/** The report of a page that held nothing, changed by `over`. */
export function reportWith(page: CandlePage, over: Partial<PageReport> = {}): PageReport {
  return {
    page,
    answeredAt: page.to,
    rows: 0,
    written: 0,
    corrected: 0,
    noTrades: 0,
    newestAsked: page.to,
    newestRow: undefined,
    absent: [],
    unsettled: [],
    stillQuiet: [],
    outcomes: [],
    ...over,
  };
}

/** History that goes into a cache. `now`: the venue's time, ms. */
export function silentSink(cache: CandleCacheStrategy, exchangeId: number, now?: () => number): HistorySink {
  return {
    writeHistory: (series, candles, options) =>
      cache.writeExchangeCandles(exchangeId, series, candles, {
        ...options,
        ...(now === undefined ? {} : { now: now() }),
      }),
    async retract(bar, cause) {
      const judged = { openTime: bar.timestamp, asOf: bar.sequenceNum, source: bar.source };
      return (await cache.retract(exchangeId, bar, judged, { cause, exchange: bar.exchange })).removed;
    },
  };
}
