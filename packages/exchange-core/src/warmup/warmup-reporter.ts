import { warmupStatsKey } from '@livermore/cache';
import type { RedisClient } from '@livermore/cache';
import { HARDCODED_CONFIG } from '@livermore/schemas';
import { messageOf } from '@livermore/utils';
import type { Clock, Logger } from '@livermore/utils';
import type { WarmupStats } from './types';
import { nextStats } from './warmup-stats';
import type { WarmupEvent } from './warmup-stats';

export interface WarmupReporterOptions {
  readonly redis: Pick<RedisClient, 'set'>;
  readonly clock: Pick<Clock, 'now' | 'setTimer'>;
  readonly logger: Logger;
  readonly onProgress?: (stats: WarmupStats) => void;
}

type Happening = WarmupEvent extends infer E ? (E extends WarmupEvent ? Omit<E, 'at'> : never) : never;

/**
 * Keeps the stats of one run in Redis: at once when it begins and ends, otherwise at most every
 * `HARDCODED_CONFIG.warmup.statsEveryMs`. One write is under way at a time and the newest stats win. That stats
 * could not be written is logged and stops nothing: the candles matter more.
 */
export class WarmupReporter {
  readonly #options: WarmupReporterOptions;
  #stats: WarmupStats;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #isDirty = false;
  #writtenAt = Number.NEGATIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;

  constructor(initial: WarmupStats, options: WarmupReporterOptions) {
    this.#stats = initial;
    this.#options = options;
  }

  get stats(): WarmupStats {
    return this.#stats;
  }

  /** Writes the stats as they are and waits for it. */
  async flush(): Promise<void> {
    this.#cancel();
    this.#isDirty = true;
    await this.#writing;
    if (this.#isDirty) await this.#write();
  }

  report(happening: Happening): void {
    this.#stats = nextStats(this.#stats, { ...happening, at: this.#options.clock.now() });
    this.#isDirty = true;
    this.#writeWhenDue();
  }

  #writeWhenDue(): void {
    if (this.#isWriting || this.#cancelTimer !== undefined) return;
    const { clock } = this.#options;
    const waitMs = this.#writtenAt + HARDCODED_CONFIG.warmup.statsEveryMs - clock.now();
    if (waitMs <= 0) {
      this.#writing = this.#write();
      return;
    }
    this.#cancelTimer = clock.setTimer(() => {
      this.#cancelTimer = undefined;
      if (this.#isDirty && !this.#isWriting) this.#writing = this.#write();
    }, waitMs);
  }

  #cancel(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  /** Never rejects. */
  async #write(): Promise<void> {
    const { redis, clock, logger } = this.#options;
    const stats = this.#stats;
    this.#isWriting = true;
    this.#isDirty = false;
    this.#writtenAt = clock.now();
    try {
      this.#options.onProgress?.(stats);
      await redis.set(warmupStatsKey(stats.exchangeId), JSON.stringify(stats));
    } catch (error) {
      logger.warn({ event: 'warmup_stats_not_written', runId: stats.runId, error: messageOf(error) });
    }
    this.#isWriting = false;
    if (this.#isDirty) this.#writeWhenDue();
  }
}
