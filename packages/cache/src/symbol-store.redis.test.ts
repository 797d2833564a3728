import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { exchangeSymbolsKey } from './keys';
import { createRedis } from './redis';
import { SymbolStore } from './symbol-store';
import { freshExchangeId } from './testing';

describe('SymbolStore on a real Redis', () => {
  let redis: Redis;
  let store: SymbolStore;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
    store = new SymbolStore(redis);
  });

  afterAll(async () => {
    await redis.quit();
  });

  it('replaces the whole list, and keeps its order', async () => {
    const exchangeId = freshExchangeId();
    await store.save(exchangeId, ['BTCUSDT', 'ETHUSDT', 'ADAUSDT'], 1_700_000_000_000);
    await store.save(exchangeId, ['ETHUSDT', 'BTCUSDT'], 1_700_000_000_001);
    expect(await store.read(exchangeId)).toEqual(['ETHUSDT', 'BTCUSDT']);
    await redis.del(exchangeSymbolsKey(exchangeId));
  });

  it('is empty where nobody ran the exchange', async () => {
    expect(await store.read(freshExchangeId())).toEqual([]);
  });

  it('refuses a foreign value by key and field', async () => {
    const exchangeId = freshExchangeId();
    await redis.set(exchangeSymbolsKey(exchangeId), '{"updatedAt":1,"symbols":[7]}');
    await expect(store.read(exchangeId)).rejects.toThrow(`${exchangeSymbolsKey(exchangeId)}: symbols.0: `);
    await redis.del(exchangeSymbolsKey(exchangeId));
  });
});
