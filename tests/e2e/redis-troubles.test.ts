import {
  CandleCacheStrategy,
  UnsuitableRedisError,
  createRedis,
  inspectRedis,
  redisTroubleOf,
} from '@livermore/cache';
import { sourcedCandle } from '@livermore/cache/testing';
import { startThrowAwayRedis } from '@livermore/embedded/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

type Server = Awaited<ReturnType<typeof startThrowAwayRedis>>;

const SERIES = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
const EXCHANGE = 2;

/** How a write is refused; undefined when it is not. */
const troubleOf = (write: Promise<unknown>) =>
  write.then(
    () => undefined,
    (error: unknown) => redisTroubleOf(error) ?? error,
  );

/** Troubles of a server are made on one of our own: the one other tests share stays whole. */
describe('a Redis in trouble', () => {
  let server: Server;
  let redis: ReturnType<typeof createRedis>;
  let cache: CandleCacheStrategy;
  let isStopped = false;

  const stopServer = async () => {
    if (!isStopped) await server.stop();
    isStopped = true;
  };

  beforeEach(async () => {
    isStopped = false;
    server = await startThrowAwayRedis({ env: process.env });
    redis = createRedis(server.url, { reconnectOnError: () => false });
    redis.on('error', () => undefined);
    cache = new CandleCacheStrategy(redis);
  });

  afterEach(async () => {
    redis.disconnect();
    await stopServer();
  });

  it('that is full is known as full, changes nothing, and takes the write once there is room', async () => {
    await cache.addExchangeCandleIfNewer(EXCHANGE, sourcedCandle({ sequenceNum: 1 }));
    await redis.config('SET', 'maxmemory-policy', 'noeviction');
    await redis.config('SET', 'maxmemory', '1');
    const newBar = sourcedCandle({ timestamp: 1_700_000_160_000, sequenceNum: 1 });
    expect(await troubleOf(cache.addExchangeCandleIfNewer(EXCHANGE, newBar))).toBe('full');
    expect(await cache.readExchangeCandles(EXCHANGE, SERIES)).toHaveLength(1);
    await redis.config('SET', 'maxmemory', '0');
    expect(await cache.addExchangeCandleIfNewer(EXCHANGE, newBar)).toBe(true);
  });

  it('FND-02: that is full still replaces a bar in one step: it is never lost on the way', async () => {
    await cache.addExchangeCandleIfNewer(EXCHANGE, sourcedCandle({ sequenceNum: 1, close: 101 }));
    await redis.config('SET', 'maxmemory-policy', 'noeviction');
    await redis.config('SET', 'maxmemory', '1');
    await troubleOf(cache.addExchangeCandleIfNewer(EXCHANGE, sourcedCandle({ sequenceNum: 2, close: 102 })));
    expect(await cache.readExchangeCandles(EXCHANGE, SERIES)).toHaveLength(1);
  });

  it('that became a read-only replica is known as read-only, refused at a start, and used again as a primary', async () => {
    // A primary that is not there: the server is a replica all the same, and needs no second one.
    await redis.replicaof('127.0.0.1', '1');
    expect(await troubleOf(cache.addExchangeCandleIfNewer(EXCHANGE, sourcedCandle()))).toBe('read-only');
    await expect(inspectRedis(redis)).rejects.toThrow(/replica of 127\.0\.0\.1:1;/);
    await expect(inspectRedis(redis)).rejects.toBeInstanceOf(UnsuitableRedisError);
    await redis.replicaof('NO', 'ONE');
    expect(await cache.addExchangeCandleIfNewer(EXCHANGE, sourcedCandle())).toBe(true);
  });

  it('that is read-only is connected to anew once in a while, not for each refused write', async () => {
    const usual = createRedis(server.url);
    usual.on('error', () => undefined);
    const writer = new CandleCacheStrategy(usual);
    const connections = async () =>
      Number(/^total_connections_received:(\d+)/m.exec(await redis.info('stats'))?.[1]);
    await usual.ping();
    await redis.replicaof('127.0.0.1', '1');
    const before = await connections();
    for (let round = 0; round < 200; round += 1) {
      expect(await troubleOf(writer.addExchangeCandleIfNewer(EXCHANGE, sourcedCandle()))).toBe('read-only');
    }
    expect((await connections()) - before).toBe(1);
    await redis.replicaof('NO', 'ONE');
    expect(await writer.addExchangeCandleIfNewer(EXCHANGE, sourcedCandle())).toBe(true);
    usual.disconnect();
  });

  it('that is gone is known as unreachable', async () => {
    const gone = createRedis(server.url, { maxRetriesPerRequest: 0, retryStrategy: () => null });
    gone.on('error', () => undefined);
    await gone.ping();
    await stopServer();
    const write = new CandleCacheStrategy(gone).addExchangeCandleIfNewer(EXCHANGE, sourcedCandle());
    expect(await troubleOf(write)).toBe('unreachable');
    gone.disconnect();
  });
});
