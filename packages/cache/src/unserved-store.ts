import { timeframeMs } from '@livermore/schemas';
import type { Series } from '@livermore/schemas';
import { exchangeUnservedKey } from './keys';
import { addNotes } from './open-time-notes';
import type { RedisClient } from './redis';

type UnservedRedis = Pick<
  RedisClient,
  'expire' | 'zadd' | 'zrangebyscore' | 'zremrangebyrank' | 'zremrangebyscore'
>;

/**
 * Open times an answer of the venue lacked, and when it was first asked for them. Nothing is said of them yet: an answer
 * minutes later that lacks them as well makes them absent.
 */
export class UnservedStore {
  readonly #redis: UnservedRedis;

  constructor(redis: UnservedRedis) {
    this.#redis = redis;
  }

  /** Remembers open times (ms) as asked for in vain at `askedAt` (ms, venue time). Call it for ones not known yet. */
  async add(
    exchangeId: number,
    series: Series,
    openTimes: readonly number[],
    askedAt: number,
  ): Promise<void> {
    const key = exchangeUnservedKey(exchangeId, series.symbol, series.timeframe);
    const at = Math.floor(askedAt);
    const notes = openTimes.map((openTime) => ({ openTime, member: `${openTime}:${at}` }));
    await addNotes(this.#redis, key, series.timeframe, notes);
  }

  /** When bars between two open times (ms, both included) were first asked for in vain, by open time. */
  async read(
    exchangeId: number,
    series: Series,
    window: { readonly from: number; readonly to: number },
  ): Promise<ReadonlyMap<number, number>> {
    const key = exchangeUnservedKey(exchangeId, series.symbol, series.timeframe);
    const askedAt = new Map<number, number>();
    for (const member of await this.#redis.zrangebyscore(key, window.from, window.to)) {
      const [openTime = Number.NaN, at = Number.NaN] = member.split(':').map(Number);
      // Two writers may both have noted a bar: the first asking counts.
      if (Number.isSafeInteger(openTime) && Number.isSafeInteger(at)) {
        askedAt.set(openTime, Math.min(at, askedAt.get(openTime) ?? at));
      }
    }
    return askedAt;
  }

  /** Forgets open times (ms): they are there, or there is a verdict. */
  async remove(exchangeId: number, series: Series, openTimes: readonly number[]): Promise<void> {
    const key = exchangeUnservedKey(exchangeId, series.symbol, series.timeframe);
    const runs = runsOf(openTimes, timeframeMs(series.timeframe));
    await Promise.all(runs.map(({ first, last }) => this.#redis.zremrangebyscore(key, first, last)));
  }
}

interface Run {
  readonly first: number;
  last: number;
}

/** Open times in a row, a bar's length (ms) apart: answers have a row for nearly every bar. */
function runsOf(openTimes: readonly number[], length: number): readonly Run[] {
  const runs: Run[] = [];
  for (const openTime of openTimes.toSorted((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run !== undefined && openTime - run.last <= length) run.last = openTime;
    else runs.push({ first: openTime, last: openTime });
  }
  return runs;
}
