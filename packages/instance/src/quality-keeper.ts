import { QUALITY_COUNTS, qualityCountsOf } from '@livermore/cache';
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
/** A close is in time when it is there this long after its boundary, ms. */
const IN_TIME_MS = 5_000;
const FLUSH_EVERY_MS = 10_000;

type Counts = Map<Timeframe, Record<QualityCount, number>>;

/**
 * Counts how right the candles are: how many bars were there in time, what the reading that settled each of them said, and
 * how many of those that closed while we watched never had other values. Kept by day and timeframe, in Redis.
 */
export class QualityKeeper {
  readonly #options: QualityKeeperOptions;
  readonly #newestClosed = new Map<string, number>();
  #days = new Map<string, Counts>();
  #since: number | undefined;
  #cancel: (() => void) | undefined;

  constructor(options: QualityKeeperOptions) {
    this.#options = options;
  }

  /** From now on closes are expected. */
  start(): void {
    this.#since ??= this.#options.venueTime.now();
    this.#arm();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** A closed bar was written or judged. */
  note(candle: SourcedCandle, outcome: WriteOutcome): void {
    const key = seriesKey(candle);
    if (candle.timestamp > (this.#newestClosed.get(key) ?? 0)) this.#newestClosed.set(key, candle.timestamp);
    const counts = this.#of(candle.timeframe, candle.timestamp);
    if (outcome.written && outcome.wasClosed && outcome.changed) counts.corrected += 1;
    // Each bar becomes settled once: so it is compared once, however often it is read again.
    if (!outcome.settled) return;
    counts.compared += 1;
    counts[outcome.changed ? 'different' : 'equal'] += 1;
    if (this.#since === undefined || closeTimeOf(candle.timeframe, candle.timestamp) < this.#since) return;
    counts.settled += 1;
    if (!outcome.corrected) counts.rightFirst += 1;
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
        await store.add(exchangeId, day, counts);
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

  /** A moment after each minute of the venue: which bars closed by then, and which of them are there. */
  #arm(): void {
    const { venueTime, clock } = this.#options;
    const now = venueTime.now();
    const next = Math.floor((now - IN_TIME_MS) / MINUTE_MS + 1) * MINUTE_MS + IN_TIME_MS;
    this.#cancel = clock.setTimer(() => {
      this.#look(next - IN_TIME_MS);
      this.#arm();
    }, next - now);
  }

  #look(boundary: number): void {
    for (const series of this.#options.series()) {
      const { timeframe } = series;
      if (boundary % timeframeMs(timeframe) !== 0) continue;
      const openTime = newestClosedOpenTime(timeframe, boundary);
      const counts = this.#of(timeframe, openTime);
      counts.expected += 1;
      if ((this.#newestClosed.get(seriesKey(series)) ?? 0) >= openTime) counts.inTime += 1;
    }
  }

  /** A bar counts for the UTC day in which it opened (ms). */
  #of(timeframe: Timeframe, openTime: number): Record<QualityCount, number> {
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
