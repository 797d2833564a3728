import type { Ticker } from '@livermore/schemas';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { InvalidTickerError } from '../errors';
import { tickerChannel, tickerKey } from '../keys';
import { createRedis } from '../redis';
import { freshExchangeId } from '../testing';
import { TickerCacheStrategy } from './ticker-cache';

const NOW = 1_700_000_000_000;

function tickerAt(timestamp: number, price: number): Ticker {
  return {
    symbol: 'BTCUSDT',
    price,
    change24h: 1,
    changePercent24h: 1,
    high24h: price,
    low24h: price,
    volume24h: 5,
    timestamp,
  };
}

describe('TickerCacheStrategy on a real Redis', () => {
  let redis: Redis;
  let tickers: TickerCacheStrategy;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
    tickers = new TickerCacheStrategy(redis);
  });

  afterAll(async () => {
    await redis.quit();
  });

  it('TICK-02: keeps the newest ticker under ticker:{exchangeId}:{symbol}, for a minute', async () => {
    const exchangeId = freshExchangeId();
    expect(await tickers.setTicker(exchangeId, tickerAt(NOW, 10))).toBe(true);
    const text = await redis.get(`ticker:${exchangeId}:BTCUSDT`);
    expect(JSON.parse(text ?? '')).toEqual(tickerAt(NOW, 10));
    const ttl = await redis.ttl(tickerKey(exchangeId, 'BTCUSDT'));
    expect(ttl > 57 && ttl <= 60).toBe(true);
  });

  it.each([
    { next: 'an older one', timestamp: NOW - 1, isWritten: false },
    { next: 'one of the same instant', timestamp: NOW, isWritten: false },
    { next: 'a newer one', timestamp: NOW + 1, isWritten: true },
  ])('$next after one: written $isWritten', async ({ timestamp, isWritten }) => {
    const exchangeId = freshExchangeId();
    await tickers.setTicker(exchangeId, tickerAt(NOW, 10));
    expect(await tickers.setTicker(exchangeId, tickerAt(timestamp, 20))).toBe(isWritten);
    expect((await tickers.getTicker(exchangeId, 'BTCUSDT'))?.price).toBe(isWritten ? 20 : 10);
  });

  it('any order of arrival ends with the newest', async () => {
    const exchangeId = freshExchangeId();
    const times = Array.from({ length: 200 }, (_, at) => NOW + ((at * 7_919) % 200));
    await Promise.all(times.map((time) => tickers.setTicker(exchangeId, tickerAt(time, time - NOW + 1))));
    expect(await tickers.getTicker(exchangeId, 'BTCUSDT')).toEqual(tickerAt(NOW + 199, 200));
  });

  it('TICK-03: announces on channel:ticker:{exchangeId}:{symbol} what it wrote, after it wrote it, and nothing else', async () => {
    const exchangeId = freshExchangeId();
    const listener = createRedis(inject('redisUrl'));
    const heard: Promise<readonly unknown[]>[] = [];
    listener.on('message', (channel: string, text: string) => {
      heard.push(
        tickers.getTicker(exchangeId, 'BTCUSDT').then((cached) => [channel, JSON.parse(text), cached?.price]),
      );
    });
    await listener.subscribe(tickerChannel(exchangeId, 'BTCUSDT'));
    await tickers.setTicker(exchangeId, tickerAt(NOW, 10));
    await tickers.setTicker(exchangeId, tickerAt(NOW - 1, 20));
    // The listener's own connection answers in order: after this, whatever was published has arrived.
    await listener.ping();
    expect(await Promise.all(heard)).toEqual([
      [`channel:ticker:${exchangeId}:BTCUSDT`, tickerAt(NOW, 10), 10],
    ]);
    await listener.quit();
  });

  it('refuses a ticker by field, and writes nothing', async () => {
    const exchangeId = freshExchangeId();
    const refused = tickers.setTicker(exchangeId, { ...tickerAt(NOW, 10), high24h: Number.NaN });
    await expect(refused).rejects.toBeInstanceOf(InvalidTickerError);
    await expect(refused).rejects.toThrow('ticker refused: high24h: ');
    expect(await tickers.getTicker(exchangeId, 'BTCUSDT')).toBeNull();
  });

  it.each(['not json', '[]', '{"symbol":"BTCUSDT"}', '{"timestamp":"soon"}', '"text"', 'null'])(
    'names a foreign value %s when it is read, and replaces it when one is written',
    async (foreign) => {
      const exchangeId = freshExchangeId();
      const key = tickerKey(exchangeId, 'BTCUSDT');
      await redis.set(key, foreign);
      await expect(tickers.getTicker(exchangeId, 'BTCUSDT')).rejects.toThrow(`Redis: ${key}: `);
      expect(await tickers.setTicker(exchangeId, tickerAt(NOW, 10))).toBe(true);
    },
  );
});
