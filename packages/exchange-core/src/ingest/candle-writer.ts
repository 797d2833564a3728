import { REDIS_TROUBLE_SENTENCES, redisTroubleOf } from '@livermore/cache';
import type { CandleCacheStrategy, RedisTrouble, WriteContext, WriteOutcome } from '@livermore/cache';
import { closeTimeOf, HARDCODED_CONFIG, isClosed, seriesKey } from '@livermore/schemas';
import type { Series, SourcedCandle } from '@livermore/schemas';
import { messageOf } from '@livermore/utils';
import type { Clock, Logger } from '@livermore/utils';
import { StoppedError } from '../errors';
import type { HistorySink, HistoryWrite, VenueTime } from '../ports';
import type { BookEntry } from './candle-book';

export interface CandleWriterOptions {
  readonly exchangeId: number;
  readonly cache: Pick<CandleCacheStrategy, 'retract' | 'writeExchangeCandle' | 'writeExchangeCandles'>;
  readonly clock: Clock;
  readonly venueTime: VenueTime;
  /** Since when the feed carries what it should (venue time, ms): a bar that closed before is no news. */
  readonly liveSince?: () => number | undefined;
  readonly logger: Logger;
  /** More closes wait than may: this one is dropped here and must be repaired from the venue. */
  readonly onOverflow?: (candle: SourcedCandle) => void;
  /** A series cannot be written because a key of it holds a value of another type: what is written waits until it does not. */
  readonly onForeign?: (series: Series) => void;
  /** A write is done and, for a close that is news, announced by it. */
  readonly onWritten?: (entry: BookEntry, outcome: WriteOutcome, took: WriteTimes) => void;
  /** A bar is in the cache as closed, whoever brought it. */
  readonly onClosed?: (candle: SourcedCandle, outcome: WriteOutcome) => void;
  /** A bar was taken back: it is in the cache no more. */
  readonly onRetracted?: (bar: SourcedCandle) => void;
  readonly limits?: { readonly maxQueuedCloses: number; readonly maxInFlightWrites: number };
}

/** What a write took, in ms: from the frame on the socket to its announcement, and of the write alone. */
export interface WriteTimes {
  /** Whether it was a close, and news: what was known already is written in vain. */
  readonly isAnnounced: boolean;
  readonly sinceFrameMs: number;
  readonly writeMs: number;
}

export interface CandleWriterFacts {
  readonly queuedCloses: number;
  readonly pendingUpdates: number;
  readonly inFlight: number;
  readonly refused: number;
  readonly overflowed: number;
  /** What is wrong with Redis now. */
  readonly trouble: RedisTrouble | undefined;
  /** What was wrong when a write failed last, and how long ago that was, ms. */
  readonly lastTrouble: { readonly trouble: RedisTrouble; readonly agoMs: number } | undefined;
}

interface Job {
  readonly entry: BookEntry;
  /** The clock's monotonic time of its frame, ms. */
  readonly receivedAt: number;
  /** What it was written with was refused: it is tried by itself, so that it costs no other. */
  readonly isAlone?: true;
}

const RETRY_BASE_MS = 100;
const RETRY_CAP_MS = 2_000;

/**
 * Brings candles to the cache, whose step announces what is news. Updates coalesce, closes never do: of an open bar only
 * the newest state is worth writing, every close is written, those of one series in the order they came and those that
 * wait together in one step. While Redis refuses or is away, closes wait in a bounded queue.
 */
export class CandleWriter implements HistorySink {
  readonly #options: CandleWriterOptions;
  readonly #limits: { readonly maxQueuedCloses: number; readonly maxInFlightWrites: number };
  /** Closes that wait, by series, each in the order it came. */
  readonly #closes = new Map<string, Job[]>();
  /** Series of which closes are being written: the next ones wait, or a failure would turn their order round. */
  readonly #writing = new Set<string>();
  readonly #updates = new Map<string, Job>();
  /** By series, the close time (ms) of the newest bar announced here: what Redis knows of it may be gone one day. */
  readonly #toldTo = new Map<string, number>();
  readonly #idle: (() => void)[] = [];
  #queued = 0;
  #inFlight = 0;
  #refused = 0;
  #overflowed = 0;
  #trouble: RedisTrouble | undefined;
  #lastTrouble: { readonly trouble: RedisTrouble; readonly at: number } | undefined;
  #failures = 0;
  #isHeld = false;
  #isScheduled = false;
  #isStopped = false;

  constructor(options: CandleWriterOptions) {
    this.#options = options;
    this.#limits = options.limits ?? HARDCODED_CONFIG.writer;
  }

