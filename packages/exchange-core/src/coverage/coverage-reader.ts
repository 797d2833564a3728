import type { AbsenceStore, CandleCacheStrategy } from '@livermore/cache';
import type { OpenTimeRange, Series } from '@livermore/schemas';
import { coverageOf } from './coverage';
import type { Coverage } from './coverage';

/** One series and the window of it that is asked about. */
export interface CoverageQuery {
  readonly series: Series;
  readonly window: OpenTimeRange;
}

/** Series asked about at once: bounds what waits for Redis, and how long one batch holds it. */
const SERIES_AT_ONCE = 500;

/** Reads the coverage of many series. Questions of a batch are issued together, so that they share pipelines. */
export class CoverageReader {
  readonly #exchangeId: number;
  readonly #cache: Pick<CandleCacheStrategy, 'summariseExchangeSeries'>;
  readonly #absences: Pick<AbsenceStore, 'read'>;

  constructor(options: {
    readonly exchangeId: number;
    readonly cache: Pick<CandleCacheStrategy, 'summariseExchangeSeries'>;
    readonly absences: Pick<AbsenceStore, 'read'>;
  }) {
    this.#exchangeId = options.exchangeId;
    this.#cache = options.cache;
    this.#absences = options.absences;
  }

  /** Coverage of each query, in order, at one instant of the venue's clock (ms). */
  async read(queries: readonly CoverageQuery[], venueNow: number): Promise<Coverage[]> {
    const coverages: Coverage[] = [];
    for (let at = 0; at < queries.length; at += SERIES_AT_ONCE) {
      const batch = queries.slice(at, at + SERIES_AT_ONCE);
      coverages.push(...(await Promise.all(batch.map((query) => this.#readOne(query, venueNow)))));
    }
    return coverages;
  }

  async #readOne({ series, window }: CoverageQuery, venueNow: number): Promise<Coverage> {
    const between = { from: window.from, to: window.to - 1 };
    const summary = await this.#cache.summariseExchangeSeries(this.#exchangeId, series, between);
    const input = { timeframe: series.timeframe, window, summary, venueNow };
    const coverage = coverageOf(input);
    if (coverage.isComplete) return coverage;
    // Only a series with holes has anything to explain: absences are read for those alone.
    const absent = await this.#absences.read(this.#exchangeId, series, between);
    return absent.length === 0 ? coverage : coverageOf({ ...input, absent });
  }
}
