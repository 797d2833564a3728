import { lookAtStore, redisTroubleOf, setForeignAside } from '@livermore/cache';
import type { RedisClient, StoreLook } from '@livermore/cache';
import { CoverageReader, targetWindow } from '@livermore/exchange-core';
import type {
  BoundaryKeeper,
  Coverage,
  GapRepairer,
  HoleLedger,
  LookAtSeries,
  VenueTime,
} from '@livermore/exchange-core';
import { openTimeOf, seriesKey, timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Series } from '@livermore/schemas';
import { inRounds, messageOf } from '@livermore/utils';
import type { Clock, Logger } from '@livermore/utils';
import type { History } from './history';
import { lossBetween } from './store-loss';
import type { StoreLoss } from './store-loss';

export interface CoverageWatchOptions {
  readonly exchangeId: number;
  readonly redis: Pick<RedisClient, 'eval' | 'evalsha' | 'exists' | 'info' | 'off' | 'on'>;
  readonly history: Pick<History, 'cache' | 'absences'>;
  readonly venueTime: VenueTime;
  readonly keeper: Pick<BoundaryKeeper, 'round' | 'watch'>;
  readonly repairer: Pick<GapRepairer, 'request'>;
  readonly ledger: Pick<HoleLedger, 'looked' | 'looking' | 'toAsk'>;
  /** Every series the exchange keeps, now. */
  readonly series: () => readonly Series[];
  /** Candles each series should hold. */
  readonly target: number;
  /** Puts back what is not a candle: Redis has lost its data. */
  readonly restore: () => Promise<void>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Logger;
}

interface Seen {
  readonly series: Series;
  readonly window: OpenTimeRange;
  /** Undefined where it could not be read. */
  readonly coverage: Coverage | undefined;
}

/** A loss of data, and when it was noticed (venue time, ms). */
export interface NoticedLoss extends StoreLoss {
  readonly at: number;
}

/** A bar that closed less than this ago (ms) may be on its way: it is the keeper's. */
const YOUNG_MS = 120_000;
/** How often the server is looked at, ms, and in how many such rounds every series is read once. */
const ROUND_MS = 5_000;
const ROUNDS_FOR_ALL = 8;
/** A hole that was asked for is the repairer's; after this long, ms, it is mentioned again. */
const AGAIN_MS = 600_000;
/** What is overdue is asked for again after this, ms. */
const OVERDUE_AGAIN_MS = 30_000;

/**
 * Compares what the cache holds with what it should hold, without end: the server every few seconds, every series in turn.
 * What is missing is put down in the ledger of holes and fetched; what was lost is named.
 */
