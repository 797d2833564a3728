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

/** Counts of a day are kept so long, and of no older day. */
export const QUALITY_KEPT_DAYS = 90;
const DAY_SECONDS = 86_400;

/** Counts about how right the candles of an exchange were, one hash for each UTC day. */
export class QualityStore {
  readonly #redis: Pick<RedisClient, 'hgetall' | 'multi'>;

  constructor(redis: Pick<RedisClient, 'hgetall' | 'multi'>) {
    this.#redis = redis;
  }

  /**
   * Adds to the counts of a day (`YYYY-MM-DD`), in one step. Where it rejects, nothing was added.
   * @returns why single counts could not be added, while the others were
   */
  async add(
    exchangeId: number,
    day: string,
    counts: ReadonlyMap<Timeframe, Partial<QualityCounts>>,
  ): Promise<readonly Error[]> {
    const key = exchangeQualityKey(exchangeId, day);
    const adds = [...counts].flatMap(([timeframe, of]) =>
      QUALITY_COUNTS.map((count) => ({ field: `${timeframe}:${count}`, by: of[count] ?? 0 })).filter(
        ({ by }) => by !== 0,
      ),
    );
    if (adds.length === 0) return [];
    const step = this.#redis.multi();
    for (const { field, by } of adds) step.hincrby(key, field, by);
    step.expire(key, QUALITY_KEPT_DAYS * DAY_SECONDS);
    const replies = (await step.exec()) ?? [];
    return replies.flatMap(([error]) => (error === null ? [] : [error]));
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
