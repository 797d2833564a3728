import {
  CandleCacheStrategy,
  TickerCacheStrategy,
  candleCloseChannel,
  createRedis,
  exchangeCandleKey,
  tickerChannel,
  tickerKey,
  warmupScheduleKey,
  warmupStatsKey,
} from '@livermore/cache';
import { freshExchangeId } from '@livermore/cache/testing';
import { SCAN_TIMEFRAME_ORDER, readWarmupSchedule } from '@livermore/exchange-core';
import type { WarmupStats } from '@livermore/exchange-core';
import { TIMEFRAMES, UnifiedCandleSchema, isClosed } from '@livermore/schemas';
import { disagreeing } from '@livermore/simulator';
import type { UnifiedCandle } from '@livermore/schemas';
import { silentLogger } from '@livermore/utils';
import type { Logger } from '@livermore/utils';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { SOON_AFTER_A_CLOSE, expectDiffered } from './lib/differing';
import { LiveExchange } from './lib/live-exchange';
import type { LiveExchangeOptions } from './lib/live-exchange';

const SYMBOLS = ['BTCUSDT', 'KNCUSDT'];
const MINUTE = 60_000;
/** A minute and a half before a midnight: all six timeframes close soon. */
const START = Date.UTC(2026, 2, 11) - 1.5 * MINUTE;
/** Half a minute earlier: a minute has just closed, and the venue's views of it differ. */
const DIFFERING = {
  faults: disagreeing('binance'),
  startMs: Date.UTC(2026, 2, 11) - 2 * MINUTE + SOON_AFTER_A_CLOSE,
};

let watcher: ReturnType<typeof createRedis>;
let live: LiveExchange | undefined;

beforeAll(() => {
  // Only who may administer a server can ask which keys there are.
  watcher = createRedis(inject('redisAdminUrl'));
});
afterEach(async () => {
  await live?.close();
  live = undefined;
});
afterAll(() => watcher.disconnect());

function exchangeWith(over: Partial<LiveExchangeOptions> = {}): LiveExchange {
  live = new LiveExchange({
    venue: 'binance',
    redisUrl: inject('redisUrl'),
    symbols: SYMBOLS,
    startMs: START,
    ...over,
  });
  return live;
}

/** Hears channels on a connection of its own until closed; `caughtUp` when all that was published is heard. */
async function hear(pattern: string, onMessage: (channel: string, text: string) => void) {
  const listener = createRedis(inject('redisUrl'));
  listener.on('pmessage', (_pattern: string, channel: string, text: string) => onMessage(channel, text));
  await listener.psubscribe(pattern);
  return { caughtUp: () => listener.ping(), close: () => listener.disconnect() };
}

