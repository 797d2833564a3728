import { z } from 'zod';
import { exchangeSymbolsKey } from './keys';
import type { RedisClient } from './redis';
import { parseJson } from './json-value';

const SymbolsSchema = z.object({ updatedAt: z.int(), symbols: z.array(z.string().min(1)) });

/** Which symbols an exchange keeps live: written by whoever runs it, read by whoever looks at it. */
export class SymbolStore {
  readonly #redis: Pick<RedisClient, 'get' | 'set'>;

  constructor(redis: Pick<RedisClient, 'get' | 'set'>) {
    this.#redis = redis;
  }

  /** Replaces the list. `now`: ms. */
  async save(exchangeId: number, symbols: readonly string[], now: number): Promise<void> {
    await this.#redis.set(exchangeSymbolsKey(exchangeId), JSON.stringify({ updatedAt: now, symbols }));
  }

  /** The list; empty when nobody ran the exchange here. @throws CacheValueError */
  async read(exchangeId: number): Promise<readonly string[]> {
    const key = exchangeSymbolsKey(exchangeId);
    const text = await this.#redis.get(key);
    return text === null ? [] : parseJson(key, text, SymbolsSchema).symbols;
  }
}
