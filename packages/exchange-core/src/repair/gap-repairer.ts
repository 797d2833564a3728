import { openTimeOf, seriesKey, timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Series } from '@livermore/schemas';
import { messageOf } from '@livermore/utils';
import type { Clock, Logger } from '@livermore/utils';
import { ALL_OLD_MS } from '../coverage/evidence';
import type { Lane, PageLoader, PageReport, VenueTime } from '../ports';
import type { CandlePage, RestProtocol } from '../protocol/protocol';
import { LogThrottle } from '../rest/log-throttle';
import { pagesOf } from '../rest/page-plan';
import { joinedParts, oldestOf, reasonOf } from './gap';
import type { Gap, GapPart, OpenGap } from './gap';
import { setbackOf, waitAfter } from './ladder';
import type { Setback } from './ladder';
import { Pace } from './pace';

/** Bars of a series that may be missing or wrong, from `from` (ms, included) to `to` (excluded). */
export interface RepairRequest extends OpenTimeRange {
  readonly series: Series;
  readonly reason: string;
  readonly lane: Extract<Lane, 'repair' | 'boundary'>;
  /** Nothing says that any of them is there: it waits for its turn among what is asked for again. */
  readonly canWait?: boolean;
}

export interface GapRepairerOptions {
  readonly loader: PageLoader;
  /** How long a page is, and how many of them the venue serves a minute. */
  readonly rest: Pick<RestProtocol, 'candleWeight'> & {
    readonly limits: Pick<RestProtocol['limits'], 'budget' | 'candlesPerPage'>;
  };
  readonly clock: Clock;
  readonly venueTime: VenueTime;
  readonly logger: Logger;
  /** A page has come, and why it was asked for. */
  readonly onReport?: (report: PageReport, reasons: readonly string[]) => void;
}

export interface GapRepairerFacts {
  /** Series with a repair waiting or under way. */
  readonly open: number;
  readonly repaired: number;
  readonly failures: number;
  /** Of the series that are open, those of which the venue says that it does not know their symbol. */
  readonly refused: number;
  /** What is open longest, oldest first, and what happens next: no more than a person reads. */
  readonly oldest: readonly OpenGap[];
}

/** Setbacks that are the venue's answer: asked again it may say the same, so what met them waits for its turn. */
const ANSWERED: ReadonlySet<Setback['kind']> = new Set(['bad-page', 'refused', 'unsettled']);
const MAX_CONCURRENT = 16;
const LOG_EVERY_MS = 10_000;
/** Gaps that are told one by one. */
const MAX_TOLD = 10;

/**
 * The one repair path: whatever was missed (a reconnect, a gap in a counter, an overdue close, a boundary, a sleep)
 * becomes a range of a series, fetched through the same loader as warmup, again and again until every bar of it is there
 * or judged, or has left the series: when, the ladder says. One gap a series; a newer request joins it, as a part of its own
 * where it is far from the others. So the memory is bounded by the number of series.
 *
 * What an answer had nothing of is asked for again at a pace, whoever waited longest first. So what nobody can fill costs a
 * share of the allowance, and never what a fresh gap needs.
 */
export class GapRepairer {
  readonly #options: GapRepairerOptions;
  readonly #log: LogThrottle;
  readonly #pace: Pace;
  /** By series: everything that is not being fetched at this moment. */
  readonly #gaps = new Map<string, Gap>();
  readonly #running = new Map<string, Gap>();
  /** Series with something to be fetched now, and those with something that waits for its turn. First come first served. */
  readonly #ready = new Set<string>();
  readonly #paced = new Set<string>();
  readonly #timers = new Map<string, () => void>();
  readonly #abort = new AbortController();
  readonly #idle: (() => void)[] = [];
  #cancelTurn: (() => void) | undefined;
  #repaired = 0;
  #failures = 0;

  constructor(options: GapRepairerOptions) {
    this.#options = options;
    const { clock, logger, rest, venueTime } = options;
    this.#log = new LogThrottle(logger, clock, LOG_EVERY_MS);
    this.#pace = new Pace(repeatsPerMinute(rest), venueTime.now());
  }

