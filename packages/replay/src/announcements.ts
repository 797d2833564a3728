import { candleCloseChannel, exchangeCandleClosePattern, parseJson } from '@livermore/cache';
import type { createRedis } from '@livermore/cache';
import { seriesKey, TimeframeSchema, UnifiedCandleSchema } from '@livermore/schemas';
import type { Series } from '@livermore/schemas';
import { z } from 'zod';
import { AnnouncedLedger } from './announced';
import type { Said } from './announced';
import type { ReplayReport } from './report';

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
  /** Messages whose like has not come on the owner's channel yet, and how many of each. */
  readonly #owed = new Map<string, number>();
  #counts = { announced: 0, repeated: 0, unreadable: 0 };
  #isStopped = false;

  constructor(redis: Pick<Redis, 'duplicate'>) {
    this.#connection = redis.duplicate();
  }

  /**
   * Closes heard, how many of them were of a bar no newer than one heard before (corrections, repairs), how many could
   * not be read as a candle, and how many came to everyone or to their owner alone.
   */
  get counts(): ReplayReport['closes'] {
    const untoldOwner = [...this.#owed.values()].reduce((sum, times) => sum + Math.abs(times), 0);
    return { ...this.#counts, untoldOwner };
  }

  /** `owner`: a user whose own channels of these series must say the same, word for word. */
  async listen(
    exchangeId: number,
    owner?: { readonly userId: number; readonly series: readonly Series[] },
  ): Promise<void> {
    // What was on its way when it was told to stop still arrives.
    this.#connection.on('pmessage', (_pattern: string, channel: string, text: string) => {
      if (this.#isStopped) return;
      this.#hear(channel, text);
      if (owner !== undefined) this.#owe(text, 1);
    });
    this.#connection.on('message', (_channel: string, text: string) => {
      if (!this.#isStopped) this.#owe(text, -1);
    });
    this.#connection.on('error', () => undefined);
    await this.#connection.psubscribe(exchangeCandleClosePattern(exchangeId));
    if (owner === undefined) return;
    const { userId, series } = owner;
    await this.#connection.subscribe(
      ...series.map(({ symbol, timeframe }) => candleCloseChannel(userId, exchangeId, symbol, timeframe)),
    );
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

  #owe(text: string, change: 1 | -1): void {
    const owed = (this.#owed.get(text) ?? 0) + change;
    if (owed === 0) this.#owed.delete(text);
    else this.#owed.set(text, owed);
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