  get facts(): CandleWriterFacts {
    return {
      queuedCloses: this.#queued,
      pendingUpdates: this.#updates.size,
      inFlight: this.#inFlight,
      refused: this.#refused,
      overflowed: this.#overflowed,
      trouble: this.#trouble,
      lastTrouble: this.#lastTrouble && {
        trouble: this.#lastTrouble.trouble,
        agoMs: this.#options.clock.monotonicMs() - this.#lastTrouble.at,
      },
    };
  }

  /** Takes what the book decided. Returns at once; `receivedAt` is the clock's monotonic time of the frame. */
  take(entry: BookEntry, receivedAt: number): void {
    if (this.#isStopped) return;
    const key = seriesKey(entry.candle);
    if (entry.kind === 'update') this.#updates.set(key, { entry, receivedAt });
    else if (this.#queued < this.#limits.maxQueuedCloses) this.#wait(key, { entry, receivedAt });
    else {
      this.#overflow(entry.candle);
      return;
    }
    this.#schedule();
  }

  async writeHistory(
    series: Series,
    candles: readonly SourcedCandle[],
    options: HistoryWrite,
  ): Promise<readonly WriteOutcome[]> {
    if (this.#isStopped) throw new StoppedError('the writer was stopped');
    if (candles.length === 0) return [];
    const { cache, exchangeId, onClosed } = this.#options;
    const context = { ...this.#contextOf(series, options.cause), ...youngOf(options) };
    const outcomes = await cache.writeExchangeCandles(exchangeId, series, candles, context);
    for (const [at, outcome] of outcomes.entries()) {
      const candle = candles[at];
      if (candle === undefined || !isClosed(candle)) continue;
      onClosed?.(candle, outcome);
      this.#noteTold(candle, outcome);
    }
    return outcomes;
  }

  /**
   * Takes back a bar that the venue does not have, unless something else is cached there by now.
   * @returns whether it was taken back
   */
  async retract(bar: SourcedCandle, cause: string): Promise<boolean> {
    const { cache, exchangeId, onRetracted } = this.#options;
    if (this.#isStopped) throw new StoppedError('the writer was stopped');
    const judged = { openTime: bar.timestamp, asOf: bar.sequenceNum, source: bar.source };
    const why = { cause, exchange: bar.exchange };
    const { removed } = await cache.retract(exchangeId, bar, judged, why);
    if (removed) onRetracted?.(bar);
    return removed;
  }

  #contextOf(series: Series, cause: string): WriteContext {
    const liveSince = this.newsFrom(series);
    const now = this.#options.venueTime.now();
    return { now, cause, ...(liveSince === undefined ? {} : { liveSince }) };
  }

  /**
   * Time (ms) from which on what closes of a series is news; undefined while nothing is. A Redis that lost its data does not
   * make the past news.
   */
  newsFrom(series: Series): number | undefined {
    const since = this.#options.liveSince?.();
    const toldTo = this.#toldTo.get(seriesKey(series));
    return since === undefined || toldTo === undefined ? since : Math.max(since, toldTo + 1);
  }

  #noteTold({ symbol, timeframe, timestamp }: SourcedCandle, { news }: WriteOutcome): void {
    if (news !== 'live' && news !== 'late') return;
    const key = seriesKey({ symbol, timeframe });
    const closeTime = closeTimeOf(timeframe, timestamp);
    this.#toldTo.set(key, Math.max(closeTime, this.#toldTo.get(key) ?? 0));
  }

  /** Resolves when everything taken so far is written and announced. */
  drain(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.push(resolve);
    });
  }

  /** Takes and writes nothing any more: what waits is let go, what is under way ends by itself. */
  stop(): void {
    this.#isStopped = true;
    this.#closes.clear();
    this.#updates.clear();
    this.#queued = 0;
    this.#settle();
  }

  /** One turn later, so that all frames of a turn share a pipeline. */
  #schedule(): void {
    if (this.#isScheduled || this.#isHeld) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#isHeld) return;
    for (const [key, jobs] of this.#closes) {
      if (this.#inFlight >= this.#limits.maxInFlightWrites) break;
      if (this.#writing.has(key)) continue;
      this.#closes.delete(key);
      this.#startCloses(key, jobs);
    }
    for (const [key, job] of this.#updates) {
      if (this.#inFlight >= this.#limits.maxInFlightWrites) break;
      this.#updates.delete(key);
      this.#start(this.#writeUpdate(job), (error) => this.#failUpdate(key, job, error));
    }
    this.#settle();
  }

  /** As many of a series' closes as one step takes; the others wait on. */
  #startCloses(key: string, jobs: readonly Job[]): void {
    const most = jobs[0]?.isAlone === true ? 1 : HARDCODED_CONFIG.cache.candlesPerWrite;
    const [batch, rest] = [jobs.slice(0, most), jobs.slice(most)];
    if (rest.length > 0) this.#closes.set(key, rest);
    this.#queued -= batch.length;
    this.#writing.add(key);
    const written = this.#writeCloses(batch).finally(() => this.#writing.delete(key));
    this.#start(written, (error) => this.#failCloses(key, batch, error));
  }

  #start(written: Promise<void>, onFailure: (error: unknown) => void): void {
    this.#inFlight += 1;
    written.then(
      () => this.#finish(),
      (error: unknown) => {
        this.#inFlight -= 1;
        onFailure(error);
      },
    );
  }

  async #writeCloses(jobs: readonly Job[]): Promise<void> {
    const { cache, exchangeId, clock, onClosed } = this.#options;
    const [first] = jobs;
    if (first === undefined) return;
    const startedAt = clock.monotonicMs();
    const candles = jobs.map((job) => job.entry.candle);
    const context = this.#contextOf(first.entry.candle, 'feed');
    const outcomes = await cache.writeExchangeCandles(exchangeId, first.entry.candle, candles, context);
    const writeMs = clock.monotonicMs() - startedAt;
    for (const [at, job] of jobs.entries()) {
      const outcome = outcomes[at];
      if (outcome === undefined) continue;
      onClosed?.(job.entry.candle, outcome);
      this.#noteTold(job.entry.candle, outcome);
      this.#written(job, outcome, writeMs);
    }
  }

  async #writeUpdate(job: Job): Promise<void> {
    const { cache, exchangeId, clock } = this.#options;
    const startedAt = clock.monotonicMs();
    const { candle } = job.entry;
    const outcome = await cache.writeExchangeCandle(exchangeId, candle, this.#contextOf(candle, 'feed'));
    this.#written(job, outcome, clock.monotonicMs() - startedAt);
  }

  #written(job: Job, outcome: WriteOutcome, writeMs: number): void {
    this.#options.onWritten?.(job.entry, outcome, {
      isAnnounced: outcome.news !== undefined,
      sinceFrameMs: this.#options.clock.monotonicMs() - job.receivedAt,
      writeMs,
    });
  }

  #finish(): void {
    this.#inFlight -= 1;
    if (this.#trouble !== undefined) {
      this.#options.logger.info({
        event: 'candle_writes_resumed',
        after: this.#trouble,
        queued: this.#queued,
      });
    }
    this.#trouble = undefined;
    this.#failures = 0;
    this.#goOn();
  }

  #failCloses(key: string, jobs: readonly Job[], error: unknown): void {
    const trouble = redisTroubleOf(error);
    const [first] = jobs;
    if (trouble !== undefined) {
      this.#putBack(key, jobs);
      this.#hold(trouble, first?.entry.candle);
      return;
    }
    const alone = jobs.map((job) => ({ ...job, isAlone: true as const }));
    if (jobs.length > 1) this.#putBack(key, alone);
    else if (first !== undefined) this.#refuse(first, error);
    this.#goOn();
  }

  #failUpdate(key: string, job: Job, error: unknown): void {
    const trouble = redisTroubleOf(error);
    if (trouble === undefined) {
      this.#refuse(job, error);
      this.#goOn();
      return;
    }
    if (!this.#updates.has(key) && !this.#isStopped) this.#updates.set(key, job);
    this.#hold(trouble, job.entry.candle);
  }

  #refuse({ entry: { candle } }: Job, error: unknown): void {
    this.#refused += 1;
    const { symbol, timeframe, timestamp } = candle;
    this.#options.logger.error({
      event: 'candle_refused',
      symbol,
      timeframe,
      openTime: timestamp,
      error: messageOf(error),
    });
  }

  #wait(key: string, job: Job): void {
    const waiting = this.#closes.get(key);
    if (waiting === undefined) this.#closes.set(key, [job]);
    else waiting.push(job);
    this.#queued += 1;
  }

  /** What was tried goes before what came since. */
  #putBack(key: string, jobs: readonly Job[]): void {
    if (this.#isStopped) return;
    this.#closes.set(key, [...jobs, ...(this.#closes.get(key) ?? [])]);
    this.#queued += jobs.length;
  }

  #goOn(): void {
    if (this.#queued > 0 || this.#updates.size > 0) this.#schedule();
    else this.#settle();
  }

  /** Waits before the next try. */
  #hold(trouble: RedisTrouble, series: Series | undefined): void {
    this.#lastTrouble = { trouble, at: this.#options.clock.monotonicMs() };
    if (trouble === 'foreign' && series !== undefined) {
      this.#options.onForeign?.({ symbol: series.symbol, timeframe: series.timeframe });
    }
    if (this.#trouble !== trouble) {
      this.#options.logger.error({
        event: 'candle_writes_held',
        trouble,
        hint: REDIS_TROUBLE_SENTENCES[trouble],
      });
    }
    this.#trouble = trouble;
    if (this.#isHeld) return;
    this.#isHeld = true;
    const delayMs = Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#options.clock.setTimer(() => {
      this.#isHeld = false;
      this.#pump();
    }, delayMs);
  }

  #overflow(candle: SourcedCandle): void {
    this.#overflowed += 1;
    if (this.#overflowed === 1 || this.#overflowed % 1_000 === 0) {
      this.#options.logger.error({ event: 'candle_queue_overflow', dropped: this.#overflowed });
    }
    this.#options.onOverflow?.(candle);
  }

  #isIdle(): boolean {
    return this.#inFlight === 0 && this.#queued === 0 && this.#updates.size === 0;
  }

  #settle(): void {
    if (!this.#isIdle()) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

function youngOf({ youngForMs }: HistoryWrite): Pick<WriteContext, 'youngForMs'> {
  return youngForMs === undefined ? {} : { youngForMs };
}
