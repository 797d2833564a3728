import { HARDCODED_CONFIG, TickerSchema } from '@livermore/schemas';
import type { Ticker } from '@livermore/schemas';
import { writeTickerIfNewer } from '../commands';
import { CacheValueError } from '../errors';
import { tickerChannel, tickerKey } from '../keys';
import type { RedisClient } from '../redis';

/** The last ticker of each symbol, shared by everyone: no user is part of its key or channel. */
export class TickerCacheStrategy {
  readonly #redis: Pick<RedisClient, 'eval' | 'evalsha' | 'get' | 'publish'>;

  constructor(redis: Pick<RedisClient, 'eval' | 'evalsha' | 'get' | 'publish'>) {
    this.#redis = redis;
  }

  /** Keeps and then announces a ticker, unless what is cached is as new or newer. Says whether it did. */
  async setTicker(exchangeId: number, ticker: Ticker): Promise<boolean> {
    const text = JSON.stringify(TickerSchema.parse(ticker));
    const key = tickerKey(exchangeId, ticker.symbol);
    const args = [text, ticker.timestamp, HARDCODED_CONFIG.cache.tickerTtlSeconds];
    const written = (await writeTickerIfNewer.run(this.#redis, key, args)) === 1;
    if (written) await this.#redis.publish(tickerChannel(exchangeId, ticker.symbol), text);
    return written;
  }

  /** The cached ticker, or null. @throws CacheValueError when the value is not a ticker */
  async getTicker(exchangeId: number, symbol: string): Promise<Ticker | null> {
    const key = tickerKey(exchangeId, symbol);
    const text = await this.#redis.get(key);
    return text === null ? null : parseJson(key, text, TickerSchema);
  }
}

/** Parses a JSON value of Redis with its schema. @throws CacheValueError naming key and field */
export function parseJson<T>(
  key: string,
  text: string,
  schema: {
    safeParse(
      value: unknown,
    ):
      | { success: true; data: T }
      | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } };
  },
): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CacheValueError(key, 'value', 'not JSON');
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new CacheValueError(key, issue?.path.map(String).join('.') || 'value', issue?.message ?? 'invalid');
}
