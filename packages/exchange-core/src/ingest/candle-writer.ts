import { REDIS_TROUBLE_SENTENCES, redisTroubleOf } from '@livermore/cache';
import type {
  CandleCacheStrategy,
  CloseLabel,
  RedisEventBus,
  RedisTrouble,
  WriteContext,
  WriteOutcome,
} from '@livermore/cache';
import { closeTimeOf, HARDCODED_CONFIG, isClosed, seriesKey } from '@livermore/schemas';
import type { Series, SourcedCandle } from '@livermore/schemas';
import { messageOf } from '@livermore/utils';
import type { Clock, Logger } from '@livermore/utils';
import type { HistorySink, HistoryWrite, VenueTime } from '../ports';
import type { BookEntry } from './candle-book';

export interface CandleWriterOptions {
  readonly exchangeId: number;
  readonly cache: Pick<CandleCacheStrategy, 'retract' | 'writeExchangeCandle' | 'writeExchangeCandles'>;
  readonly bus: Pick<RedisEventBus, 'publishClose'>;
  readonly clock: Clock;
  readonly venueTime: VenueTime;
  /** Since when the feed carries what it should (venue time, ms): a bar that closed before is no news. */
  readonly liveSince?: () => number | undefined;
  readonly logger: Logger;
  /** More closes wait than may: this one is dropped here and must be repaired from the venue. */
  readonly onOverflow?: (candle: SourcedCandle) => void;
  /** A write is done and, for a close, announced. */
  readonly onWritten?: (entry: BookEntry, outcome: WriteOutcome, took: WriteTimes) => void;
  /** A bar is in the cache as closed, whoever brought it. */
  readonly onClosed?: (candle: SourcedCandle, outcome: WriteOutcome) => void;
  /** A bar was taken back: it is in the cache no more. */
  readonly onRetracted?: (bar: SourcedCandle) => void;
  readonly limits?: { readonly maxQueuedCloses: number; readonly maxInFlightWrites: number };
}

/** What a write took, in ms: from the frame on the socket to its announcement, and of the write alone. */
export interface WriteTimes {
  /** Whether it was a close, and news that was published: what was known already is written in vain. */
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
  readonly trouble: RedisTrouble | undefined;
}

interface Job {
  readonly entry: BookEntry;
  readonly receivedAt: number;
  /** Tried before: its write may have succeeded without its announcement. */
  readonly isRetry?: true;
  /** What is to be announced of it, by the write that stored it: kept for a retry. */
  news?: News;
}

interface News {
  readonly candle: SourcedCandle;
  readonly label: CloseLabel;
}

const RETRY_BASE_MS = 100;
const RETRY_CAP_MS = 2_000;

/**
 * Writes, then announces. Updates coalesce, closes never do: of an open bar only the newest state is worth
 * writing, every close is written in the order it came. While Redis refuses or is away, closes wait in a bounded
 * queue and are written when it is back; announcements follow their writes.
 */
export class CandleWriter implements HistorySink {
  readonly #options: CandleWriterOptions;
  readonly #limits: { readonly maxQueuedCloses: number; readonly maxInFlightWrites: number };
  #closes: Job[] = [];
  readonly #updates = new Map<string, Job>();
  /** By series, the close time (ms) of the newest bar announced here: what Redis knows of it may be gone one day. */
  readonly #toldTo = new Map<string, number>();
  /** Announcements that failed: the writes they follow are done, and would not call them news again. */
  #unsaid: News[] = [];
  readonly #idle: (() => void)[] = [];
  #inFlight = 0;
  #refused = 0;
  #overflowed = 0;
  #trouble: RedisTrouble | undefined;
  #failures = 0;
  #isHeld = false;
  #isScheduled = false;

  constructor(options: CandleWriterOptions) {
    this.#options = options;
    this.#limits = options.limits ?? HARDCODED_CONFIG.writer;
  }

