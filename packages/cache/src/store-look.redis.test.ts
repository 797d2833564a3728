import { TIMEFRAMES } from '@livermore/schemas';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { setForeignAside } from './foreign-values';
import { exchangeCandleKey, exchangeClosesKey, exchangeLooksKey, exchangeToldKey, foreignKey } from './keys';
import { createRedis } from './redis';
import { lookAtStore } from './store-look';
import { CandleCacheStrategy } from './strategies/candle-cache';
import { freshExchangeId, sourcedCandle } from './testing';

const SERIES = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
const ALL = TIMEFRAMES.map((timeframe) => ({ symbol: 'BTCUSDT', timeframe }));

describe('a look at the store', () => {
  let redis: Redis;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
  });

  afterAll(async () => {
    await redis.quit();
  });

  it('counts the series that are there, and tells which server it is', async () => {
    const id = freshExchangeId();
    expect(await lookAtStore(redis, id, [])).toMatchObject({ series: 0, evictedKeys: 0, isReplica: false });
    await new CandleCacheStrategy(redis).addExchangeCandleIfNewer(id, sourcedCandle(SERIES));
    const look = await lookAtStore(redis, id, ALL);
    expect(look).toMatchObject({ series: 1 });
    expect(look.runId).toMatch(/^[0-9a-f]{40}$/);
  });

  it('moves values of another type out of the way, names them, and leaves what is ours alone', async () => {
    const id = freshExchangeId();
    const cache = new CandleCacheStrategy(redis);
    await cache.writeExchangeCandle(id, sourcedCandle({ ...SERIES, sequenceNum: 1_800_000_000_000_000 }), {
      liveSince: 0,
    });
    expect(await setForeignAside(redis, id, [SERIES])).toEqual([]);
    const key = exchangeCandleKey(id, 'BTCUSDT', '1m');
    await redis.del(key, exchangeToldKey(id));
    await redis.set(key, 'mine');
    await redis.lpush(exchangeToldKey(id), 'yours');
    await expect(cache.writeExchangeCandle(id, sourcedCandle(SERIES))).rejects.toThrow('WRONGTYPE');
    expect(await setForeignAside(redis, id, [SERIES])).toEqual([
      { key: exchangeToldKey(id), type: 'list' },
      { key, type: 'string' },
    ]);
    expect(await redis.get(foreignKey(key))).toBe('mine');
    expect(await redis.ttl(foreignKey(key))).toBeGreaterThan(600_000);
    expect(await redis.exists(key, exchangeToldKey(id), exchangeClosesKey(id), exchangeLooksKey(id))).toBe(1);
    expect(await cache.addExchangeCandleIfNewer(id, sourcedCandle(SERIES))).toBe(true);
    expect(await setForeignAside(redis, id, [SERIES])).toEqual([]);
    await redis.del(foreignKey(key), foreignKey(exchangeToldKey(id)));
  });
});