  get facts(): GapRepairerFacts {
    const gaps = [...this.#gaps.values(), ...this.#running.values()];
    return {
      open: new Set([...this.#gaps.keys(), ...this.#running.keys()]).size,
      repaired: this.#repaired,
      failures: this.#failures,
      refused: new Set(gaps.filter(isRefused).map((gap) => seriesKey(gap.series))).size,
      oldest: oldestOf(gaps, MAX_TOLD, this.#options.clock.now()),
    };
  }

  /** Asks for a range; ranges of one series that a request reaches grow together. Nothing to do for an empty one. */
  request({ series, from: since, to, reason, lane, canWait = false }: RepairRequest): void {
    const from = openTimeOf(series.timeframe, since);
    if (from >= to || this.#abort.signal.aborted) return;
    const now = this.#options.clock.now();
    const part = { from, to, lane, reasons: [reason], since: now, dueAt: 0, isPaced: canWait };
    this.#add(series, [part]);
    this.#pump();
  }

  /** Resolves when nothing is to be fetched now; what waits for a later try or for its turn does not count. */
  drain(): Promise<void> {
    if (this.#ready.size === 0 && this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.push(resolve);
    });
  }

  stop(): void {
    this.#abort.abort(new Error('repair stopped'));
    for (const cancel of this.#timers.values()) cancel();
    this.#cancelTurn?.();
    for (const kept of [this.#timers, this.#gaps, this.#ready, this.#paced]) kept.clear();
    this.#settle();
  }

  #add({ symbol, timeframe }: Series, parts: readonly GapPart[]): void {
    const { rest, venueTime } = this.#options;
    const series = { symbol, timeframe };
    const key = seriesKey(series);
    const known = this.#gaps.get(key)?.parts ?? [];
    const joined = joinedParts([...known, ...parts], timeframeMs(timeframe), {
      bars: rest.limits.candlesPerPage - 1,
      newest: openTimeOf(timeframe, venueTime.now()),
    });
    if (joined.length === 0) this.#gaps.delete(key);
    else this.#gaps.set(key, { series, parts: joined });
    this.#schedule(key);
  }

  /** Puts a series where its most urgent part belongs: to be fetched now, for its turn, or for later. */
  #schedule(key: string): void {
    this.#timers.get(key)?.();
    this.#timers.delete(key);
    const gap = this.#gaps.get(key);
    if (gap === undefined || this.#running.has(key)) return;
    const now = this.#options.clock.now();
    const due = gap.parts.filter((part) => part.dueAt <= now);
    if (due.some((part) => !part.isPaced)) this.#ready.add(key);
    else if (due.length > 0) this.#paced.add(key);
    const later = Math.min(...gap.parts.map((part) => part.dueAt).filter((dueAt) => dueAt > now));
    if (later !== Infinity) {
      const wake = () => {
        this.#schedule(key);
        this.#pump();
      };
      this.#timers.set(key, this.#options.clock.setTimer(wake, later - now));
    }
  }

  #pump(): void {
    this.#giveTurns();
    for (const lane of ['repair', 'boundary'] as const) {
      for (const key of this.#ready) {
        if (this.#running.size >= MAX_CONCURRENT) return;
        if (this.#gaps.get(key) === undefined) this.#ready.delete(key);
        else if (!this.#running.has(key) && this.#laneOf(key) === lane) this.#start(key);
      }
    }
  }

  /** Lets those go that waited for their turn longest. */
  #giveTurns(): void {
    const { clock, venueTime } = this.#options;
    this.#cancelTurn?.();
    this.#cancelTurn = undefined;
    for (const key of this.#paced) {
      const gap = this.#gaps.get(key);
      if (gap === undefined || this.#ready.has(key)) {
        this.#paced.delete(key);
      } else if (this.#pace.take(venueTime.now())) {
        this.#paced.delete(key);
        const parts = gap.parts.map((part) =>
          part.dueAt <= clock.now() ? { ...part, isPaced: false } : part,
        );
        this.#gaps.set(key, { ...gap, parts });
        this.#ready.add(key);
      } else {
        this.#cancelTurn = clock.setTimer(() => this.#pump(), this.#pace.nextMs(venueTime.now()));
        return;
      }
    }
  }

  #laneOf(key: string): GapPart['lane'] {
    const now = this.#options.clock.now();
    const parts = this.#gaps.get(key)?.parts ?? [];
    return parts.some((part) => part.lane === 'repair' && part.dueAt <= now && !part.isPaced)
      ? 'repair'
      : 'boundary';
  }

  /** Begins to fetch what is to be fetched of a series now. */
  #start(key: string): void {
    this.#ready.delete(key);
    const gap = this.#gaps.get(key);
    if (gap === undefined) return;
    const now = this.#options.clock.now();
    const isNow = (part: GapPart) => part.dueAt <= now && !part.isPaced;
    const rest = gap.parts.filter((part) => !isNow(part));
    if (rest.length === 0) this.#gaps.delete(key);
    else this.#gaps.set(key, { ...gap, parts: rest });
    const running = { ...gap, parts: gap.parts.filter(isNow) };
    if (running.parts.length === 0) return;
    this.#running.set(key, running);
    void this.#repair(key, running);
  }

  async #repair(key: string, { series, parts }: Gap): Promise<void> {
    const left: GapPart[] = [];
    let isWhole = true;
    let shared: unknown;
    for (const part of parts) {
      if (shared !== undefined) {
        left.push(this.#after(series, part, setbackOf(shared), messageOf(shared)));
        continue;
      }
      const outcome = await this.#load(series, part);
      left.push(...outcome.left);
      isWhole &&= outcome.isWhole;
      shared = outcome.shared;
    }
    this.#running.delete(key);
    if (!this.#abort.signal.aborted) {
      if (isWhole && left.length === 0) this.#repaired += 1;
      this.#add(series, left);
      this.#pump();
    }
    this.#settle();
  }

  /**
   * Loads one part, page by page. @returns what is left of it to be asked for again; whether all of it is there or judged; and
   * an error that whatever else is asked for now would meet as well
   */
  async #load(
    series: Series,
    part: GapPart,
  ): Promise<{ readonly left: readonly GapPart[]; readonly isWhole: boolean; readonly shared?: unknown }> {
    const { loader, rest, onReport } = this.#options;
    const { signal } = this.#abort;
    const left: GapPart[] = [];
    const unsettled: number[] = [];
    let shared: unknown;
    const pages = this.#rangesOf(series, part).flatMap((range) =>
      pagesOf(series, range, rest.limits.candlesPerPage),
    );
    // The turn was for one page.
    if (part.setback?.kind === 'unsettled') this.#pace.spend(pages.length - 1);
    for (const page of pages) {
      if (signal.aborted) return { left: [], isWhole: false };
      try {
        const cause = reasonOf([part]);
        const report = await loader.load(page, { lane: part.lane, signal, cause });
        onReport?.(report, part.reasons);
        unsettled.push(...report.unsettled);
      } catch (error) {
        if (signal.aborted) return { left: [], isWhole: false };
        const setback = setbackOf(error);
        const isOfPage = setback.kind === 'bad-page' || setback.kind === 'failed';
        this.#failed(page, part, setback, error);
        const to = isOfPage ? page.to : part.to;
        left.push(this.#after(series, { ...part, from: page.from, to }, setback, messageOf(error)));
        if (isOfPage) continue;
        shared = error;
        break;
      }
    }
    const isWhole = unsettled.length === 0;
    // A boundary's next round asks again for what its answer left open.
    if (!isWhole && part.lane === 'repair') left.push(this.#unsettled(series, part, unsettled));
    return { left, isWhole, shared };
  }

  /**
   * What an answer could not settle is asked for in two ranges where some of it is old: an answer to a page that is all old
   * may show nothing later and says all the same that the venue has nothing. Else a product that does not trade for hours
   * would have no verdict on any bar, because there is always one that is young.
   */
  #rangesOf({ timeframe }: Series, part: GapPart): readonly OpenTimeRange[] {
    const cut = openTimeOf(timeframe, this.#options.venueTime.now() - ALL_OLD_MS);
    const { from, to, setback } = part;
    if (setback?.kind !== 'unsettled' || from >= cut || cut >= to) return [part];
    return [
      { from, to: cut },
      { from: cut, to },
    ];
  }

  #unsettled(series: Series, part: GapPart, openTimes: readonly number[]): GapPart {
    // The bar after the hole is asked for as well: it is what brackets it.
    const to = Math.max(...openTimes) + 2 * timeframeMs(series.timeframe);
    const message = `the venue’s answer could not settle ${openTimes.length} bars of it`;
    const open = { ...part, from: Math.min(...openTimes), to };
    return this.#after(series, open, { kind: 'unsettled' }, message);
  }

  /** A part after a setback: when it is asked for again. */
  #after(series: Series, part: GapPart, setback: Setback, message: string): GapPart {
    const { clock, venueTime } = this.#options;
    const { kind } = setback;
    const tries = part.setback?.kind === kind ? part.setback.tries : 0;
    const [now, localNow] = [venueTime.now(), clock.now()];
    // Of an unsettled part the last bar is its witness; no younger bar than the newest closed one is waited for.
    const closedAt = Math.min(part.to, openTimeOf(series.timeframe, now));
    const dueAt = localNow + waitAfter(setback, tries, { closedAt, now, localNow });
    const isPaced = ANSWERED.has(kind);
    return { ...part, dueAt, isPaced, setback: { kind, tries: tries + 1, message } };
  }

  #failed(page: CandlePage, part: GapPart, setback: Setback, error: unknown): void {
    this.#failures += 1;
    this.#log.warn({
      event: 'gap_repair_failed',
      ...page,
      reason: reasonOf([part]),
      error: messageOf(error),
      setback: setback.kind,
    });
  }

  #settle(): void {
    if (this.#ready.size > 0 || this.#running.size > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** Whether the venue says that it does not know the symbol. */
function isRefused({ parts }: Gap): boolean {
  return parts.some((part) => part.setback?.kind === 'refused');
}

/**
 * The share of a venue's allowance that is spent on what was asked for in vain: 192 pages a minute on Coinbase, 1,140 on
 * Binance. So 400 products that never trade cost 3.2 of the 8 requests a second that we allow ourselves there.
 */
const REPEAT_SHARE = 0.4;

/** How many gaps a minute may be asked for again of which an answer had nothing: the rest of the allowance is for news. */
function repeatsPerMinute({ limits, candleWeight }: GapRepairerOptions['rest']): number {
  const { weight, perMs, reserve } = limits.budget;
  const pages = (weight * (1 - reserve) * 60_000) / perMs / candleWeight(limits.candlesPerPage);
  return Math.max(1, Math.floor(pages * REPEAT_SHARE));
}
