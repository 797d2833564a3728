import {
  CANDLE_SOURCES,
  CANDLE_STANDINGS,
  LATEST_OPEN_TIME_MS,
  MICROS_PER_MS,
  TIMEFRAMES,
  closeAsOf,
  isClosed,
  timeframeMs,
} from '@livermore/schemas';
import type { SourcedCandle, Timeframe } from '@livermore/schemas';
import * as fc from 'fast-check';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { encodeCandle } from '../candle-layout';
import { exchangeCandleKey } from '../keys';
import { createRedis } from '../redis';
import { freshExchangeId, layout1Of, sourcedCandle } from '../testing';
import { CandleCacheStrategy } from './candle-cache';
import type { SeriesSummary } from './candle-cache';

const SYMBOL = 'BTCUSDT';
/** 2023-11-14 00:00 UTC: on the grid of every timeframe. */
const MIDNIGHT = 1_699_920_000_000;

/** What layout 1 has codes for. */
const LAYOUT_1_SOURCES = CANDLE_SOURCES.slice(0, 4);

function memberOf(candle: SourcedCandle, layout: '1' | '2' | 'json'): string | Buffer {
  if (layout === 'json') return JSON.stringify(candle);
  return layout === '1' ? layout1Of(candle) : encodeCandle(candle);
}

/** What the command must say, computed the slow way. */
function naiveSummary(
  candles: readonly SourcedCandle[],
  timeframe: Timeframe,
  window: { readonly from: number; readonly to: number },
): SeriesSummary {
  const inside = candles
    .filter((candle) => candle.timestamp >= window.from && candle.timestamp <= window.to)
    .toSorted((a, b) => a.timestamp - b.timestamp);
  const closed = inside.filter(isClosed);
  const opens = new Set(closed.map((candle) => candle.timestamp));
  const step = timeframeMs(timeframe);
  const firsts = closed.filter((candle) => !opens.has(candle.timestamp - step));
  const lasts = closed.filter((candle) => !opens.has(candle.timestamp + step));
  return {
    closed: closed.length,
    noTrades: closed.filter((candle) => candle.volume === 0).length,
    open: inside.length - closed.length,
    settled: closed.filter(({ standing }) => standing === 'settled' || standing === 'final').length,
    final: closed.filter(({ standing }) => standing === 'final').length,
    newestAsOf: inside.reduce((newest, candle) => Math.max(newest, candle.sequenceNum), 0),
    runs: firsts.map((first, at) => ({ first: first.timestamp, last: lasts[at]?.timestamp ?? 0 })),
  };
}