  get facts(): CandleWriterFacts {
    return {
      queuedCloses: this.#closes.length,
      pendingUpdates: this.#updates.size,
      inFlight: this.#inFlight,
      refused: this.#refused,
      overflowed: this.#overflowed,
      trouble: this.#trouble,
    };
  }

  /** Takes what the book decided. Returns at once; `receivedAt` is the clock's monotonic time of the frame. */
  take(entry: BookEntry, receivedAt: number): void {
    if (entry.kind === 'update') {
      this.#updates.set(seriesKey(entry.candle), { entry, receivedAt });
    } else if (this.#closes.length >= this.#limits.maxQueuedCloses) {
      this.#overflow(entry.candle);
      return;
    } else {
      this.#closes.push({ entry, receivedAt });
    }
    this.#schedule();
  }

  async writeHistory(
    series: Series,
    candles: readonly SourcedCandle[],
    options: HistoryWrite,
  ): Promise<readonly WriteOutcome[]> {
    if (candles.length === 0) return [];
    const { cache, exchangeId, onClosed } = this.#options;
    const context = { ...this.#contextOf(series, options.cause), ...youngOf(options) };
    const outcomes = await cache.writeExchangeCandles(exchangeId, series, candles, context);
    const news: News[] = [];
    for (const [at, outcome] of outcomes.entries()) {
      const candle = candles[at];
      if (candle === undefined || !isClosed(candle)) continue;
      onClosed?.(candle, outcome);
      const told = newsOf(candle, outcome);
      if (told !== undefined) news.push(told);
    }
    await this.#say(news);
    return outcomes;
  }

  /**
   * Takes back a bar that the venue does not have, unless something else is cached there by now, and says so if it had
   * been announced. @returns whether it was taken back
   */
  async retract(bar: SourcedCandle, cause: string): Promise<boolean> {
    const { cache, exchangeId } = this.#options;
    const judged = { openTime: bar.timestamp, asOf: bar.sequenceNum, source: bar.source };
    const { removed, wasTold } = await cache.retract(exchangeId, bar, judged, cause);
    if (removed) this.#options.onRetracted?.(bar);
    await this.#say(wasTold ? [{ candle: bar, label: 'retracted' }] : []);
    return removed;
  }

  #contextOf(series: Series, cause: string): WriteContext {
    const liveSince = this.#newsFrom(series);
    const now = this.#options.venueTime.now();
    return { now, cause, ...(liveSince === undefined ? {} : { liveSince }) };
  }

