import {
  HARDCODED_CONFIG,
  MICROS_PER_MS,
  seriesKey,
  timeframeMs,
  isUnifiedCandle,
  UnifiedCandleSchema,
} from '@livermore/schemas';
import type { CandleSource, Series, Timeframe, UnifiedCandle } from '@livermore/schemas';
import { z } from 'zod';
import { codeOfSource, decodeCandle, encodeCandles } from '../candle-layout';
import type { StoredCandle } from '../candle-layout';
import { coverSeries, retract, writeByTruth, writeCandlesIfNewer } from '../commands';
import { CacheValueError, InvalidCandleError, issueText } from '../errors';
import {
  candleCloseChannel,
  candleKey,
  exchangeCandleCloseChannel,
  exchangeCandleKey,
  exchangeClosesKey,
  exchangeCorrectionsKey,
  exchangeDoubtKey,
  exchangeLooksKey,
  exchangeToldKey,
} from '../keys';
import type { RedisClient } from '../redis';
import { MAX_OUTCOME, NOTHING_WRITTEN, outcomeOf } from './write-outcome';
import type { WriteOutcome } from './write-outcome';

export type { CloseLabel, WriteOutcome } from './write-outcome';

/** When a second reading that agrees settles a bar: measured from its close, and from the first reading, ms. */
export interface Finality {
  readonly fromMs: number;
  readonly apartMs: number;
}

/** What belongs to a write of a shared series besides the candles. */
export interface WriteContext {
  /** The venue's time, ms; the greatest as-of of the candles when absent. */
  readonly now?: number;
  /** A series that told nothing yet begins with a bar that closed from here on, ms; all is history when absent. */
  readonly liveSince?: number;
  /** Who brings it: stands in the log of corrections. */
  readonly cause?: string;
  /** A bar that was read so soon after its close, ms, is looked at again soon. */
  readonly youngForMs?: number;
}

/** What a series holds in a window. All times are open times in ms. */
export interface SeriesSummary {
  readonly closed: number;
  /** Closed bars in which nothing traded. */
  readonly noTrades: number;
  /** Present but not closed: the bar in progress, or one left behind unfinished. */
  readonly open: number;
  /** Closed bars told alike by two independent readings, and how many of these still stood a day later. */
  readonly settled: number;
  readonly final: number;
  /** Greatest as-of in the window, µs; 0 when there is none. */
  readonly newestAsOf: number;
  /** Unbroken runs of closed bars, ascending: open times of the first and the last bar of each. */
  readonly runs: readonly { readonly first: number; readonly last: number }[];
}

export interface CandleCacheOptions {
  /** When a second reading settles a bar; Binance's when absent. */
  readonly finality?: Finality;
  /** Whose own close channels are told as well as the exchange's. */
  readonly ownerUserIds?: readonly number[];
  /** Hears of each cached member that is no candle and was left out of what was read. */
  readonly onUnreadable?: (error: CacheValueError) => void;
}

export interface CandleQuery {
  /** Open times from here on, ms, included. */
  readonly from?: number;
  /** Open times up to here, ms, included. */
  readonly to?: number;
  /** The newest so many: a whole number, 0 or more. */
  readonly limit?: number;
}

type CacheRedis = Pick<RedisClient, 'eval' | 'evalsha' | 'zrangebyscoreBuffer' | 'zrangeBuffer'>;

const HOUR_SECONDS = 3_600;
/** A series outlives this many of its bars: until then some of a warmup's target is still of use. */
const EXCHANGE_TTL_BARS = 100;
/** Ten minutes: until then venues are known to serve rows that lack trades. */
const YOUNG_FOR_MS = 600_000;
const DEFAULT_FINALITY: Finality = { fromMs: 30_000, apartMs: 30_000 };

