import { TIMEFRAMES } from '@livermore/schemas';
import type { Timeframe } from '@livermore/schemas';
import { exchangeQualityKey } from './keys';
import type { RedisClient } from './redis';

/**
 * What is counted of closed bars, by timeframe and UTC day. `expected`: closed while the exchange was live. `inTime`:
 * present within five seconds of their close. `compared`: settled by a second reading of the venue, each bar once; it was
 * `equal` to what we held, or `different`. `settled`: those of them that closed while we watched, of which `rightFirst`
 * never had other values. `corrected`: changed, for whatever reason.
 */
export const QUALITY_COUNTS = [
  'expected',
  'inTime',
  'compared',
  'equal',
  'different',
  'settled',
  'rightFirst',
  'corrected',
] as const;
export type QualityCount = (typeof QUALITY_COUNTS)[number];
export type QualityCounts = Readonly<Record<QualityCount, number>>;

/** All counts, each what `valueOf` says of it. */
export function qualityCountsOf(valueOf: (count: QualityCount) => number): Record<QualityCount, number> {
  return {
    expected: valueOf('expected'),
    inTime: valueOf('inTime'),
    compared: valueOf('compared'),
    equal: valueOf('equal'),
    different: valueOf('different'),
    settled: valueOf('settled'),
    rightFirst: valueOf('rightFirst'),
    corrected: valueOf('corrected'),
  };
}

const KEPT_DAYS = 90;
const DAY_SECONDS = 86_400;

/** Counts about how right the candles of an exchange were, one hash for each UTC day. */
export class QualityStore {
  readonly #redis: Pick<RedisClient, 'expire' | 'hgetall' | 'hincrby'>;

  constructor(redis: Pick<RedisClient, 'expire' | 'hgetall' | 'hincrby'>) {
    this.#redis = redis;
  }

  /** Adds to the counts of a day (`YYYY-MM-DD`). */
  async add(
    exchangeId: number,
    day: string,
    counts: ReadonlyMap<Timeframe, Partial<QualityCounts>>,
  ): Promise<void> {
    const key = exchangeQualityKey(exchangeId, day);
    const adds = [...counts].flatMap(([timeframe, of]) =>
      QUALITY_COUNTS.flatMap((count) => {
        const by = of[count] ?? 0;
        return by === 0 ? [] : [this.#redis.hincrby(key, `${timeframe}:${count}`, by)];
      }),
    );
    if (adds.length === 0) return;
    await Promise.all([...adds, this.#redis.expire(key, KEPT_DAYS * DAY_SECONDS)]);
  }

  /** The counts of a day (`YYYY-MM-DD`), for each timeframe that has any. */
  async read(exchangeId: number, day: string): Promise<ReadonlyMap<Timeframe, QualityCounts>> {
    const fields = await this.#redis.hgetall(exchangeQualityKey(exchangeId, day));
    const all = new Map<Timeframe, QualityCounts>();
    for (const timeframe of TIMEFRAMES) {
      const countOf = (count: QualityCount) => wholeOf(fields[`${timeframe}:${count}`]);
      const counts = qualityCountsOf(countOf);
      if (Object.values(counts).some((count) => count > 0)) all.set(timeframe, counts);
    }
    return all;
  }
}

function wholeOf(text: string | undefined): number {
  const count = Number(text ?? 0);
  return Number.isSafeInteger(count) ? count : 0;
}