describe('candles and channels of a running exchange', () => {
  it('FND-01: closes are announced on the channel of user, exchange, symbol and timeframe', async () => {
    const started = exchangeWith({ ownerUserId: 42, ...DIFFERING });
    const heard: { channel: string; candle: UnifiedCandle }[] = [];
    const ears = await hear(`channel:candle:close:42:${started.exchange.id}:*`, (channel, text) =>
      heard.push({ channel, candle: UnifiedCandleSchema.parse(JSON.parse(text)) }),
    );
    await started.live(3 * MINUTE);
    await ears.caughtUp();
    ears.close();
    expectDiffered(started);
    expect(new Set(heard.map(({ candle }) => candle.timeframe))).toEqual(new Set(TIMEFRAMES));
    for (const { channel, candle } of heard) {
      const { symbol, timeframe } = candle;
      expect(isClosed(candle)).toBe(true);
      expect(channel).toBe(candleCloseChannel(42, started.exchange.id, symbol, timeframe));
      expect(channel).toBe(`channel:candle:close:42:${started.exchange.id}:${symbol}:${timeframe}`);
    }
  });

  it('FND-02: newer wins also for what the feed wrote, and there is one member at each open time', async () => {
    const started = exchangeWith();
    await started.live(3 * MINUTE);
    const cache = new CandleCacheStrategy(watcher);
    const series = { symbol: 'BTCUSDT', timeframe: '1m' as const };
    const stored = await cache.readExchangeCandles(started.exchange.id, series, { limit: 1000 });
    const times = stored.map((candle) => candle.timestamp);
    expect(new Set(times).size).toBe(times.length);
    expect(await watcher.zcard(exchangeCandleKey(started.exchange.id, 'BTCUSDT', '1m'))).toBe(times.length);
    const closed = stored.findLast((candle) => isClosed(candle));
    if (closed?.sequenceNum === undefined) throw new Error('nothing closed');
    const older = { ...closed, exchange: 'binance', close: closed.low, sequenceNum: closed.sequenceNum - 1 };
    expect(await cache.addExchangeCandleIfNewer(started.exchange.id, older)).toBe(false);
    const newer = { ...older, sequenceNum: closed.sequenceNum + 1 };
    expect(await cache.addExchangeCandleIfNewer(started.exchange.id, newer)).toBe(true);
    expect(await watcher.zcard(exchangeCandleKey(started.exchange.id, 'BTCUSDT', '1m'))).toBe(times.length);
  });

  it('FND-03: whoever hears of a close finds it written', async () => {
    const started = exchangeWith(DIFFERING);
    const cache = new CandleCacheStrategy(watcher);
    const looks: Promise<boolean>[] = [];
    const look = async ({ symbol, timeframe, timestamp, close, volume }: UnifiedCandle) => {
      const range = { from: timestamp, to: timestamp };
      const [found] = await cache.readExchangeCandles(started.exchange.id, { symbol, timeframe }, range);
      return found !== undefined && isClosed(found) && found.close === close && found.volume === volume;
    };
    const closes = await hear(`channel:candle:close:1:${started.exchange.id}:*`, (_channel, text) =>
      looks.push(look(UnifiedCandleSchema.parse(JSON.parse(text)))),
    );
    await started.live(8 * MINUTE);
    await closes.caughtUp();
    closes.close();
    expectDiffered(started);
    const found = await Promise.all(looks);
    expect(found.length).toBeGreaterThan(2 * TIMEFRAMES.length);
    expect(found.every(Boolean)).toBe(true);
  });
});

