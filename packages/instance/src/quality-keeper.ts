import { QUALITY_COUNTS, QUALITY_KEPT_DAYS, qualityCountsOf } from '@livermore/cache';
import type { QualityCount, QualityStore, WriteOutcome } from '@livermore/cache';
import type { VenueTime } from '@livermore/exchange-core';
import { closeTimeOf, newestClosedOpenTime, seriesKey, timeframeMs } from '@livermore/schemas';
import type { Series, SourcedCandle, Timeframe } from '@livermore/schemas';
import { messageOf } from '@livermore/utils';
import type { Clock, Logger } from '@livermore/utils';

export interface QualityKeeperOptions {
  readonly exchangeId: number;
  readonly store: Pick<QualityStore, 'add'>;
  readonly series: () => readonly Series[];
  readonly venueTime: VenueTime;
  readonly clock: Pick<Clock, 'setTimer' | 'sleep'>;
  readonly logger: Logger;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A close is in time when it is there this long after its boundary, ms. */
const IN_TIME_MS = 5_000;
const FLUSH_EVERY_MS = 10_000;
/** Bars that were taken back and are remembered until they are settled with other values. */
const MAX_RETRACTED = 10_000;

type Counts = Map<Timeframe, Record<QualityCount, number>>;

/**
 * Counts how right the candles are: how many bars were there in time, what the reading that settled each of them said, and
 * how many of those that closed while we watched never had other values. Kept by day and timeframe, in Redis.
 */
export class QualityKeeper {
  readonly #options: QualityKeeperOptions;
  /** Series whose bar was there in time, by its close time (ms), until they are counted. */
  readonly #heard = new Map<number, Set<string>>();
  /** Bars that were taken back: whatever stands there in the end was not said first. */
  readonly #retracted = new Set<string>();
  #days = new Map<string, Counts>();
  #since: number | undefined;
  /** The last boundary (ms) of which it was counted what should be there. */
  #judgedTo = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;

  constructor(options: QualityKeeperOptions) {
    this.#options = options;
  }

  /** From now on closes are expected. */
  start(): void {
    const now = this.#options.venueTime.now();
    this.#since ??= now;
    this.#judgedTo = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    this.#arm();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#judgedTo = Number.POSITIVE_INFINITY;
    this.#heard.clear();
  }

