import { exchangeCandleClosePattern, parseJson } from '@livermore/cache';
import type { createRedis } from '@livermore/cache';
import { seriesKey, TimeframeSchema, UnifiedCandleSchema } from '@livermore/schemas';
import type { Series } from '@livermore/schemas';
import { z } from 'zod';
import { AnnouncedLedger } from './announced';
import type { Said } from './announced';

type Redis = ReturnType<typeof createRedis>;

/** What an announcement may say of itself beside the bar; whoever says nothing, or something unknown, says the bar. */
const LabelSchema = z.object({
  label: z.enum(['live', 'late', 'correction', 'retracted']).optional().catch(undefined),
});
/** One that takes a bar back names it; what else it says of it does not matter. */
const RetractedSchema = z.object({
  symbol: z.string(),
  timeframe: TimeframeSchema,
  timestamp: z.int().positive(),
});

/** Hears the closes of an exchange on a connection of its own, as any other program would. */
export class Announcements {
  /** What was said of each bar, to be judged. */
  readonly ledger = new AnnouncedLedger();
  readonly #connection: Redis;
  readonly #newest = new Map<string, number>();
  #counts = { announced: 0, repeated: 0, unreadable: 0 };
  #isStopped = false;

  constructor(redis: Pick<Redis, 'duplicate'>) {
    this.#connection = redis.duplicate();
  }

  /**
   * Closes heard, how many of them were of a bar no newer than one heard before (corrections, repairs), and how many
   * could not be read as a candle.
   */
  get counts(): { readonly announced: number; readonly repeated: number; readonly unreadable: number } {
    return this.#counts;
  }

  async listen(exchangeId: number): Promise<void> {
    this.#connection.on('pmessage', (_pattern: string, channel: string, text: string) => {
      // What was on its way when it was told to stop still arrives.
      if (!this.#isStopped) this.#hear(channel, text);
    });
    this.#connection.on('error', () => undefined);
    await this.#connection.psubscribe(exchangeCandleClosePattern(exchangeId));
  }

  /** Resolves when everything that was published before has been heard. */
  async caughtUp(): Promise<void> {
    await this.#connection.ping();
  }

  async close(): Promise<void> {
    this.#isStopped = true;
    this.#connection.disconnect();
  }

  #hear(channel: string, text: string): void {
    try {
      const { label } = parseJson(channel, text, LabelSchema);
      if (label === 'retracted') {
        const { timestamp, ...series } = parseJson(channel, text, RetractedSchema);
        this.#note(series, timestamp, label);
      } else {
        const candle = parseJson(channel, text, UnifiedCandleSchema);
        this.#note(candle, candle.timestamp, candle);
      }
    } catch {
      this.#counts = { ...this.#counts, unreadable: this.#counts.unreadable + 1 };
    }
  }

  #note(series: Series, openTime: number, said: Said): void {
    const key = seriesKey(series);
    const isRepeat = openTime <= (this.#newest.get(key) ?? 0);
    const { announced, repeated } = this.#counts;
    this.#counts = { ...this.#counts, announced: announced + 1, repeated: repeated + (isRepeat ? 1 : 0) };
    if (!isRepeat) this.#newest.set(key, openTime);
    this.ledger.note(series, openTime, said);
  }
}
