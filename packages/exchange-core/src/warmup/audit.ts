import type { CandleCacheStrategy, Verified, VerifiedStore } from '@livermore/cache';
import { newestClosedOpenTime, seriesKey, timeframeMs } from '@livermore/schemas';
import type { CandleSource, OpenTimeRange, Series, SourcedCandle } from '@livermore/schemas';
import { messageOf } from '@livermore/utils';
import type { Clock, Logger } from '@livermore/utils';
import { isReading } from '../coverage/reading';
import type { BarOutcome, PageLoader, PageReport, VenueTime } from '../ports';
import type { CandlePage, RestProtocol } from '../protocol/protocol';

/** Bars compared so far. `compared` = `equal` + `different`. */
export interface AuditCounts {
  readonly compared: number;
  readonly equal: number;
  readonly different: number;
}

/** A bar of ours that was not what the venue says. */
export interface AuditDifference extends Series {
  /** Open time, ms. */
  readonly timestamp: number;
  /** Source of ours; undefined where it was not said. */
  readonly source: CandleSource | undefined;
  readonly venue: SourcedCandle;
}

export interface AuditFacts extends AuditCounts {
  /** Pages asked for, and those that failed. */
  readonly pages: number;
  readonly failures: number;
  /** Series that have been read whole at least once, of all. */
  readonly verified: number;
  /** The newest differences; `different` counts all. */
  readonly differences: readonly AuditDifference[];
}

export interface AuditOptions {
  readonly exchangeId: number;
  /** What is to be verified, now. */
  readonly series: () => readonly Series[];
  readonly cache: Pick<CandleCacheStrategy, 'readExchangeCandles'>;
  readonly store: Pick<VerifiedStore, 'read' | 'readAll' | 'save'>;
  readonly loader: PageLoader;
  readonly rest: Pick<RestProtocol, 'candleWeight'> & {
    readonly limits: Pick<RestProtocol['limits'], 'candlesPerPage'>;
  };
  /** The allowance of weight as the venue states it now. */
  readonly allowance: () => { readonly weight: number; readonly perMs: number };
  readonly venueTime: VenueTime;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Logger;
  /** A page was read: what it holds may be compared with its parts. */
  readonly onRead?: (report: PageReport) => Promise<void>;
}

/** The series whose turn it is, and what is read of it. */
interface Turn {
  readonly series: Series;
  readonly page: CandlePage;
  /** The turn of the series is over with it: it reaches up to the newest closed bar, or all of that was read before. */
  readonly endsTurn: boolean;
  /** Open time (ms) of the newest bar in it that is cached and traded: an answer that ends before it says nothing of it. */
  readonly newestTraded: number | undefined;
  /** All bars of the series before it have been compared. */
  readonly follows: boolean;
}

/** Bars beyond a hole that have all been compared: open times (ms) of the first of them and of the last. */
interface Stretch {
  readonly from: number;
  readonly through: number;
}

/** Older bars of a series that holds more than a request brings, page by page. Open times in ms. */
interface OlderPlan {
  /** Before which bar the next page ends. */
  readonly before: number;
  /** Whether the next turn is for it. */
  readonly isNext: boolean;
  /** Where the page ended that was asked for last and has not been read. */
  readonly asked?: number;
}

/** Share of the venue's allowance that verifying may spend. */
const SHARE = 0.02;
/** A series is not read again sooner than this, ms, however few there are. */
const LEAST_EVERY_MS = 600_000;
/** A bar is not verified by a reading sooner after its close than this, ms: what the venue corrects late is not in it. */
const VERIFIED_AFTER_MS = 600_000;
/** Share of a page that older bars must fill to be worth one: the few that are about to leave have been read. */
const WORTH_A_PAGE = 0.1;
const IDLE_MS = 30_000;
const DIFFERENCES_KEPT = 50;

/**
 * Reads every series again and again, whole, in turn, within a small share of the allowance: every closed bar, whatever it
 * came from, is compared with the venue's own not before ten minutes after its close, and again in every later pass until
 * it leaves the series. How far it came is kept beside the series, so that a restart goes on where it was.
 */
