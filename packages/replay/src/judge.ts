import type { CandleCacheStrategy } from '@livermore/cache';
import { DEFAULT_CANDLE_TARGET } from '@livermore/exchange-core';
import {
  HARDCODED_CONFIG,
  closeTimeOf,
  isClosed,
  openTimeOf,
  seriesKey,
  timeframeMs,
} from '@livermore/schemas';
import type { OpenTimeRange, Series } from '@livermore/schemas';
import type { Actual, AnnouncedLedger } from './announced';
import type { BarValues } from './bar-values';
import { compareSeries } from './compare';
import type { TrueBar } from './compare';
import { Findings } from './findings';
import type { Recording } from './recording';
import type { Truth } from './truth';

export interface JudgeOptions {
  readonly recording: Recording;
  readonly truth: Truth;
  readonly cache: Pick<CandleCacheStrategy, 'readExchangeCandles'>;
  readonly exchangeId: number;
  readonly ledger: AnnouncedLedger;
}

/** Compares each series from its first cached bar on, stretch by stretch, and gathers what was found. */
export class Judge {
  readonly #options: JudgeOptions;
  readonly #findings = new Findings();
  /** By series, the open time (ms) up to which it has been compared. */
  readonly #comparedTo = new Map<string, number>();

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  /**
   * Compares what closed before `until` (ms) and has not been compared yet. `activeAt`: when the warmup was over, ms by
   * the venue's clock.
   */
  async compare(series: Series, until: number, activeAt: number): Promise<void> {
    const { truth, recording, cache, exchangeId, ledger } = this.#options;
    const key = seriesKey(series);
    const to = openTimeOf(series.timeframe, until);
    if (to <= oldestPossible(series, activeAt)) return;
    const range = { from: this.#comparedTo.get(key) ?? (await this.#first(series, activeAt)), to };
    if (range.from >= to) return;
    this.#comparedTo.set(key, to);
    const cached = await cache.readExchangeCandles(exchangeId, series, { from: range.from, to: to - 1 });
    const bars = truth.bars(series, range);
    const found = compareSeries(series, range, {
      cached,
      truth: bars,
      omitsQuiet: recording.omitsQuiet(series),
      closeBefore: truth.closeBefore(series, range.from),
    });
    const heard = ledger.take(series, to);
    const told = heard.filter((each) => each.last !== 'retracted').map((each) => each.openTime);
    // What is missing counts as that.
    const accounted = new Set([...told, ...found.missing]);
    const notCompared = new Set([...found.missing, ...found.falselyQuiet]);
    const closed = [...bars.map((bar) => bar.openTime), ...found.quiet];
    const lived = closed.filter((openTime) => closeTimeOf(series.timeframe, openTime) > activeAt);
    const judged: Judged = {
      range,
      known: new Map(bars.map((bar) => [bar.openTime, bar])),
      cached: new Map(cached.filter(isClosed).map((bar) => [bar.timestamp, bar])),
    };
    this.#findings.add(found, {
      series,
      step: timeframeMs(series.timeframe),
      readingsOf: (openTime) => truth.readings(series, openTime),
      formerlyOf: (openTime) => truth.formerly(series, openTime),
      lived: lived.filter((openTime) => !notCompared.has(openTime)).length,
      unannounced: lived.filter((openTime) => !accounted.has(openTime)),
      announced: ledger.judge(series, range, heard, (openTime) => this.#actual(series, openTime, judged)),
    });
  }

  results(): ReturnType<Findings['results']> {
    return this.#findings.results();
  }

  /** What a bar is. The true bars of a range are known; only those outside it are looked up. */
  #actual(series: Series, openTime: number, { range, known, cached }: Judged): Actual {
    const { truth, recording } = this.#options;
    const isKnown = openTime >= range.from && openTime < range.to;
    const own = { from: openTime, to: openTime + timeframeMs(series.timeframe) };
    const bar = isKnown ? known.get(openTime) : truth.bars(series, own)[0];
    return {
      bar,
      omitsQuiet: recording.omitsQuiet(series),
      closeBefore: bar === undefined ? truth.closeBefore(series, openTime) : undefined,
      readings: () => truth.readings(series, openTime),
      cached: cached.get(openTime),
    };
  }

  /** The first bar that is cached, or that the warmup must have brought, whichever is older. */
  async #first(series: Series, activeAt: number): Promise<number> {
    const { cache, exchangeId } = this.#options;
    const cached = await cache.readExchangeCandles(exchangeId, series);
    const wanted = this.#firstWarmed(series, activeAt);
    return Math.min(wanted, openTimeOf(series.timeframe, cached[0]?.timestamp ?? wanted));
  }

  /** The first bar the warmup must have brought: as many as its target, and no older than the recording. */
  #firstWarmed(series: Series, activeAt: number): number {
    const step = timeframeMs(series.timeframe);
    const newest = openTimeOf(series.timeframe, activeAt) - step;
    const wanted = newest - (DEFAULT_CANDLE_TARGET - 1) * step;
    const known = this.#options.recording.bars(series, { from: wanted, to: newest + step });
    return Math.max(wanted, known[0]?.openTime ?? newest + step);
  }
}

/** What is known of the bars that are judged for the first time. */
interface Judged {
  readonly range: OpenTimeRange;
  readonly known: ReadonlyMap<number, TrueBar>;
  readonly cached: ReadonlyMap<number, BarValues>;
}

/** No bar that is older than this (ms) was ever cached: a series is bounded. */
function oldestPossible({ timeframe }: Series, activeAt: number): number {
  return activeAt - (HARDCODED_CONFIG.cache.maxCandlesPerSeries + 1) * timeframeMs(timeframe);
}
