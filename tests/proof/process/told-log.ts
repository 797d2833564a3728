import { CloseFeed } from '@livermore/cache';
import type { CloseEvent, createRedis } from '@livermore/cache';
import { seriesKey } from '@livermore/schemas';
import type { Series } from '@livermore/schemas';
import { systemClock } from '@livermore/utils';

/** What a listener of the log heard that it should not have heard so. Each bar as `series open time`. */
export interface ToldFaults {
  /** Told as live a second time, without having been taken back in between. */
  readonly twice: readonly string[];
  /** Told as live behind a later bar of its series. */
  readonly disordered: readonly string[];
}

/** Follows the log of closes from the beginning, as a program that must hear every close would, whatever happens to Redis. */
export class ToldLog {
  readonly #events: CloseEvent[] = [];
  readonly #abort = new AbortController();
  readonly #listening: Promise<void>;

  constructor(redis: Pick<ReturnType<typeof createRedis>, 'duplicate'>, exchangeId: number) {
    const feed = new CloseFeed(redis, exchangeId, { after: '0-0', clock: systemClock });
    this.#listening = (async () => {
      for await (const event of feed.listen(this.#abort.signal)) this.#events.push(event);
    })();
  }

  /** How many announcements were heard: closes, and what became of them. */
  get count(): number {
    return this.#events.filter((event) => event.type === 'close').length;
  }

  /** Whether a bar (open time, ms) was told by itself, at any time. */
  wasTold(series: Series, openTime: number): boolean {
    return this.#events.some(
      (event) =>
        event.type === 'close' &&
        (event.label === 'live' || event.label === 'late') &&
        event.candle.timestamp === openTime &&
        seriesKey(event.candle) === seriesKey(series),
    );
  }

  faults(): ToldFaults {
    const newest = new Map<string, number>();
    const live = new Set<string>();
    const [twice, disordered]: [string[], string[]] = [[], []];
    for (const event of this.#events) {
      if (event.type !== 'close') continue;
      const { label, candle } = event;
      const series = seriesKey(candle);
      const bar = `${series} ${new Date(candle.timestamp).toISOString()}`;
      if (label === 'retracted') live.delete(bar);
      if (label !== 'live') continue;
      if (live.has(bar)) twice.push(bar);
      if (candle.timestamp < (newest.get(series) ?? 0)) disordered.push(bar);
      live.add(bar);
      newest.set(series, Math.max(candle.timestamp, newest.get(series) ?? 0));
    }
    return { twice, disordered };
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#listening;
  }
}