export class Audit {
  readonly #options: AuditOptions;
  #verified: Map<string, Verified> | undefined;
  /** When a series had its turn last (venue time, ms), whatever came of it: one that fails holds up no other. */
  readonly #tried = new Map<string, number>();
  readonly #older = new Map<string, OlderPlan>();
  /** What was compared beyond bars that the venue does not serve, until they are served or have left the cache. */
  readonly #beyond = new Map<string, Stretch>();
  #facts: AuditFacts = {
    compared: 0,
    equal: 0,
    different: 0,
    pages: 0,
    failures: 0,
    verified: 0,
    differences: [],
  };

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  get facts(): AuditFacts {
    const whole = [...(this.#verified?.values() ?? [])].filter((each) => each.readAt > 0);
    return { ...this.#facts, verified: whole.length };
  }

  /** Audits until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    let waitMs = IDLE_MS;
    while (!signal.aborted) {
      try {
        await clock.sleep(waitMs, signal);
        const page = await this.auditOnce(signal);
        waitMs = page === undefined ? IDLE_MS : this.#spacingMs(page);
      } catch (error) {
        if (signal.aborted) return;
        waitMs = IDLE_MS;
        this.#facts = { ...this.#facts, failures: this.#facts.failures + 1 };
        logger.warn({ event: 'audit_failed', error: messageOf(error) });
      }
    }
  }

  /** Reads the series whose turn it is. @returns the page, or undefined when all were read a short while ago */
  async auditOnce(signal: AbortSignal): Promise<CandlePage | undefined> {
    const { exchangeId, store, loader, onRead } = this.#options;
    this.#verified ??= new Map(await store.readAll(exchangeId));
    const next = await this.#nextPage();
    if (next === undefined) return undefined;
    const { series, page } = next;
    this.#facts = { ...this.#facts, pages: this.#facts.pages + 1 };
    this.#tried.set(seriesKey(series), this.#options.venueTime.now());
    const report = await loader.load(page, { lane: 'audit', signal, cause: 'audit' });
    const before = this.#facts.different;
    for (const bar of report.outcomes) this.#count(bar);
    this.#tell(page, this.#facts.different - before);
    await this.#remember(next, report);
    await onRead?.(report);
    return page;
  }

  /** A page of the series whose turn it is; of those nothing is cached of, the turn passes. */
  async #nextPage(): Promise<Turn | undefined> {
    for (;;) {
      const series = this.#next();
      if (series === undefined) return undefined;
      await this.#recall(series);
      const page = await this.#pageOf(series);
      if (page !== undefined) return { series, ...page };
      this.#tried.set(seriesKey(series), this.#options.venueTime.now());
    }
  }

  /** What is kept of a series counts: a Redis that lost it has lost the bars as well, and other ones are there now. */
  async #recall(series: Series): Promise<void> {
    const kept = await this.#options.store.read(this.#options.exchangeId, series);
    if (kept === undefined && this.#verified?.delete(seriesKey(series)) === true) {
      this.#beyond.delete(seriesKey(series));
    }
    if (kept !== undefined) this.#verified?.set(seriesKey(series), kept);
  }

  /** The series that was read the longest ago; undefined when even that is not long. */
  #next(): Series | undefined {
    const now = this.#options.venueTime.now();
    let oldest: { readonly series: Series; readonly readAt: number } | undefined;
    for (const series of this.#options.series()) {
      const key = seriesKey(series);
      const readAt = Math.max(this.#verified?.get(key)?.readAt ?? 0, this.#tried.get(key) ?? 0);
      if (oldest === undefined || readAt < oldest.readAt) oldest = { series, readAt };
    }
    return oldest === undefined || oldest.readAt > now - LEAST_EVERY_MS ? undefined : oldest.series;
  }

  /**
   * The newest bars that one request brings, room for a witness included; or, where older ones wait to be compared, the
   * first of those. All that wait, where they fill a request: a witness of the newest comes with the next pass.
   */
  async #pageOf({ symbol, timeframe }: Series): Promise<Omit<Turn, 'series'> | undefined> {
    const { cache, exchangeId, venueTime, rest } = this.#options;
    const series = { symbol, timeframe };
    const step = timeframeMs(timeframe);
    const cached = await cache.readExchangeCandles(exchangeId, series);
    const [oldest] = cached;
    const end = newestClosedOpenTime(timeframe, venueTime.now()) + step;
    if (oldest === undefined || oldest.timestamp >= end) return undefined;
    const bars = rest.limits.candlesPerPage - 1;
    const through = this.#throughOf(series, oldest.timestamp);
    const next = (this.#beyond.get(seriesKey(series))?.through ?? through) + step;
    const newest = end - bars * step;
    const turnOf = (from: number, to: number, endsTurn: boolean): Omit<Turn, 'series'> => {
      const traded = cached.findLast(({ timestamp, source }) => timestamp < to && source !== 'no-trades');
      const newestTraded = traded !== undefined && traded.timestamp >= from ? traded.timestamp : undefined;
      return { page: { ...series, from, to }, endsTurn, newestTraded, follows: from <= through + step };
    };
    const older = next < newest ? undefined : this.#olderPage(series, oldest.timestamp, newest, bars);
    if (older !== undefined) return turnOf(older.from, older.to, true);
    const from = Math.max(oldest.timestamp, Math.min(next, newest));
    const fills = end - from === rest.limits.candlesPerPage * step;
    const to = fills ? end : Math.min(end, from + bars * step);
    return turnOf(from, to, to === end);
  }

  /** Open time (ms) of the newest bar of which it and every bar before it in the cache has been compared. */
  #throughOf(series: Series, oldest: number): number {
    const key = seriesKey(series);
    const step = timeframeMs(series.timeframe);
    const through = Math.max(this.#verified?.get(key)?.through ?? 0, oldest - step);
    const beyond = this.#beyond.get(key);
    // What lay between has left the cache.
    return beyond !== undefined && beyond.from <= through + step
      ? Math.max(through, beyond.through)
      : through;
  }

  /**
   * Every other turn of a series that holds more than one request brings: the next page of its older bars, from the newer to
   * the older and round again, so that each is read again before it leaves. One that fails is asked for twice, and then passed
   * over: it holds up no other.
   */
  #olderPage(series: Series, oldest: number, newest: number, bars: number): OpenTimeRange | undefined {
    const key = seriesKey(series);
    const step = timeframeMs(series.timeframe);
    if (newest - oldest < bars * step * WORTH_A_PAGE) return undefined;
    const plan = this.#older.get(key) ?? { before: newest, isNext: false };
    if (!plan.isNext) {
      this.#older.set(key, { ...plan, isNext: true });
      return undefined;
    }
    const to = plan.before > oldest && plan.before <= newest ? plan.before : newest;
    const from = Math.max(oldest, to - bars * step);
    this.#older.set(key, { before: plan.asked === to ? from : to, isNext: false, asked: to });
    return { from, to };
  }

  /** One line a page, however many bars of it differ. */
  #tell({ symbol, timeframe }: Series, different: number): void {
    const newest = this.#facts.differences.at(-1);
    if (different === 0 || newest === undefined) return;
    const { timestamp, source, venue } = newest;
    const { open, high, low, close, volume } = venue;
    const first = { timestamp, source, venue: [open, high, low, close, volume] };
    this.#options.logger.warn({ event: 'audit_differences', symbol, timeframe, different, ...first });
  }

  async #remember(turn: Turn, report: PageReport): Promise<void> {
    const { series, endsTurn, follows } = turn;
    const { page, answeredAt } = report;
    const key = seriesKey(series);
    const step = timeframeMs(page.timeframe);
    const known = this.#verified?.get(key);
    const old = newestClosedOpenTime(page.timeframe, answeredAt - VERIFIED_AFTER_MS);
    const through = Math.min(page.to - step, old, readTo(report, turn) ?? 0);
    const isLeft = !endsTurn && old >= page.to - step && through < page.to - step;
    if (through > 0) {
      this.#turnOlder(series, page);
      // A page of older bars is not the whole of it: its turn comes again at once.
      if (!endsTurn) this.#tried.delete(key);
    }
    if (through > 0 && follows) await this.#save(turn, Math.max(known?.through ?? 0, through), answeredAt);
    else if (through > 0) this.#extend(key, { from: page.from, through }, step);
    // Nothing more will come of bars so old: what lies behind them does not wait for them.
    if (isLeft) this.#beyond.set(key, { from: page.to, through: page.to - step });
  }

  /** All bars of a series through one (open time, ms) have been compared, the last of them at `answeredAt` (ms). */
  async #save({ series, endsTurn }: Turn, compared: number, answeredAt: number): Promise<void> {
    const key = seriesKey(series);
    const step = timeframeMs(series.timeframe);
    const known = this.#verified?.get(key);
    const beyond = this.#beyond.get(key);
    const joins = beyond !== undefined && beyond.from <= compared + step;
    const through = joins ? Math.max(compared, beyond.through) : compared;
    // A part of the hole was read: the rest of it is asked for next.
    if (joins || through > (known?.through ?? 0)) this.#beyond.delete(key);
    const isWhole = endsTurn && !this.#beyond.has(key);
    const readAt = Math.floor(isWhole ? answeredAt : (known?.readAt ?? 0));
    this.#verified?.set(key, { through, readAt });
    await this.#options.store.save(this.#options.exchangeId, series, { through, readAt });
  }

  /** Bars beyond a hole have been compared: they belong to the others there where they touch them. */
  #extend(key: string, read: Stretch, step: number): void {
    const known = this.#beyond.get(key) ?? read;
    if (read.through + step < known.from || read.from > known.through + step) return;
    this.#beyond.set(key, {
      from: Math.min(known.from, read.from),
      through: Math.max(known.through, read.through),
    });
  }

  /** A page was read: where it is the one of the older bars that was asked for, the one before it is next. */
  #turnOlder(series: Series, page: OpenTimeRange): void {
    const key = seriesKey(series);
    const plan = this.#older.get(key);
    if (plan?.asked !== page.to) return;
    this.#older.set(key, { before: page.from, isNext: plan.isNext });
  }

  /** What a page costs, spread over the time in which the share of the allowance pays for it. */
  #spacingMs(page: CandlePage): number {
    const { rest, allowance } = this.#options;
    const { weight, perMs } = allowance();
    const bars = (page.to - page.from) / timeframeMs(page.timeframe) + 1;
    return Math.ceil((rest.candleWeight(bars) * perMs) / (weight * SHARE));
  }

  #count({ candle, outcome }: BarOutcome): void {
    if (!isReading(candle) || !outcome.wasClosed) return;
    if (!(outcome.agrees || outcome.doubted || outcome.changed)) return;
    const isEqual = outcome.agrees;
    const { symbol, timeframe, timestamp } = candle;
    const source = outcome.previousSource;
    const difference: AuditDifference = { symbol, timeframe, timestamp, source, venue: candle };
    const { compared, equal, different, differences } = this.#facts;
    this.#facts = {
      ...this.#facts,
      compared: compared + 1,
      equal: equal + (isEqual ? 1 : 0),
      different: different + (isEqual ? 0 : 1),
      differences: isEqual ? differences : [...differences, difference].slice(-DIFFERENCES_KEPT),
    };
  }
}

/**
 * Open time (ms) of the newest bar an answer says something of; undefined where it says nothing. All before its newest row,
 * which is a witness of them, whether they traded or not. Of a page that is all old nothing more will come, so that it is read
 * whole, unless bars that traded are cached behind its newest row: the answer may have been cut off.
 */
function readTo(
  { page, answeredAt, newestRow, rows }: PageReport,
  { endsTurn, newestTraded }: Turn,
): number | undefined {
  const step = timeframeMs(page.timeframe);
  if (rows === 0 && newestTraded !== undefined) return undefined;
  if (newestRow === undefined) return page.to - step;
  const isOld = page.to <= answeredAt - VERIFIED_AFTER_MS;
  const isWhole = isOld && !endsTurn && (newestTraded ?? 0) <= newestRow;
  return isWhole ? page.to - step : newestRow - step;
}