export class CoverageWatch {
  readonly #options: CoverageWatchOptions;
  readonly #reader: CoverageReader;
  /** Series that were seen to have a key. */
  readonly #present = new Map<string, Series>();
  /** By series, what was asked for last, and when (venue time, ms). */
  readonly #asked = new Map<string, { readonly ranges: readonly OpenTimeRange[]; readonly at: number }>();
  /** By series, when it was asked for what is overdue (venue time, ms). */
  readonly #askedOverdueAt = new Map<string, number>();
  #before: StoreLook | undefined;
  #loss: NoticedLoss | undefined;
  /** A loss of which not everything is put right yet: a round that fails is made again. */
  #owed: StoreLoss | undefined;
  #next = 0;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: CoverageWatchOptions) {
    this.#options = options;
    const { exchangeId, history } = options;
    this.#reader = new CoverageReader({ exchangeId, cache: history.cache, absences: history.absences });
  }

  /** The last time Redis lost something; undefined while it has not. */
  get loss(): NoticedLoss | undefined {
    return this.#loss;
  }

  /** Has every series watched from the newest bar it has. */
  async watchAll(): Promise<void> {
    const { venueTime, keeper } = this.#options;
    for (const { series, window, coverage } of await this.#look(this.#options.series(), venueTime.now())) {
      keeper.watch(series, coverage?.newest ?? window.from - timeframeMs(series.timeframe));
    }
  }

  /** Looks until the signal is aborted, and at once when Redis is back. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { redis, clock, logger } = this.#options;
    const onReady = () => void this.#lookNow().catch(() => undefined);
    redis.on('ready', onReady);
    await inRounds(
      () => this.#lookNow(),
      { everyMs: ROUND_MS, failed: 'coverage_look_failed', clock, logger },
      signal,
    );
    redis.off('ready', onReady);
  }

  /**
   * Values of another type than ours stand in the way of a series: they are moved aside, and what was there is fetched.
   * Never rejects.
   */
  async mend(series: Series): Promise<void> {
    try {
      if (await this.#moveAside([series])) await this.#lookAndAsk([series], 'lost');
    } catch (error) {
      this.#options.logger.warn({ event: 'foreign_value_stays', ...series, error: messageOf(error) });
    }
  }

  /** Clears tickers, and the counts of the day, of what is not ours. */
  async #clearOthers(): Promise<void> {
    const symbols = [...new Set(this.#options.series().map(({ symbol }) => symbol))];
    const day = new Date(this.#options.venueTime.now()).toISOString().slice(0, 10);
    await this.#moveAside([], { symbols, day });
  }

  /** @returns whether anything was in the way */
  async #moveAside(
    series: readonly Series[],
    others: { readonly symbols?: readonly string[]; readonly day?: string } = {},
  ): Promise<boolean> {
    const { redis, exchangeId, logger } = this.#options;
    const moved = await setForeignAside(redis, exchangeId, series, others);
    for (const { key, type } of moved) logger.error({ event: 'foreign_value_moved', key, type });
    return moved.length > 0;
  }

  /** One look after the other: a series is not read twice at a time. */
  #lookNow(): Promise<void> {
    const look = this.#looking.then(() => this.#round());
    this.#looking = look.catch(() => undefined);
    return look;
  }

  async #round(): Promise<void> {
    await this.#noteLoss();
    if (this.#owed === undefined) {
      // Once a turn of all series: only their own writers would stumble over these.
      if (this.#next === 0) await this.#clearOthers();
      await this.#lookAndAsk(this.#turn());
    } else await this.#startOver();
    this.#owed = undefined;
    this.#askForOverdue();
  }

  /** Notes what Redis lost since the last look. One that may not be looked at has lost nothing that is known. */
  async #noteLoss(): Promise<void> {
    const { redis, exchangeId, logger, venueTime } = this.#options;
    const expected = [...this.#present.values()];
    try {
      const now = await lookAtStore(redis, exchangeId, expected);
      const loss = lossBetween(this.#before, now, expected.length);
      this.#before = now;
      if (loss === undefined) return;
      this.#owed = loss;
      this.#loss = { ...loss, at: venueTime.now() };
      logger.error({ event: 'redis_lost_data', ...loss });
    } catch (error) {
      logger.warn({ event: 'redis_not_looked_at', error: messageOf(error) });
    }
  }

  /** What neither came nor was asked for, although it should be there by now. */
  #askForOverdue(): void {
    const { ledger, repairer, venueTime } = this.#options;
    const now = venueTime.now();
    for (const { series, range } of ledger.toAsk(now)) {
      const key = seriesKey(series);
      if (now - (this.#askedOverdueAt.get(key) ?? -Infinity) < OVERDUE_AGAIN_MS) continue;
      this.#askedOverdueAt.set(key, now);
      repairer.request({ series, ...range, reason: 'overdue', lane: 'repair' });
    }
  }

  /** The series whose turn it is. */
  #turn(): readonly Series[] {
    const all = this.#options.series();
    const size = Math.ceil(all.length / ROUNDS_FOR_ALL);
    const turn = all.slice(this.#next, this.#next + size);
    this.#next = this.#next + size < all.length ? this.#next + size : 0;
    return turn;
  }

  /**
   * What was known of the newest bars holds no longer: the keeper hears what there is now, and asks at once, before
   * the next close makes it believe that all before is there.
   */
  async #startOver(): Promise<void> {
    const { keeper, venueTime, restore } = this.#options;
    this.#present.clear();
    this.#asked.clear();
    await restore();
    await this.watchAll();
    keeper.round(venueTime.now());
    await this.#lookAndAsk(this.#options.series(), 'lost');
  }

  /** Asks for every hole older than what may be on its way. */
  async #lookAndAsk(series: readonly Series[], why: 'lost' | 'sweep' = 'sweep'): Promise<void> {
    const { venueTime, repairer, logger } = this.#options;
    const now = venueTime.now();
    let gaps = 0;
    for (const { series: each, coverage } of await this.#look(series, now)) {
      const young = openTimeOf(each.timeframe, now - YOUNG_MS);
      const holes = (coverage?.missing ?? [])
        .filter((range) => range.why === 'not-fetched' && range.from < young)
        .map(({ from, to }) => ({ from, to: Math.min(to, young) }));
      for (const hole of this.#notAsked(each, holes, now)) {
        gaps += 1;
        // What is found in passing may be what nothing is known of: what must be there is asked for when it is overdue.
        repairer.request({ series: each, ...hole, reason: why, lane: 'repair', canWait: why === 'sweep' });
      }
    }
    if (gaps > 0) logger.info({ event: 'coverage_swept', series: series.length, gaps });
  }

  /** Of these holes those that lie in nothing that was asked for lately. */
  #notAsked(series: Series, holes: readonly OpenTimeRange[], now: number): readonly OpenTimeRange[] {
    const key = seriesKey(series);
    const asked = this.#asked.get(key);
    const isOld = asked === undefined || now - asked.at >= AGAIN_MS;
    const known = isOld ? [] : asked.ranges;
    const fresh = holes.filter(
      ({ from, to }) => !known.some((range) => range.from <= from && to <= range.to),
    );
    if (holes.length === 0) this.#asked.delete(key);
    else if (isOld || fresh.length > 0) this.#asked.set(key, { ranges: holes, at: isOld ? now : asked.at });
    return fresh;
  }

  async #look(series: readonly Series[], now: number): Promise<readonly Seen[]> {
    const { ledger, target } = this.#options;
    const queries = series.map((each) => ({
      series: each,
      window: targetWindow(each.timeframe, target, now),
    }));
    for (const each of series) ledger.looking(each);
    const coverages = await this.#readAll(queries, now);
    return queries.map(({ series: each, window }, at) => {
      const coverage = coverages[at];
      ledger.looked(each, lookOf(window, coverage, timeframeMs(each.timeframe)), now);
      if ((coverage?.present ?? 0) > 0) this.#present.set(seriesKey(each), each);
      else this.#present.delete(seriesKey(each));
      return { series: each, window, coverage };
    });
  }

  /** A series that holds something else than candles is as good as empty, and keeps no other from being read. */
  async #readAll(
    queries: readonly { readonly series: Series; readonly window: OpenTimeRange }[],
    now: number,
  ): Promise<readonly (Coverage | undefined)[]> {
    try {
      return await this.#reader.read(queries, now);
    } catch (error) {
      if (redisTroubleOf(error) !== 'foreign') throw error;
    }
    await this.#moveAside(queries.map((query) => query.series));
    return this.#reader.read(queries, now);
  }
}

/** Of so many bars, at least this share has trades in a series that trades all the time. */
const BUSY_SHARE = 0.95;
const BUSY_BARS = 30;

/** What a look found, for the ledger of holes. A series that cannot be read lacks everything. */
function lookOf(window: OpenTimeRange, coverage: Coverage | undefined, step: number): LookAtSeries {
  const {
    missing = [{ ...window, why: 'not-fetched' as const }],
    present = 0,
    noTrades = 0,
  } = coverage ?? {};
  return {
    missing: missing.filter((range) => range.why === 'not-fetched'),
    absent: missing.filter((range) => range.why === 'absent-at-venue'),
    oldest: window.from,
    newest: window.to - step,
    isBusy: present >= BUSY_BARS && noTrades <= present * (1 - BUSY_SHARE),
  };
}
