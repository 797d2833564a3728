import { parseSeriesKey, seriesKey } from '@livermore/schemas';
import type { Series } from '@livermore/schemas';
import { postponeLooks } from './commands';
import { exchangeLooksKey } from './keys';
import type { RedisClient } from './redis';

/** A bar that is to be read again from `due` (venue time, ms) on. */
export interface Look {
  readonly series: Series;
  readonly openTime: number;
  readonly due: number;
}

type LookRedis = Pick<
  RedisClient,
  'eval' | 'evalsha' | 'zadd' | 'zcard' | 'zrange' | 'zrangebyscore' | 'zrem' | 'zremrangebyrank'
>;

/** Looks given out at once: what is left is due the next time as well. */
const LOOKS_AT_ONCE = 2_000;
/** Looks kept of an exchange, as in the Lua command: beyond it, what is due last is let go. */
const MAX_LOOKS = 20_000;

/**
 * Which bars of an exchange are to be read again, and when. The step that writes a bar notes most of them itself; so a bar
 * that rests on little, or that a reading contradicts, is not forgotten by a restart.
 */
export class LookStore {
  readonly #redis: LookRedis;

  constructor(redis: LookRedis) {
    this.#redis = redis;
  }

  /** Notes bars of a series (open times, ms) for a look at `due` (ms), or moves the look they have. */
  async add(exchangeId: number, series: Series, openTimes: readonly number[], due: number): Promise<void> {
    if (openTimes.length === 0) return;
    const at = Math.floor(due);
    const key = exchangeLooksKey(exchangeId);
    await Promise.all([
      this.#redis.zadd(key, ...openTimes.flatMap((openTime) => [at, memberOf(series, openTime)])),
      this.#redis.zremrangebyrank(key, MAX_LOOKS, -1),
    ]);
  }

  /**
   * Moves looks of `dueBy` (venue time, ms) or earlier to when each is due next (`due`, ms). One that has another time or is
   * gone by now stays as it is. All in one step.
   */
  async postpone(exchangeId: number, dueBy: number, looks: readonly Look[]): Promise<void> {
    if (looks.length === 0) return;
    const pairs = looks.flatMap(({ series, openTime, due }) => [Math.floor(due), memberOf(series, openTime)]);
    await postponeLooks.run(this.#redis, exchangeLooksKey(exchangeId), [Math.floor(dueBy), ...pairs]);
  }

  /** Looks that are due at `now` (ms), the most urgent first, and no more than can be worked off at once. */
  async due(exchangeId: number, now: number): Promise<readonly Look[]> {
    const key = exchangeLooksKey(exchangeId);
    const flat = await this.#redis.zrangebyscore(
      key,
      '-inf',
      Math.floor(now),
      'WITHSCORES',
      'LIMIT',
      0,
      LOOKS_AT_ONCE,
    );
    const looks: Look[] = [];
    for (let at = 0; at + 1 < flat.length; at += 2) {
      const look = lookOf(flat[at] ?? '', Number(flat[at + 1]));
      if (look !== undefined) looks.push(look);
    }
    return looks;
  }

  /** How many bars wait for a look. */
  count(exchangeId: number): Promise<number> {
    return this.#redis.zcard(exchangeLooksKey(exchangeId));
  }

  /** Forgets looks. */
  async remove(exchangeId: number, looks: readonly Pick<Look, 'series' | 'openTime'>[]): Promise<void> {
    if (looks.length === 0) return;
    await this.#redis.zrem(
      exchangeLooksKey(exchangeId),
      ...looks.map(({ series, openTime }) => memberOf(series, openTime)),
    );
  }
}

/** As the Lua command writes it: a symbol has no blank. */
function memberOf(series: Series, openTime: number): string {
  return `${seriesKey(series)} ${openTime}`;
}

function lookOf(member: string, due: number): Look | undefined {
  const blank = member.lastIndexOf(' ');
  const series = parseSeriesKey(member.slice(0, blank));
  const openTime = Number(member.slice(blank + 1));
  return series !== undefined && Number.isSafeInteger(openTime) ? { series, openTime, due } : undefined;
}
