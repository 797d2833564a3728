import { subscribeCloses } from '@livermore/cache';
import type { createRedis } from '@livermore/cache';
import { timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Series, UnifiedCandle } from '@livermore/schemas';

type Redis = ReturnType<typeof createRedis>;

/** Hears the closes of an exchange on a connection of its own, as any other program would. */
export class Announcements {
  readonly #connection: Redis;
  readonly #newest = new Map<string, number>();
  /** Open times heard and not yet asked about: never more than a cache holds. */
  readonly #heard = new Map<string, Set<number>>();
  #counts = { announced: 0, repeated: 0 };
  #stop: () => Promise<void> = () => Promise.resolve();

  constructor(redis: Pick<Redis, 'duplicate'>) {
    this.#connection = redis.duplicate();
  }

  /** Closes heard, and how many of them were of a bar no newer than one heard before: corrections, repairs. */
  get counts(): { readonly announced: number; readonly repeated: number } {
    return this.#counts;
  }

  async listen(exchangeId: number): Promise<void> {
    this.#stop = await subscribeCloses({ duplicate: () => this.#connection }, exchangeId, {
      onClose: (candle) => this.#note(candle),
      onInvalid: () => undefined,
    });
  }

  /** Resolves when everything that was published before has been heard. */
  async caughtUp(): Promise<void> {
    await this.#connection.ping();
  }

  /** Of some open times of a series, those never heard of; forgets the series up to the end of the range. */
  unheard(series: Series, range: OpenTimeRange, openTimes: readonly number[]): readonly number[] {
    const heard = this.#heard.get(keyOf(series)) ?? new Set();
    const missing = openTimes.filter((openTime) => !heard.has(openTime));
    const step = timeframeMs(series.timeframe);
    for (let openTime = range.from; openTime < range.to; openTime += step) heard.delete(openTime);
    return missing;
  }

  close(): Promise<void> {
    return this.#stop();
  }

  #note(candle: UnifiedCandle): void {
    const key = keyOf(candle);
    const isRepeat = candle.timestamp <= (this.#newest.get(key) ?? 0);
    const { announced, repeated } = this.#counts;
    this.#counts = { announced: announced + 1, repeated: repeated + (isRepeat ? 1 : 0) };
    if (!isRepeat) this.#newest.set(key, candle.timestamp);
    const heard = this.#heard.get(key) ?? new Set();
    this.#heard.set(key, heard.add(candle.timestamp));
  }
}

function keyOf({ symbol, timeframe }: Series): string {
  return `${symbol} ${timeframe}`;
}
