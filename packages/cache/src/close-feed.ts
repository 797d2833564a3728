import { parseSeriesKey } from '@livermore/schemas';
import type { Series } from '@livermore/schemas';
import type { Clock } from '@livermore/utils';
import { decodeCandle } from './candle-layout';
import type { StoredCandle } from './candle-layout';
import { CacheValueError } from './errors';
import { exchangeClosesKey } from './keys';
import type { RedisClient } from './redis';
import { CLOSE_LABELS } from './strategies/write-outcome';
import type { CloseLabel } from './strategies/write-outcome';
import { StreamEntry } from './stream-entry';

/** Something that was announced. `id`: where a listener that has dealt with it resumes. */
export type CloseEvent =
  | {
      readonly type: 'close';
      readonly id: string;
      readonly label: CloseLabel;
      /** As it was cached then; of a `retracted` one, what is not there any more. */
      readonly candle: StoredCandle;
    }
  | {
      /** Bars that came without being told one by one: history, or what was told before and had been lost. */
      readonly type: 'refill';
      readonly id: string;
      readonly series: Series;
      /** Open time of the first and the last of them, ms. */
      readonly from: number;
      readonly to: number;
      readonly bars: number;
    }
  | {
      /**
       * What was announced after the id that was resumed from is no longer known whole: read the series anew. What the log
       * still has follows. `behind`: the id is older than the log; `lost`: Redis lost its log, or part of it.
       */
      readonly type: 'reset';
      readonly id: string;
      readonly reason: 'behind' | 'lost';
    };

export interface CloseFeedOptions {
  /** Resume after this id; from the next announcement on when absent; `0-0` is the beginning of the log. */
  readonly after?: string;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Hears of trouble with Redis, which is waited out, and of entries that cannot be read, which are left out. */
  readonly onTrouble?: (error: unknown) => void;
}

type FeedRedis = Pick<RedisClient, 'duplicate'>;
type Connection = ReturnType<FeedRedis['duplicate']>;
type Entry = readonly [id: string, fields: readonly Buffer[]];

/** The beginning of a log. */
const BEGINNING = '0-0';
const ID = /^\d{1,16}-\d{1,16}$/;
const PAGE = 500;
/** The server hangs up no bell for longer than this, ms: a log that was lost is noticed although nothing rings. */
const BELL_MS = 2_000;
const TROUBLE_WAIT_MS = 1_000;

/** Announcements older than this are let go. */
export const CLOSES_KEPT_MS = 86_400_000;

/**
 * Every announcement of an exchange, at least once and in the order in which they were made, across restarts of the
 * listener, of the writer and of Redis. The log of the last 24 hours is read, not the channel: nobody needs to be there
 * when a bar closes.
 */
export class CloseFeed {
  readonly #redis: FeedRedis;
  readonly #key: string;
  readonly #options: CloseFeedOptions;
  #position: string | undefined;

