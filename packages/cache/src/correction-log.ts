import { parseSeriesKey } from '@livermore/schemas';
import type { Series } from '@livermore/schemas';
import { decodeCandle } from './candle-layout';
import type { StoredCandle } from './candle-layout';
import { CacheValueError } from './errors';
import { exchangeCorrectionsKey } from './keys';
import type { RedisClient } from './redis';
import { StreamEntry } from './stream-entry';

/** A closed bar that changed. */
export interface Correction {
  /** Id in the log, which begins with the time (ms, of Redis) at which it happened. */
  readonly id: string;
  readonly at: number;
  readonly series: Series;
  /** Open time, ms. */
  readonly openTime: number;
  readonly old: StoredCandle;
  /** Undefined where the bar was taken back. */
  readonly new: StoredCandle | undefined;
  /** Who brought the change. */
  readonly cause: string;
}

const PAGE = 500;
const DAY_MS = 86_400_000;
/** Corrections older than this are let go. */
export const CORRECTIONS_KEPT_MS = 30 * DAY_MS;

type Fields = readonly Buffer[];

/**
 * The log of closed bars that changed, newest 100,000 of the last thirty days. It is written in the step that changes the
 * bar; this reads it.
 */
export class CorrectionLog {
  readonly #redis: Pick<RedisClient, 'xlen' | 'xrangeBuffer' | 'xtrim'>;

  constructor(redis: Pick<RedisClient, 'xlen' | 'xrangeBuffer' | 'xtrim'>) {
    this.#redis = redis;
  }

  /** Corrections from `since` (ms) on, oldest first. An entry that is none is left out; `onUnreadable` hears of it. */
  async *since(
    exchangeId: number,
    since: number,
    onUnreadable?: (error: CacheValueError) => void,
  ): AsyncGenerator<Correction> {
    const key = exchangeCorrectionsKey(exchangeId);
    let from = String(Math.max(0, Math.floor(since)));
    for (;;) {
      const entries = await this.#redis.xrangeBuffer(key, from, '+', 'COUNT', PAGE);
      for (const [id, fields] of entries) {
        const correction = readable(() => correctionOf(key, id.toString('latin1'), fields), onUnreadable);
        if (correction !== undefined) yield correction;
      }
      const last = entries.at(-1)?.[0].toString('latin1');
      if (last === undefined || entries.length < PAGE) return;
      from = `(${last}`;
    }
  }

  count(exchangeId: number): Promise<number> {
    return this.#redis.xlen(exchangeCorrectionsKey(exchangeId));
  }

  /** Lets go of what is older than thirty days at `now` (ms, of Redis' clock). */
  async trim(exchangeId: number, now: number): Promise<void> {
    const oldest = Math.max(0, Math.floor(now - CORRECTIONS_KEPT_MS));
    await this.#redis.xtrim(exchangeCorrectionsKey(exchangeId), 'MINID', '~', oldest);
  }
}

/** One entry that cannot be read does not hide the others. */
function readable<T>(read: () => T, onUnreadable?: (error: CacheValueError) => void): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CacheValueError)) throw error;
    onUnreadable?.(error);
    return undefined;
  }
}

function correctionOf(key: string, id: string, flat: Fields): Correction {
  const entry = new StreamEntry(flat);
  const [series, openTime] = [parseSeriesKey(entry.text('series')), entry.count('openTime')];
  const [old, changed] = [entry.bytes('old'), entry.bytes('new')];
  if (series === undefined || openTime === undefined || old === undefined || changed === undefined) {
    throw new CacheValueError(key, id, 'is not a correction');
  }
  return {
    id,
    at: Number(id.split('-')[0]),
    series,
    openTime,
    old: decodeCandle(old, series),
    new: changed.length === 0 ? undefined : decodeCandle(changed, series),
    cause: entry.text('cause'),
  };
}
