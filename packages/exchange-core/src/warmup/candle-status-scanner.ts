import { exchangeCandleKey } from '@livermore/cache';
import type { RedisClient } from '@livermore/cache';
import type { Timeframe } from '@livermore/schemas';
import { logger } from '@livermore/utils';
import type { Logger } from '@livermore/utils';
import { MIN_CANDLE_THRESHOLD, SCAN_TIMEFRAME_ORDER } from './types';
import type { CandleStatusResult } from './types';

/** Pairs asked about at once: more than any venue lists, and a bound all the same. */
const PAIRS_AT_ONCE = 20_000;

/** Counts what is cached for each pair, before anything is asked of the venue. Depth only: see `judgeFreshness`. */
export class CandleStatusScanner {
  readonly #redis: Pick<RedisClient, 'zcard'>;
  readonly #exchangeId: number;
  readonly #logger: Logger;

  constructor(options: {
    readonly redis: Pick<RedisClient, 'zcard'>;
    readonly exchangeId: number;
    readonly logger?: Logger;
  }) {
    this.#redis = options.redis;
    this.#exchangeId = options.exchangeId;
    this.#logger = options.logger ?? logger;
  }

  /** Every pair, from the largest to the smallest timeframe. */
  async scanExchange(
    symbols: readonly string[],
    timeframes: readonly Timeframe[] = SCAN_TIMEFRAME_ORDER,
  ): Promise<CandleStatusResult[]> {
    const ordered = SCAN_TIMEFRAME_ORDER.filter((timeframe) => timeframes.includes(timeframe));
    this.#logger.info({ event: 'candle_scan_start', symbols: symbols.length, timeframes: ordered.length });
    const pairs = ordered.flatMap((timeframe) => symbols.map((symbol) => ({ symbol, timeframe })));
    const results: CandleStatusResult[] = [];
    for (let at = 0; at < pairs.length; at += PAIRS_AT_ONCE) {
      const batch = pairs.slice(at, at + PAIRS_AT_ONCE);
      const counts = await Promise.all(batch.map((pair) => this.#count(pair.symbol, pair.timeframe)));
      for (const [index, pair] of batch.entries()) {
        const cachedCount = counts[index] ?? 0;
        results.push({ ...pair, cachedCount, sufficient: cachedCount >= MIN_CANDLE_THRESHOLD });
      }
    }
    const sufficient = results.filter((result) => result.sufficient).length;
    this.#logger.info({
      event: 'candle_scan_complete',
      total: results.length,
      sufficient,
      needsFetching: results.length - sufficient,
    });
    return results;
  }

  #count(symbol: string, timeframe: Timeframe): Promise<number> {
    return this.#redis.zcard(exchangeCandleKey(this.#exchangeId, symbol, timeframe));
  }
}