  /** @throws CacheValueError when `after` is no id */
  constructor(redis: FeedRedis, exchangeId: number, options: CloseFeedOptions) {
    this.#redis = redis;
    this.#key = exchangeClosesKey(exchangeId);
    this.#options = options;
    if (options.after !== undefined && !ID.test(options.after)) {
      throw new CacheValueError(this.#key, 'after', `${JSON.stringify(options.after)} is no id of a log`);
    }
    this.#position = options.after;
  }

  /** Id of what was handed out last, or where listening began; undefined before it does. */
  get position(): string | undefined {
    return this.#position;
  }

  /** What is announced, until the signal is aborted. On a connection of its own. Never throws for trouble of Redis. */
  async *listen(signal: AbortSignal): AsyncGenerator<CloseEvent, void, undefined> {
    const connection = this.#redis.duplicate();
    const onAbort = () => connection.disconnect();
    connection.on('error', (error: unknown) => this.#options.onTrouble?.(error));
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      while (!signal.aborted) yield* await this.#next(connection, signal);
    } finally {
      signal.removeEventListener('abort', onAbort);
      connection.disconnect();
    }
  }

  /** What has come since the last call; waits a moment where nothing has. */
  async #next(connection: Connection, signal: AbortSignal): Promise<Iterable<CloseEvent>> {
    try {
      this.#position ??= (await edgeOf(connection, this.#key, 'last')) ?? BEGINNING;
      const after = this.#position;
      const { entries, reason } = await readAfter(connection, this.#key, after);
      if (reason !== undefined) {
        return this.#handedOut([{ type: 'reset', id: BEGINNING, reason }]);
      }
      const last = entries.at(-1)?.[0];
      if (last !== undefined) return this.#handedOut(this.#eventsIn(entries), last);
      await connection.xread('BLOCK', BELL_MS, 'STREAMS', this.#key, after);
    } catch (error) {
      if (signal.aborted) return [];
      this.#options.onTrouble?.(error);
      await this.#options.clock.sleep(TROUBLE_WAIT_MS, signal).catch(() => undefined);
    }
    return [];
  }

  /** Each event moves the position as it is handed out; `end`: where it stands when all are. */
  *#handedOut(events: readonly CloseEvent[], end?: string): Generator<CloseEvent, void, undefined> {
    for (const event of events) {
      this.#position = event.id;
      yield event;
    }
    this.#position = end ?? this.#position;
  }

  #eventsIn(entries: readonly Entry[]): readonly CloseEvent[] {
    return entries.flatMap(([id, fields]): readonly CloseEvent[] => {
      try {
        return [eventOf(this.#key, id, fields)];
      } catch (error) {
        if (!(error instanceof CacheValueError)) throw error;
        this.#options.onTrouble?.(error);
        return [];
      }
    });
  }
}

/** Lets go of announcements older than 24 hours at `now` (ms, of Redis' clock). */
export async function trimCloses(
  redis: Pick<RedisClient, 'xrevrangeBuffer' | 'xtrim'>,
  exchangeId: number,
  now: number,
): Promise<void> {
  const key = exchangeClosesKey(exchangeId);
  const [newest] = await redis.xrevrangeBuffer(key, '+', '-', 'COUNT', 1);
  if (newest === undefined) return;
  // The newest stays, however old: who has heard it has heard all there is.
  const newestAt = Number(newest[0].toString('latin1').split('-')[0]);
  await redis.xtrim(key, 'MINID', '~', Math.max(0, Math.min(newestAt, Math.floor(now - CLOSES_KEPT_MS))));
}

/**
 * A page of entries behind an id; or why it cannot be said what lies behind it. The id's own entry is read with them: a log
 * that does not have it any more is another one, or begins later. Where it begins is read after the page: what is there
 * then was there when it was read.
 */
async function readAfter(
  connection: Connection,
  key: string,
  after: string,
): Promise<{ readonly entries: readonly Entry[]; readonly reason?: 'behind' | 'lost' }> {
  const [found, first] = await Promise.all([
    connection.xrangeBuffer(key, after, '+', 'COUNT', PAGE),
    edgeOf(connection, key, 'first'),
  ]);
  const entries = found.map(([id, fields]): Entry => [id.toString('latin1'), fields]);
  if (after === BEGINNING) return { entries };
  if (entries[0]?.[0] === after && first !== undefined && !isBefore(after, first)) {
    return { entries: entries.slice(1) };
  }
  return { entries: [], reason: first !== undefined && isBefore(after, first) ? 'behind' : 'lost' };
}

/** Id of the first or last entry; undefined where there is none. */
async function edgeOf(
  connection: Connection,
  key: string,
  edge: 'first' | 'last',
): Promise<string | undefined> {
  const entries =
    edge === 'first'
      ? await connection.xrangeBuffer(key, '-', '+', 'COUNT', 1)
      : await connection.xrevrangeBuffer(key, '+', '-', 'COUNT', 1);
  return entries[0]?.[0].toString('latin1');
}

function isBefore(a: string, b: string): boolean {
  const [aMs = 0, aAt = 0] = a.split('-').map(Number);
  const [bMs = 0, bAt = 0] = b.split('-').map(Number);
  return aMs < bMs || (aMs === bMs && aAt < bAt);
}

function eventOf(key: string, id: string, flat: readonly Buffer[]): CloseEvent {
  const entry = new StreamEntry(flat);
  const series = parseSeriesKey(entry.text('series'));
  const label = entry.text('label');
  if (series === undefined) throw new CacheValueError(key, id, 'names no series');
  if (label === 'refill') {
    const [from, to, bars] = [entry.count('from'), entry.count('to'), entry.count('bars')];
    if (from === undefined || to === undefined || bars === undefined) {
      throw new CacheValueError(key, id, 'does not say which bars were refilled');
    }
    return { type: 'refill', id, series, from, to, bars };
  }
  const known = CLOSE_LABELS.find((each) => each === label);
  const member = entry.bytes('candle');
  if (known === undefined || member === undefined) throw new CacheValueError(key, id, 'is no announcement');
  return { type: 'close', id, label: known, candle: decodeCandle(member, series) };
}