  /** A closed bar was written or judged. */
  note(candle: SourcedCandle, outcome: WriteOutcome): void {
    const closeTime = closeTimeOf(candle.timeframe, candle.timestamp);
    this.#hear(seriesKey(candle), closeTime);
    const counts = this.#of(candle.timeframe, candle.timestamp);
    if (counts === undefined) return;
    if (outcome.written && outcome.wasClosed && outcome.changed) counts.corrected += 1;
    // Each bar becomes settled once: so it is compared once, however often it is read again. One that the first of two
    // readings changed was different, although the second, which settles it, finds it equal.
    if (!outcome.settled) return;
    const wasRetracted = this.#retracted.delete(nameOf(candle));
    const wasDifferent = outcome.changed || outcome.corrected || wasRetracted;
    counts.compared += 1;
    counts[wasDifferent ? 'different' : 'equal'] += 1;
    if (this.#since === undefined || closeTime < this.#since) return;
    counts.settled += 1;
    if (!outcome.corrected && !wasRetracted) counts.rightFirst += 1;
  }

  /** A bar was taken back. */
  noteRetracted(bar: SourcedCandle): void {
    const counts = this.#of(bar.timeframe, bar.timestamp);
    if (counts === undefined) return;
    counts.corrected += 1;
    this.#retracted.add(nameOf(bar));
    const [oldest] = this.#retracted;
    if (this.#retracted.size > MAX_RETRACTED && oldest !== undefined) this.#retracted.delete(oldest);
  }

  /** Writes what was counted every few seconds until the signal is aborted, and at its end. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#options.clock.sleep(FLUSH_EVERY_MS, signal).catch(() => undefined);
      await this.flush();
    }
  }

  async flush(): Promise<void> {
    const { store, exchangeId, logger } = this.#options;
    const days = this.#days;
    this.#days = new Map();
    for (const [day, counts] of days) {
      try {
        for (const error of await store.add(exchangeId, day, counts)) {
          logger.warn({ event: 'quality_not_counted', day, error: messageOf(error) });
        }
      } catch (error) {
        logger.debug({ event: 'quality_not_kept', error: messageOf(error) });
        this.#giveBack(day, counts);
      }
    }
  }

  /** What could not be written is counted on. */
  #giveBack(day: string, counts: Counts): void {
    for (const [timeframe, lost] of counts) {
      const of = this.#ofDay(day, timeframe);
      for (const count of QUALITY_COUNTS) of[count] += lost[count];
    }
  }

  #hear(series: string, closeTime: number): void {
    const sinceClose = this.#options.venueTime.now() - closeTime;
    if (closeTime <= this.#judgedTo || sinceClose > IN_TIME_MS || sinceClose < -MINUTE_MS) return;
    const heard = this.#heard.get(closeTime) ?? new Set();
    this.#heard.set(closeTime, heard.add(series));
  }

  /** A moment after each minute of the venue: which bars closed by then, and which of them were there. */
  #arm(): void {
    const { venueTime, clock } = this.#options;
    const next = this.#judgedTo + MINUTE_MS + IN_TIME_MS;
    this.#cancel = clock.setTimer(
      () => {
        this.#judge();
        this.#arm();
      },
      Math.max(0, next - venueTime.now()),
    );
  }

  /** Every boundary since the last time: a machine that slept missed what closed meanwhile. */
  #judge(): void {
    const latest = Math.floor((this.#options.venueTime.now() - IN_TIME_MS) / MINUTE_MS) * MINUTE_MS;
    const from = Math.max(this.#judgedTo, latest - DAY_MS);
    for (let boundary = from + MINUTE_MS; boundary <= latest; boundary += MINUTE_MS) this.#look(boundary);
    this.#judgedTo = Math.max(this.#judgedTo, latest);
    for (const closeTime of this.#heard.keys()) {
      if (closeTime <= this.#judgedTo) this.#heard.delete(closeTime);
    }
  }

  #look(boundary: number): void {
    const heard = this.#heard.get(boundary);
    for (const series of this.#options.series()) {
      const { timeframe } = series;
      if (boundary % timeframeMs(timeframe) !== 0) continue;
      const counts = this.#of(timeframe, newestClosedOpenTime(timeframe, boundary));
      if (counts === undefined) continue;
      counts.expected += 1;
      if (heard?.has(seriesKey(series)) === true) counts.inTime += 1;
    }
  }

  /** A bar counts for the UTC day in which it opened (ms); undefined for a day of which nothing is kept. */
  #of(timeframe: Timeframe, openTime: number): Record<QualityCount, number> | undefined {
    const age = Math.floor(this.#options.venueTime.now() / DAY_MS) - Math.floor(openTime / DAY_MS);
    if (age >= QUALITY_KEPT_DAYS) return undefined;
    return this.#ofDay(new Date(openTime).toISOString().slice(0, DAY_LENGTH), timeframe);
  }

  #ofDay(day: string, timeframe: Timeframe): Record<QualityCount, number> {
    const counts = this.#days.get(day) ?? new Map<Timeframe, Record<QualityCount, number>>();
    this.#days.set(day, counts);
    const known = counts.get(timeframe) ?? qualityCountsOf(() => 0);
    counts.set(timeframe, known);
    return known;
  }
}

/** `YYYY-MM-DD` */
const DAY_LENGTH = 10;

function nameOf(bar: SourcedCandle): string {
  return `${seriesKey(bar)} ${bar.timestamp}`;
}
