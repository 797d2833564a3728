import { HARDCODED_CONFIG, UnifiedCandleSchema, timeframeMs } from '@livermore/schemas';
import type { CandleSource, Series, Timeframe, UnifiedCandle } from '@livermore/schemas';
import { z } from 'zod';
import { decodeCandle, encodeCandle, sourceOfCode } from '../candle-layout';
import type { StoredCandle } from '../candle-layout';
import { coverSeries, writeCandlesIfNewer } from '../commands';
import { CacheValueError, InvalidCandleError, issueText } from '../errors';
import { candleKey, exchangeCandleKey } from '../keys';
import type { RedisClient } from '../redis';

/** What a write did. */
export interface WriteOutcome {
  readonly written: boolean;
  /** Something was cached at that open time. */
  readonly replaced: boolean;
  /** Open, high, low, close or volume differ from what was cached; true where nothing was. */
  readonly changed: boolean;
  /** What was cached was already closed. */
  readonly wasClosed: boolean;
  /** Source of what was cached. */
  readonly previousSource?: CandleSource;
}

/** What a series holds in a window. All times are open times in ms. */
export interface SeriesSummary {
  readonly closed: number;
  readonly noTrades: number;
  /** Present but not closed: the bar in progress, or one left behind unfinished. */
  readonly open: number;
  /** Greatest as-of in the window, µs; 0 when there is none. */
  readonly newestAsOf: number;
  /** Unbroken runs of closed bars, ascending: open times of the first and the last bar of each. */
  readonly runs: readonly { readonly first: number; readonly last: number }[];
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

const SummarySchema = z.tuple([z.number(), z.number(), z.number(), z.number()], z.number());
const OutcomesSchema = z.array(z.number());

/** Candles in Redis: sorted sets by open time, each written by one atomic compare-and-replace. */
export class CandleCacheStrategy {
  readonly #redis: CacheRedis;

  constructor(redis: CacheRedis) {
    this.#redis = redis;
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
    const [outcome] = await this.#write(key, valid.timeframe, ttlSeconds, [valid]);
    return outcome?.written ?? false;
  }

  /**
   * The same for the exchange's shared series: what the pipeline writes and the scanner counts.
   * @throws InvalidCandleError naming the field; nothing was written
   */
  async addExchangeCandleIfNewer(exchangeId: number, candle: UnifiedCandle): Promise<boolean> {
    return (await this.writeExchangeCandle(exchangeId, candle)).written;
  }

  /** As `addExchangeCandleIfNewer`, and says what was there before. */
  async writeExchangeCandle(exchangeId: number, candle: UnifiedCandle): Promise<WriteOutcome> {
    const valid = validated(candle);
    const key = exchangeCandleKey(exchangeId, valid.symbol, valid.timeframe);
    const [outcome] = await this.#write(key, valid.timeframe, exchangeTtlSeconds(valid.timeframe), [valid]);
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
  ): Promise<readonly WriteOutcome[]> {
    const valid = candles.map(validated);
    const stray = valid.find((c) => c.symbol !== series.symbol || c.timeframe !== series.timeframe);
    if (stray !== undefined) {
      throw new InvalidCandleError(
        `a candle of ${stray.symbol} ${stray.timeframe} was handed in for ${series.symbol} ${series.timeframe}`,
      );
    }
    const key = exchangeCandleKey(exchangeId, series.symbol, series.timeframe);
    const ttlSeconds = exchangeTtlSeconds(series.timeframe);
    const outcomes: WriteOutcome[] = [];
    for (let at = 0; at < valid.length; at += HARDCODED_CONFIG.cache.candlesPerWrite) {
      const batch = valid.slice(at, at + HARDCODED_CONFIG.cache.candlesPerWrite);
      outcomes.push(...(await this.#write(key, series.timeframe, ttlSeconds, batch)));
    }
    return outcomes;
  }

  /** Candles of a shared series, ascending by open time. Forming bars are included: see `isClosed`. */
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
    const [closed, noTrades, newestAsOf, open, ...edges] = reply.data;
    const runs: { first: number; last: number }[] = [];
    for (let at = 0; at + 1 < edges.length; at += 2) {
      runs.push({ first: edges[at] ?? 0, last: edges[at + 1] ?? 0 });
    }
    return { closed, noTrades, open, newestAsOf, runs };
  }

  async #write(
    key: string,
    timeframe: Timeframe,
    ttlSeconds: number,
    candles: readonly UnifiedCandle[],
  ): Promise<WriteOutcome[]> {
    const args: (string | number | Buffer)[] = [
      ttlSeconds,
      HARDCODED_CONFIG.cache.maxCandlesPerSeries,
      timeframeMs(timeframe),
    ];
    for (const candle of candles) args.push(candle.timestamp, encodeCandle(candle));
    const reply = OutcomesSchema.safeParse(await writeCandlesIfNewer.run(this.#redis, key, args));
    if (!reply.success) throw new CacheValueError(key, 'write outcome', reply.error.message);
    return reply.data.map(outcomeOf);
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
    return newest.map((member) => decodeCandle(member, series));
  }
}

/** Seconds a shared series lives after a write: at least the platform's TTL, longer for long bars. */
export function exchangeTtlSeconds(timeframe: Timeframe): number {
  const bars = (EXCHANGE_TTL_BARS * timeframeMs(timeframe)) / 1000;
  return Math.max(HARDCODED_CONFIG.cache.candleTtlHours * HOUR_SECONDS, bars);
}

const NOTHING_WRITTEN: WriteOutcome = { written: false, replaced: false, changed: false, wasClosed: false };

function outcomeOf(code: number): WriteOutcome {
  const replaced = (code & 2) !== 0;
  const previousSource = sourceOfCode(code >> 4);
  return {
    written: (code & 1) !== 0,
    replaced,
    changed: !replaced || (code & 4) !== 0,
    wasClosed: (code & 8) !== 0,
    ...(previousSource === undefined ? {} : { previousSource }),
  };
}

function validated(candle: UnifiedCandle): UnifiedCandle {
  const result = UnifiedCandleSchema.safeParse(candle);
  if (result.success) return result.data;
  throw new InvalidCandleError(`candle refused: ${issueText(result.error, 'candle')}`, {
    issues: result.error.issues.map((each) => ({ field: each.path.join('.'), message: each.message })),
  });
}