const SummarySchema = z.tuple(
  [z.number(), z.number(), z.number(), z.number(), z.number(), z.number()],
  z.number(),
);
const OutcomesSchema = z.array(z.int().nonnegative().max(MAX_OUTCOME));
const RetractionSchema = z.union([
  z.tuple([z.literal(0)]),
  z.tuple([z.literal(1), z.union([z.literal(0), z.literal(1)])]),
]);

/**
 * Candles in Redis: sorted sets by open time, each written by one atomic compare-and-replace. What is news of a shared
 * series is logged and announced in that same step.
 */
export class CandleCacheStrategy {
  readonly #redis: CacheRedis;
  readonly #finality: Finality;
  readonly #ownerUserIds: readonly number[];
  readonly #onUnreadable: CandleCacheOptions['onUnreadable'];

  constructor(redis: CacheRedis, options: CandleCacheOptions = {}) {
    this.#redis = redis;
    this.#finality = options.finality ?? DEFAULT_FINALITY;
    this.#ownerUserIds = options.ownerUserIds ?? [];
    this.#onUnreadable = options.onUnreadable;
  }

  /**
   * Writes a candle of a user's private series unless what is cached is as new or newer.
   * @returns whether it was written
   * @throws InvalidCandleError naming the field; nothing was written
   */
  async addCandleIfNewer(userId: number, exchangeId: number, candle: UnifiedCandle): Promise<boolean> {
    const valid = validated(candle);
    const key = candleKey(userId, exchangeId, valid.symbol, valid.timeframe);
    const ttlSeconds = HARDCODED_CONFIG.cache.candleTtlHours * HOUR_SECONDS;
    const args = [ttlSeconds, HARDCODED_CONFIG.cache.maxCandlesPerSeries, encodeCandles([valid])];
    const [outcome] = outcomesIn(key, await writeCandlesIfNewer.run(this.#redis, key, args));
    return outcome === 1;
  }

  /**
   * Writes a candle of the exchange's shared series, what the pipeline writes and the scanner counts, unless what is
   * cached stands above it in the order of truth.
   * @throws InvalidCandleError naming the field; nothing was written
   */
  async addExchangeCandleIfNewer(exchangeId: number, candle: UnifiedCandle): Promise<boolean> {
    return (await this.writeExchangeCandle(exchangeId, candle)).written;
  }

  /** As `addExchangeCandleIfNewer`, and says what was there before and what is news. */
  async writeExchangeCandle(
    exchangeId: number,
    candle: UnifiedCandle,
    context: WriteContext = {},
  ): Promise<WriteOutcome> {
    const [outcome] = await this.#write(exchangeId, candle, packed([validated(candle)]), context);
    return outcome ?? NOTHING_WRITTEN;
  }

  /**
   * Writes candles of one shared series, in bounded atomic batches.
   * @returns one outcome for each, in order
   * @throws InvalidCandleError naming the field, before anything is written
   */
  async writeExchangeCandles(
    exchangeId: number,
    series: Series,
    candles: readonly UnifiedCandle[],
    context: WriteContext = {},
  ): Promise<readonly WriteOutcome[]> {
    const valid = candles.map(validated);
    const stray = valid.find((c) => c.symbol !== series.symbol || c.timeframe !== series.timeframe);
    if (stray !== undefined) {
      throw new InvalidCandleError(
        `a candle of ${stray.symbol} ${stray.timeframe} was handed in for ${series.symbol} ${series.timeframe}`,
      );
    }
    const size = HARDCODED_CONFIG.cache.candlesPerWrite;
    const batches = Array.from({ length: Math.ceil(valid.length / size) }, (_, at) =>
      packed(valid.slice(at * size, (at + 1) * size)),
    );
    const { symbol, timeframe } = series;
    const said = { ...context };
    const outcomes: WriteOutcome[] = [];
    for (const batch of batches) {
      outcomes.push(...(await this.#write(exchangeId, { symbol, timeframe }, batch, said)));
    }
    return outcomes;
  }

  /**
   * Takes back a bar that the venue does not have, unless it is no longer the one that was judged (its as-of, µs, and source).
   * Where it had been announced, so is that. `exchange`: the name it is announced with.
   * @returns whether it was removed, and whether it had been announced
   */
  async retract(
    exchangeId: number,
    series: Series,
    bar: { readonly openTime: number; readonly asOf: number; readonly source: CandleSource },
    why: { readonly cause: string; readonly exchange: string },
  ): Promise<{ readonly removed: boolean; readonly wasTold: boolean }> {
    const judged = [bar.openTime, bar.asOf, codeOfSource(bar.source)];
    const channels = this.#channelsOf(exchangeId, series);
    const args = [seriesKey(series), ...judged, why.cause, why.exchange, ...channels];
    const reply = RetractionSchema.safeParse(
      await retract.run(this.#redis, keysOf(exchangeId, series), args),
    );
    if (!reply.success) {
      throw new CacheValueError(
        exchangeCandleKey(exchangeId, series.symbol, series.timeframe),
        'retraction',
        reply.error.message,
      );
    }
    const [removed, told] = reply.data;
    return { removed: removed === 1, wasTold: told === 1 };
  }

  /** Candles of a shared series, ascending by open time. Forming bars are included: see `isClosed`; what is no candle is not. */
  async readExchangeCandles(
    exchangeId: number,
    series: Series,
    query: CandleQuery = {},
  ): Promise<StoredCandle[]> {
    const key = exchangeCandleKey(exchangeId, series.symbol, series.timeframe);
    return this.#read(key, series, query);
  }

  /** Candles of a user's private series, ascending by open time. */
  async readCandles(
    owner: { readonly userId: number; readonly exchangeId: number },
    series: Series,
    query: CandleQuery = {},
  ): Promise<StoredCandle[]> {
    const key = candleKey(owner.userId, owner.exchangeId, series.symbol, series.timeframe);
    return this.#read(key, series, query);
  }

  /** Readings that differ from the bar of their open time and wait for a second one, ascending. */
  async readDoubts(exchangeId: number, series: Series): Promise<StoredCandle[]> {
    return this.#read(exchangeDoubtKey(exchangeId, series.symbol, series.timeframe), series, {});
  }

  /** What a shared series holds between two open times (ms, both included), without moving its candles. */
  async summariseExchangeSeries(
    exchangeId: number,
    series: Series,
    window: { readonly from: number; readonly to: number },
  ): Promise<SeriesSummary> {
    const key = exchangeCandleKey(exchangeId, series.symbol, series.timeframe);
    const args = [window.from, window.to, timeframeMs(series.timeframe)];
    const reply = SummarySchema.safeParse(await coverSeries.run(this.#redis, key, args));
    if (!reply.success) throw new CacheValueError(key, 'summary', reply.error.message);
    const [closed, noTrades, newestAsOf, open, settled, final, ...edges] = reply.data;
    const runs: { first: number; last: number }[] = [];
    for (let at = 0; at + 1 < edges.length; at += 2) {
      runs.push({ first: edges[at] ?? 0, last: edges[at + 1] ?? 0 });
    }
    return { closed, noTrades, open, settled, final, newestAsOf, runs };
  }

  async #write(
    exchangeId: number,
    series: Series,
    batch: Batch,
    context: WriteContext,
  ): Promise<WriteOutcome[]> {
    const { timeframe } = series;
    const length = timeframeMs(timeframe);
    const now = context.now ?? batch.latest;
    const args = [
      exchangeTtlSeconds(timeframe),
      HARDCODED_CONFIG.cache.maxCandlesPerSeries,
      length,
      seriesKey(series),
      Math.floor(now),
      this.#finality.fromMs,
      this.#finality.apartMs,
      Math.floor(now - HARDCODED_CONFIG.cache.maxToldLate * length),
      context.liveSince === undefined ? '' : Math.floor(context.liveSince),
      context.cause ?? 'unsaid',
      context.youngForMs ?? YOUNG_FOR_MS,
      batch.exchange,
      batch.bytes,
      ...this.#channelsOf(exchangeId, series),
    ];
    const keys = keysOf(exchangeId, series);
    return outcomesIn(keys[0], await writeByTruth.run(this.#redis, keys, args)).map(outcomeOf);
  }

  #channelsOf(exchangeId: number, { symbol, timeframe }: Series): readonly string[] {
    const own = this.#ownerUserIds.map((id) => candleCloseChannel(id, exchangeId, symbol, timeframe));
    return [exchangeCandleCloseChannel(exchangeId, symbol, timeframe), ...own];
  }

  async #read(key: string, series: Series, query: CandleQuery): Promise<StoredCandle[]> {
    if (query.limit === 0) return [];
    const members =
      query.from === undefined && query.to === undefined
        ? await this.#redis.zrangeBuffer(
            key,
            String(-(query.limit ?? HARDCODED_CONFIG.cache.maxCandlesPerSeries)),
            '-1',
          )
        : await this.#redis.zrangebyscoreBuffer(
            key,
            String(query.from ?? '-inf'),
            String(query.to ?? '+inf'),
          );
    const newest = query.limit === undefined ? members : members.slice(-query.limit);
    return newest.flatMap((member) => this.#decoded(member, series));
  }

  /** A foreign or damaged member costs exactly itself: it is left out, and its bar is as good as missing. */
  #decoded(member: Buffer, series: Series): readonly StoredCandle[] {
    try {
      return [decodeCandle(member, series)];
    } catch (error) {
      if (!(error instanceof CacheValueError)) throw error;
      this.#onUnreadable?.(error);
      return [];
    }
  }
}

/** Seconds a shared series lives after a write: at least the platform's TTL, longer for long bars. */
export function exchangeTtlSeconds(timeframe: Timeframe): number {
  const bars = (EXCHANGE_TTL_BARS * timeframeMs(timeframe)) / 1000;
  return Math.max(HARDCODED_CONFIG.cache.candleTtlHours * HOUR_SECONDS, bars);
}

/** The keys of a step that decides by the order of truth, as its header lists them. */
function keysOf(exchangeId: number, { symbol, timeframe }: Series): readonly [string, ...string[]] {
  return [
    exchangeCandleKey(exchangeId, symbol, timeframe),
    exchangeDoubtKey(exchangeId, symbol, timeframe),
    exchangeLooksKey(exchangeId),
    exchangeToldKey(exchangeId),
    exchangeCorrectionsKey(exchangeId),
    exchangeClosesKey(exchangeId),
  ];
}

/** Candles as they are sent. Made in the turn in which they were checked: what their owner changes later is not sent. */
interface Batch {
  readonly bytes: Buffer;
  /** Name of the exchange, as the first of them has it. */
  readonly exchange: string;
  /** The greatest as-of, ms. */
  readonly latest: number;
}

function packed(candles: readonly UnifiedCandle[]): Batch {
  const latest = candles.reduce(
    (most, { sequenceNum = 0 }) => Math.max(most, sequenceNum / MICROS_PER_MS),
    0,
  );
  return { bytes: encodeCandles(candles), exchange: candles[0]?.exchange ?? '', latest };
}

function outcomesIn(key: string, reply: unknown): number[] {
  const outcomes = OutcomesSchema.safeParse(reply);
  if (!outcomes.success) throw new CacheValueError(key, 'write outcome', outcomes.error.message);
  return outcomes.data;
}

function validated(candle: UnifiedCandle): UnifiedCandle {
  if (isUnifiedCandle(candle)) return candle;
  const result = UnifiedCandleSchema.safeParse(candle);
  if (result.success) return result.data;
  throw new InvalidCandleError(`candle refused: ${issueText(result.error, 'candle')}`, {
    issues: result.error.issues.map((each) => ({ field: each.path.join('.'), message: each.message })),
  });
}
