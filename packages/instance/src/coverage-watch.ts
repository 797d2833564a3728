import type { RedisClient } from '@livermore/cache';
import { CoverageReader, targetWindow } from '@livermore/exchange-core';
import type { BoundaryKeeper, Coverage, GapRepairer, VenueTime } from '@livermore/exchange-core';
import { openTimeOf, timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Series } from '@livermore/schemas';
import { messageOf } from '@livermore/utils';
import type { Clock, Logger } from '@livermore/utils';
import type { History } from './history';

export interface CoverageWatchOptions {
  readonly exchangeId: number;
  readonly history: Pick<History, 'cache' | 'absences'>;
  readonly venueTime: VenueTime;
  readonly keeper: Pick<BoundaryKeeper, 'round' | 'watch'>;
  readonly repairer: Pick<GapRepairer, 'request'>;
  /** Every series the exchange keeps, now. */
  readonly series: () => readonly Series[];
  /** Candles each series should hold. */
  readonly target: number;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Logger;
}

interface Seen {
  readonly series: Series;
  readonly window: OpenTimeRange;
  readonly coverage: Coverage | undefined;
}

/** A bar that closed less than this ago (ms) may be on its way: it is the keeper's. */
const YOUNG_MS = 120_000;
/** Every so often the whole cache is compared with what should be there, ms. */
const SWEEP_EVERY_MS = 600_000;
/** And a first time soon after the start: what a warmup left unsettled for want of a witness has one by then, ms. */
const FIRST_SWEEP_MS = 150_000;

/** Compares what the cache holds of every series with what it should hold, and has the difference fetched. */
export class CoverageWatch {
  readonly #options: CoverageWatchOptions;
  readonly #reader: CoverageReader;

  constructor(options: CoverageWatchOptions) {
    this.#options = options;
    const { exchangeId, history } = options;
    this.#reader = new CoverageReader({ exchangeId, cache: history.cache, absences: history.absences });
  }

  /** Has every series watched from the newest bar it has. */
  async watchAll(): Promise<void> {
    const { venueTime, keeper } = this.#options;
    for (const { series, window, coverage } of await this.#look(venueTime.now())) {
      keeper.watch(series, coverage?.newest ?? window.from - timeframeMs(series.timeframe));
    }
  }

  /** Sweeps regularly until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    for (let wait = FIRST_SWEEP_MS; !signal.aborted; wait = SWEEP_EVERY_MS) {
      await this.#options.clock.sleep(wait, signal).catch(() => undefined);
      if (!signal.aborted) await this.#trySweep();
    }
  }

  /**
   * A Redis that was away may have come back without its data: what is not a candle is put back by `restore`, and every
   * candle is asked for. @returns what ends the watching
   */
  startOverWhenBack(redis: Pick<RedisClient, 'on' | 'off'>, restore: () => Promise<void>): () => void {
    const onReady = () => void this.#startOver(restore);
    redis.on('ready', onReady);
    return () => redis.off('ready', onReady);
  }

  /** Asks for every hole older than what may be on its way. */
  async sweep(): Promise<void> {
    const { venueTime, repairer, logger } = this.#options;
    const now = venueTime.now();
    const seen = await this.#look(now);
    let gaps = 0;
    for (const { series, coverage } of seen) {
      const young = openTimeOf(series.timeframe, now - YOUNG_MS);
      for (const range of coverage?.missing ?? []) {
        const to = Math.min(range.to, young);
        if (range.why !== 'not-fetched' || range.from >= to) continue;
        gaps += 1;
        repairer.request({ series, from: range.from, to, reason: 'sweep', lane: 'repair' });
      }
    }
    logger.info({ event: 'coverage_swept', series: seen.length, gaps });
  }

  /**
   * What was known of the newest bars holds no longer: the keeper hears what there is now, and asks at once, before
   * the next close makes it believe that all before is there.
   */
  #startOver(restore: () => Promise<void>): Promise<void> {
    const { keeper, venueTime } = this.#options;
    return this.#trySweep(async () => {
      await restore();
      await this.watchAll();
      keeper.round(venueTime.now());
    });
  }

  async #trySweep(before: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    try {
      await before();
      await this.sweep();
    } catch (error) {
      this.#options.logger.warn({ event: 'sweep_failed', error: messageOf(error) });
    }
  }

  async #look(now: number): Promise<readonly Seen[]> {
    const { series, target } = this.#options;
    const queries = series().map((each) => ({
      series: each,
      window: targetWindow(each.timeframe, target, now),
    }));
    const coverages = await this.#reader.read(queries, now);
    return queries.map((query, at) => ({ ...query, coverage: coverages[at] }));
  }
}