describe('what a series holds, told by Redis itself', () => {
  let redis: Redis;
  let cache: CandleCacheStrategy;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
    cache = new CandleCacheStrategy(redis);
  });

  afterAll(async () => {
    await redis.quit();
  });

  it.each(TIMEFRAMES)('equals the slow way for any %s series and window', async (timeframe) => {
    const step = timeframeMs(timeframe);
    const bar = fc
      .record({
        at: fc.nat(40),
        asOf: fc.constantFrom('open', 'just open', 'just closed', 'closed'),
        source: fc.constantFrom(...CANDLE_SOURCES),
        standing: fc.constantFrom(undefined, ...CANDLE_STANDINGS),
        volume: fc.constantFrom(0, Number.MIN_VALUE, 7),
        layout: fc.constantFrom('1', '2', 'json'),
      })
      .map(({ at, asOf, source, standing, volume, layout }) => {
        const timestamp = MIDNIGHT + at * step;
        const close = closeAsOf(timeframe, timestamp);
        const asOfs = { open: 0, 'just open': close - 1, 'just closed': close, closed: close + 7_000_000 };
        const said = standing === undefined || layout !== '2' ? {} : { standing };
        const known = layout === '1' && !LAYOUT_1_SOURCES.includes(source) ? 'stream' : source;
        const candle = sourcedCandle({
          timestamp,
          timeframe,
          sequenceNum: asOfs[asOf],
          source: known,
          volume,
        });
        return { candle: { ...candle, ...said }, layout };
      });
    const series = fc.uniqueArray(bar, { selector: ({ candle }) => candle.timestamp, maxLength: 41 });
    await fc.assert(
      fc.asyncProperty(series, fc.integer({ min: -2, max: 42 }), fc.nat(45), async (bars, from, length) => {
        const exchangeId = freshExchangeId();
        const key = exchangeCandleKey(exchangeId, SYMBOL, timeframe);
        for (const { candle, layout } of bars)
          await redis.zadd(key, candle.timestamp, memberOf(candle, layout));
        const candles = bars.map(({ candle }) => candle);
        const window = { from: MIDNIGHT + from * step, to: MIDNIGHT + (from + length) * step };
        const summary = await cache.summariseExchangeSeries(
          exchangeId,
          { symbol: SYMBOL, timeframe },
          window,
        );
        expect(summary).toEqual(naiveSummary(candles, timeframe, window));
        await redis.del(key);
      }),
      { numRuns: 40 },
    );
  });

  it('is exact for the latest time there is', async () => {
    const exchangeId = freshExchangeId();
    const series = { symbol: SYMBOL, timeframe: '1m' } as const;
    const latest = LATEST_OPEN_TIME_MS * MICROS_PER_MS;
    await cache.addExchangeCandleIfNewer(
      exchangeId,
      sourcedCandle({ timestamp: MIDNIGHT, sequenceNum: latest }),
    );
    const summary = await cache.summariseExchangeSeries(exchangeId, series, { from: MIDNIGHT, to: MIDNIGHT });
    expect(summary.newestAsOf).toBe(latest);
  });

  it('of nothing is nothing, and a foreign member is as good as missing', async () => {
    const exchangeId = freshExchangeId();
    const series = { symbol: SYMBOL, timeframe: '1m' } as const;
    const window = { from: MIDNIGHT, to: MIDNIGHT + 60_000 };
    const nothing = { closed: 0, noTrades: 0, open: 0, settled: 0, final: 0, newestAsOf: 0, runs: [] };
    expect(await cache.summariseExchangeSeries(exchangeId, series, window)).toEqual(nothing);
    await redis.zadd(exchangeCandleKey(exchangeId, SYMBOL, '1m'), MIDNIGHT, '2'.repeat(53));
    await redis.zadd(exchangeCandleKey(exchangeId, SYMBOL, '1m'), MIDNIGHT, '{"close":1}');
    expect(await cache.summariseExchangeSeries(exchangeId, series, window)).toEqual(nothing);
  });

  it.each([
    { what: 'a standing', layout: 2, code: 2 + 5 * 16 },
    { what: 'a source', layout: 2, code: 7 },
    { what: 'a source', layout: 1, code: 5 },
  ])('a member of layout $layout with $what that it does not know is as good as missing', async (each) => {
    const exchangeId = freshExchangeId();
    const candle = sourcedCandle({ timestamp: MIDNIGHT, sequenceNum: closeAsOf('1m', MIDNIGHT) });
    const member = Buffer.from(each.layout === 1 ? layout1Of(candle) : encodeCandle(candle));
    member[1] = each.code;
    await redis.zadd(exchangeCandleKey(exchangeId, SYMBOL, '1m'), MIDNIGHT, member);
    const series = { symbol: SYMBOL, timeframe: '1m' } as const;
    const window = { from: MIDNIGHT, to: MIDNIGHT };
    expect(await cache.summariseExchangeSeries(exchangeId, series, window)).toMatchObject({ closed: 0 });
    expect(await cache.readExchangeCandles(exchangeId, series)).toEqual([]);
    const reading = { ...candle, source: 'rest', standing: 'unwitnessed', sequenceNum: 1 } as const;
    expect(await cache.writeExchangeCandle(exchangeId, reading)).toMatchObject({ written: true });
    expect(await cache.readExchangeCandles(exchangeId, series)).toHaveLength(1);
  });

  it('tells a full series of 1000 in one run', async () => {
    const exchangeId = freshExchangeId();
    const series = { symbol: SYMBOL, timeframe: '1m' } as const;
    const full = Array.from({ length: 1_000 }, (_, at) => {
      const timestamp = MIDNIGHT + at * 60_000;
      return sourcedCandle({ timestamp, sequenceNum: closeAsOf('1m', timestamp) });
    });
    await cache.writeExchangeCandles(exchangeId, series, full);
    const window = { from: MIDNIGHT, to: MIDNIGHT + 999 * 60_000 };
    const summary = await cache.summariseExchangeSeries(exchangeId, series, window);
    expect(summary).toMatchObject({ closed: 1_000, runs: [{ first: window.from, last: window.to }] });
  });
});