describe('the warmup of a starting exchange', () => {
  it('WARM-01: every symbol and timeframe is scanned, longest first, before any candle is asked for', async () => {
    const lines: Record<string, unknown>[] = [];
    const order: string[] = [];
    const logger: Logger = {
      ...silentLogger,
      info: (fields) => {
        lines.push(fields);
        if (fields.event.startsWith('candle_scan')) order.push(fields.event);
      },
      child: () => logger,
    };
    const started = exchangeWith({
      onRequest: (url) => {
        if (url.includes('klines')) order.push('request');
        return Promise.resolve();
      },
      more: { logger },
    });
    await started.live(MINUTE);
    expect(order.slice(0, 3)).toEqual(['candle_scan_start', 'candle_scan_complete', 'request']);
    const pairs = SYMBOLS.length * SCAN_TIMEFRAME_ORDER.length;
    expect(lines.find((line) => line['event'] === 'candle_scan_start')).toMatchObject({
      symbols: SYMBOLS.length,
      timeframes: SCAN_TIMEFRAME_ORDER.length,
    });
    expect(lines.find((line) => line['event'] === 'candle_scan_complete')).toMatchObject({
      total: pairs,
      sufficient: 0,
      needsFetching: pairs,
    });
  });

  it('WARM-02 WARM-03: what it will do is in Redis, for anyone to read, before it asks for the first candle', async () => {
    const exchangeId = freshExchangeId();
    const seen: (string | null)[] = [];
    const started = exchangeWith({
      exchangeId,
      onRequest: async (url) => {
        if (url.includes('klines')) seen.push(await watcher.get(warmupScheduleKey(exchangeId)));
      },
    });
    await started.live(MINUTE);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen[0]).not.toBeNull();
    expect(warmupScheduleKey(exchangeId)).toBe(`exchange:${exchangeId}:warm-up-schedule:symbols`);
    const schedule = await readWarmupSchedule(watcher, exchangeId);
    expect(schedule).toMatchObject({
      exchangeId,
      totalPairs: SYMBOLS.length * TIMEFRAMES.length,
      sufficientPairs: 0,
      needsFetching: SYMBOLS.length * TIMEFRAMES.length,
    });
    expect(schedule?.entries[0]).toMatchObject({ symbol: 'BTCUSDT', cachedCount: 0, targetCount: 100 });
  });

  it('WARM-04: started again, it asks for what is missing and nothing else', async () => {
    const exchangeId = freshExchangeId();
    const first = exchangeWith({ exchangeId });
    await first.live(MINUTE);
    await first.close({ remove: false });
    const key = exchangeCandleKey(exchangeId, 'BTCUSDT', '4h');
    // Too old to be derived from the 1h candles there are, too new to be done without.
    expect(await watcher.zremrangebyrank(key, -30, -30)).toBe(1);
    const asked: string[] = [];
    const again = exchangeWith({
      exchangeId,
      onRequest: (url) => {
        if (url.includes('klines')) asked.push(new URL(url).search);
        return Promise.resolve();
      },
    });
    await again.live(20_000);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain('symbol=BTCUSDT&interval=4h');
    expect(again.instance.warmupReport).toMatchObject({ status: 'complete' });
  });

  it('WARM-05: stats are told as it goes, up to an honest end', async () => {
    const exchangeId = freshExchangeId();
    const told: WarmupStats[] = [];
    const stored: (string | null)[] = [];
    const started = exchangeWith({
      exchangeId,
      onRequest: async (url) => {
        if (url.includes('klines')) stored.push(await watcher.get(warmupStatsKey(exchangeId)));
      },
      more: { onProgress: (stats) => told.push(stats) },
    });
    started.simulator.inject({ kind: 'rest-slow', byMs: 1_500 });
    await started.live(MINUTE);
    expect(warmupStatsKey(exchangeId)).toBe(`exchange:${exchangeId}:warm-up-schedule:stats`);
    expect(stored[0]).not.toBeNull();
    const percents = told.map((stats) => stats.percentComplete);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(told.some((stats) => stats.currentSymbol !== undefined)).toBe(true);
    expect(told.at(-1)).toMatchObject({ status: 'complete', percentComplete: 100, remainingSymbols: 0 });
    const last: unknown = JSON.parse((await watcher.get(warmupStatsKey(exchangeId))) ?? 'null');
    expect(last).toMatchObject({ status: 'complete', percentComplete: 100 });
  });
});

describe('tickers of a running exchange', () => {
  it('TICK-01 TICK-02 TICK-03: live under a key and a channel that name exchange and symbol, and no user', async () => {
    const started = exchangeWith(DIFFERING);
    const { id } = started.exchange;
    const channels = new Set<string>();
    const ears = await hear('channel:ticker:*', (channel) => {
      if (channel.split(':').includes(String(id))) channels.add(channel);
    });
    await started.live(MINUTE);
    await ears.caughtUp();
    ears.close();
    expectDiffered(started);
    expect(channels).toEqual(new Set(SYMBOLS.map((symbol) => tickerChannel(id, symbol))));
    expect(tickerChannel(id, 'BTCUSDT')).toBe(`channel:ticker:${id}:BTCUSDT`);
    const keys = (await watcher.keys('ticker:*')).filter((key) => key.split(':').includes(String(id)));
    expect(keys.toSorted()).toEqual(SYMBOLS.map((symbol) => tickerKey(id, symbol)).toSorted());
    expect(tickerKey(id, 'BTCUSDT')).toBe(`ticker:${id}:BTCUSDT`);
    const ticker = await new TickerCacheStrategy(watcher).getTicker(id, 'BTCUSDT');
    expect(ticker?.price).toBeGreaterThan(0);
  });
});
