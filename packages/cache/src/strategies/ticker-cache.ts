import { HARDCODED_CONFIG, TickerSchema } from '@livermore/schemas';
import type { Ticker } from '@livermore/schemas';
import { writeTickerIfNewer } from '../commands';
import { InvalidTickerError, issueText } from '../errors';
import { parseJson } from '../json-value';
import { tickerChannel, tickerKey } from '../keys';
import type { RedisClient } from '../redis';

/** The last ticker of each symbol, shared by everyone: no user is part of its key or channel. */
export class TickerCacheStrategy {
  readonly #redis: Pick<RedisClient, 'eval' | 'evalsha' | 'get' | 'publish'>;

  constructor(redis: Pick<RedisClient, 'eval' | 'evalsha' | 'get' | 'publish'>) {
    this.#redis = redis;
  }

  /**
   * Keeps and then announces a ticker, unless what is cached is as new or newer. Says whether it did.
   * @throws InvalidTickerError naming the field; nothing was written
   */
  async setTicker(exchangeId: number, ticker: Ticker): Promise<boolean> {
    const valid = validated(ticker);
    const text = JSON.stringify(valid);
    const key = tickerKey(exchangeId, valid.symbol);
    const args = [text, valid.timestamp, HARDCODED_CONFIG.cache.tickerTtlSeconds];
    const written = (await writeTickerIfNewer.run(this.#redis, key, args)) === 1;
    if (written) await this.#redis.publish(tickerChannel(exchangeId, valid.symbol), text);
    return written;
  }

  /** The cached ticker, or null. @throws CacheValueError when the value is not a ticker */
  async getTicker(exchangeId: number, symbol: string): Promise<Ticker | null> {
    const key = tickerKey(exchangeId, symbol);
    const text = await this.#redis.get(key);
    return text === null ? null : parseJson(key, text, TickerSchema);
  }
}

function validated(ticker: Ticker): Ticker {
  const result = TickerSchema.safeParse(ticker);
  if (result.success) return result.data;
  throw new InvalidTickerError(`ticker refused: ${issueText(result.error, 'ticker')}`);
}