  /** Close time (ms) from which on a series may begin to tell: a Redis that lost its data does not make the past news. */
  #newsFrom(series: Series): number | undefined {
    const since = this.#options.liveSince?.();
    const toldTo = this.#toldTo.get(seriesKey(series));
    return since === undefined || toldTo === undefined ? since : Math.max(since, toldTo + 1);
  }

  /** Announces what could not be announced before, and this; keeps what fails for the next time. @throws the first failure */
  async #say(news: readonly News[]): Promise<void> {
    const all = [...this.#unsaid, ...news];
    if (all.length === 0) return;
    this.#unsaid = [];
    const said = await Promise.allSettled(all.map((each) => this.#announce(each)));
    const failed = said.find((each) => each.status === 'rejected');
    if (failed === undefined) return;
    const kept = [...all.filter((_, at) => said[at]?.status === 'rejected'), ...this.#unsaid];
    this.#unsaid = kept.slice(-this.#limits.maxQueuedCloses);
    const dropped = kept.length - this.#unsaid.length;
    if (dropped > 0) this.#options.logger.error({ event: 'announcements_dropped', dropped });
    throw failed.reason;
  }

  async #announce({ candle, label }: News): Promise<void> {
    await this.#options.bus.publishClose(this.#options.exchangeId, candle, label);
    const key = seriesKey(candle);
    const closeTime = closeTimeOf(candle.timeframe, candle.timestamp);
    this.#toldTo.set(key, Math.max(closeTime, this.#toldTo.get(key) ?? 0));
  }

  /** Resolves when everything taken so far is written and announced. */
  drain(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.push(resolve);
    });
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
    const room = this.#limits.maxInFlightWrites - this.#inFlight;
    const closes = this.#closes.splice(0, Math.max(0, room));
    for (const job of closes) this.#start(job);
    for (const [key, job] of this.#updates) {
      if (this.#inFlight >= this.#limits.maxInFlightWrites) break;
      this.#updates.delete(key);
      this.#start(job);
    }
    this.#settle();
  }

  #start(job: Job): void {
    this.#inFlight += 1;
    this.#write(job).then(
      () => this.#finish(),
      (error: unknown) => this.#fail(job, error),
    );
  }

  async #write(job: Job): Promise<void> {
    const { cache, exchangeId, clock, onClosed, onWritten } = this.#options;
    const { entry } = job;
    const startedAt = clock.monotonicMs();
    const context = this.#contextOf(entry.candle, 'feed');
    const outcome = await cache.writeExchangeCandle(exchangeId, entry.candle, context);
    const writeMs = clock.monotonicMs() - startedAt;
    if (entry.kind === 'close') onClosed?.(entry.candle, outcome);
    const isUnsaid = job.isRetry === true && outcome.wasClosed && !outcome.changed;
    const unsaid: News | undefined =
      isUnsaid && entry.kind === 'close' ? (job.news ?? { candle: entry.candle, label: 'live' }) : undefined;
    const news = newsOf(entry.candle, outcome) ?? unsaid;
    if (news !== undefined) {
      job.news = news;
      if (this.#unsaid.length > 0) await this.#say([]);
      await this.#announce(news);
    }
    onWritten?.(entry, outcome, {
      isAnnounced: news !== undefined,
      sinceFrameMs: clock.monotonicMs() - job.receivedAt,
      writeMs,
    });
  }

  #finish(): void {
    this.#inFlight -= 1;
    if (this.#trouble !== undefined) {
      this.#options.logger.info({
        event: 'candle_writes_resumed',
        after: this.#trouble,
        queued: this.#closes.length,
      });
    }
    this.#trouble = undefined;
    this.#failures = 0;
    if (this.#closes.length > 0 || this.#updates.size > 0) this.#schedule();
    else this.#settle();
  }

  #fail(job: Job, error: unknown): void {
    this.#inFlight -= 1;
    const trouble = redisTroubleOf(error);
    if (trouble === undefined) {
      this.#refused += 1;
      const { symbol, timeframe, timestamp } = job.entry.candle;
      this.#options.logger.error({
        event: 'candle_refused',
        symbol,
        timeframe,
        openTime: timestamp,
        error: messageOf(error),
      });
      this.#settle();
      if (this.#closes.length > 0 || this.#updates.size > 0) this.#schedule();
      return;
    }
    this.#putBack(job);
    this.#hold(trouble);
  }

  #putBack(job: Job): void {
    const key = seriesKey(job.entry.candle);
    if (job.entry.kind === 'close') this.#closes.unshift({ ...job, isRetry: true });
    else if (!this.#updates.has(key)) this.#updates.set(key, job);
  }

  /** Waits before the next try. Newer wins, so the order of what was put back does not matter for the result. */
  #hold(trouble: RedisTrouble): void {
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
    return this.#inFlight === 0 && this.#closes.length === 0 && this.#updates.size === 0;
  }

  #settle(): void {
    if (!this.#isIdle()) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** What is to be announced of a closed bar: as it is cached now, with what its write made of it. */
function newsOf(candle: SourcedCandle, { news, settled, corrected }: WriteOutcome): News | undefined {
  if (news === undefined) return undefined;
  const standing = settled ? ({ standing: 'settled' } as const) : {};
  const mark = corrected ? ({ corrected: true } as const) : {};
  return { candle: { ...candle, ...standing, ...mark }, label: news };
}

function youngOf({ youngForMs }: HistoryWrite): Pick<WriteContext, 'youngForMs'> {
  return youngForMs === undefined ? {} : { youngForMs };
}
