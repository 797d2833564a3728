import { closeAsOf } from '@livermore/schemas';
import type { UnifiedCandle } from '@livermore/schemas';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { decodeCandle, encodeCandle } from '../candle-layout';
import { exchangeCandleKey, exchangeCorrectionsKey, exchangeDoubtKey, exchangeLooksKey } from '../keys';
import { createRedis } from '../redis';
import { EXAMPLE_OPEN_TIME, candleWith, freshExchangeId } from '../testing';
import { countDoubts } from '../waiting';
import { CandleCacheStrategy } from './candle-cache';
import type { WriteContext } from './candle-cache';

/** What the step keeps beside a series: looks, what was told, doubts, the log of corrections. */

const SERIES = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
const MINUTE = 60_000;
const openTimeAt = (at: number) => EXAMPLE_OPEN_TIME + at * MINUTE;
const closeAt = (at: number) => openTimeAt(at) + MINUTE;

/** The nth bar as it was `afterMs` after its close. */
function barAt(at: number, afterMs: number, over: Partial<UnifiedCandle> = {}): UnifiedCandle {
  const timestamp = openTimeAt(at);
  const sequenceNum = closeAsOf('1m', timestamp) + afterMs * 1000;
  return candleWith({ timestamp, sequenceNum, source: 'stream', ...over });
}

describe('beside a series', () => {
  let redis: Redis;
  let cache: CandleCacheStrategy;
  let exchangeId = 0;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
    cache = new CandleCacheStrategy(redis, { finality: { fromMs: 30_000, apartMs: 30_000 } });
  });

  beforeEach(() => {
    exchangeId = freshExchangeId();
  });

  afterAll(async () => {
    await redis.quit();
  });

  const write = (candle: UnifiedCandle, context: WriteContext = {}) =>
    cache.writeExchangeCandle(exchangeId, candle, context);
  /** When a bar is to be read again, ms after its close; undefined when it is not. */
  const lookAt = async (at: number) => {
    const due = await redis.zscore(exchangeLooksKey(exchangeId), `BTCUSDT 1m ${openTimeAt(at)}`);
    return due === null ? undefined : Number(due) - closeAt(at);
  };

  /** Volume of each doubt, and how old it is, ms after the close of the first bar. */
  const doubted = async () =>
    (await cache.readDoubts(exchangeId, SERIES)).map(({ volume, sequenceNum = 0 }) => [
      volume,
      sequenceNum / 1000 - closeAt(0),
    ]);

  describe('looks', () => {
    const READ = { source: 'rest' } as const;
    const MADE = { source: 'derived' } as const;

    it.each([
      { what: 'a reading soon after the close', afterMs: 2_000, over: READ, due: 32_000 },
      { what: 'a reading a minute after it', afterMs: 60_000, over: READ, due: 90_000 },
      { what: 'a reading long after it', afterMs: 601_000, over: READ, due: undefined },
      { what: 'a stand-in', afterMs: 0, over: { source: 'stand-in' }, due: 30_000 },
      { what: 'a snapshot', afterMs: 0, over: { source: 'snapshot' }, due: 30_000 },
      { what: 'a final of the stream', afterMs: 5, over: {}, due: undefined },
      { what: 'a final without a witness', afterMs: 5, over: { standing: 'unwitnessed' }, due: 30_005 },
      { what: 'that nothing traded', afterMs: 0, over: { source: 'no-trades' }, due: undefined },
      { what: 'a bar made of shorter ones', afterMs: 0, over: { source: 'derived' }, due: undefined },
      { what: 'one of readings', afterMs: 0, over: { ...MADE, standing: 'once' }, due: undefined },
      { what: 'one of weak ones', afterMs: 0, over: { ...MADE, standing: 'unwitnessed' }, due: undefined },
      { what: 'a settled bar', afterMs: 0, over: { ...READ, standing: 'settled' }, due: undefined },
      { what: 'a forming bar', afterMs: -1, over: {}, due: undefined },
    ] as const)('$what is read again $due ms after the close', async ({ afterMs, over, due }) => {
      await write(barAt(0, afterMs, over));
      expect(await lookAt(0)).toBe(due);
    });

    it('an unwitnessed reading is looked at later, the longer its bar is closed', async () => {
      const unwitnessed = { source: 'rest', standing: 'unwitnessed' } as const;
      await write(barAt(0, 0, unwitnessed), { now: closeAt(0) + 10 * MINUTE });
      expect(await lookAt(0)).toBe(15 * MINUTE);
    });

    it('a look that is to come is not put off by another write of its bar', async () => {
      await write(barAt(0, 0, { source: 'snapshot', volume: 1 }));
      for (const seconds of [10, 20, 29]) {
        const over = { source: 'rest', standing: 'unwitnessed' } as const;
        await write(barAt(0, 0, { ...over, volume: 1 }), { now: closeAt(0) + seconds * 1000 });
      }
      expect(await lookAt(0)).toBe(30_000);
    });

    it('a look is let go when the bar is settled, and a doubt asks for one', async () => {
      await write(barAt(0, 2_000, READ));
      await write(barAt(0, 33_000, READ));
      expect(await lookAt(0)).toBeUndefined();
      await write(barAt(0, 60_000, { ...READ, volume: 99 }));
      expect(await lookAt(0)).toBe(60_000 + 30_000);
    });

    it('a look at a quiet bar outlives a change of the price it carries', async () => {
      const quiet = { source: 'no-trades', volume: 0, open: 5, high: 5, low: 5, close: 5 } as const;
      await write(barAt(0, 0, quiet));
      const due = closeAt(0) + 20 * MINUTE;
      await redis.zadd(exchangeLooksKey(exchangeId), due, `BTCUSDT 1m ${openTimeAt(0)}`);
      const other = { ...quiet, open: 6, high: 6, low: 6, close: 6 };
      expect(await write(barAt(0, 60_000, other))).toMatchObject({ written: true, changed: true });
      expect(await lookAt(0)).toBe(20 * MINUTE);
    });

    it('a look at a settled bar that nothing contradicts is let go by the reading it asked for', async () => {
      await write(barAt(0, 2_000, READ));
      await write(barAt(0, 33_000, READ));
      await redis.zadd(exchangeLooksKey(exchangeId), closeAt(0) + 40_000, `BTCUSDT 1m ${openTimeAt(0)}`);
      await write(barAt(0, 50_000, READ));
      expect(await lookAt(0)).toBeUndefined();
    });

    it('a look at a settled bar in doubt stays until a newer reading than the doubt has come', async () => {
      await write(barAt(0, 2_000, READ));
      await write(barAt(0, 33_000, READ));
      await write(barAt(0, 60_000, { ...READ, volume: 99 }));
      await write(barAt(0, 50_000, READ));
      expect(await lookAt(0)).toBeDefined();
      await write(barAt(0, 70_000, READ));
      expect(await lookAt(0)).toBeUndefined();
      expect(await cache.readDoubts(exchangeId, SERIES)).toEqual([]);
    });

    it('there are never more than 20,000, and what is due last goes', async () => {
      const key = exchangeLooksKey(exchangeId);
      const many = Array.from({ length: 20_000 }, (_, at) => [closeAt(1) + at, `X 1m ${at}`]).flat();
      await redis.zadd(key, ...many);
      await write(barAt(0, 2_000, READ));
      expect(await redis.zcard(key)).toBe(20_000);
      expect(await lookAt(0)).toBe(32_000);
      expect(await redis.zrange(key, '-1', '-1')).toEqual(['X 1m 19998']);
      await redis.del(key);
    });
  });

  it.each([
    ['with more of everything goes on from a reading that lagged', { volume: 99, high: 111, low: 89 }, true],
    ['with another open is a doubt, however much it traded', { volume: 99, open: 101 }, false],
    ['that reaches less far is a doubt', { volume: 99, high: 109 }, false],
    ['that falls less deep is a doubt', { volume: 99, low: 91 }, false],
  ] as const)('a reading %s', async (_, over, written) => {
    await write(barAt(0, 31_000, { source: 'rest' }));
    expect(await write(barAt(0, 62_000, { source: 'rest', ...over }))).toMatchObject({
      written,
      doubted: !written,
    });
  });

  /** The first bar, read so many seconds after its close. */
  const read = (seconds: number, over: Partial<UnifiedCandle> = {}) =>
    write(barAt(0, seconds * 1000, { source: 'rest', ...over }), { now: closeAt(0) + seconds * 1000 });

  it('two equal readings do not settle a bar where other ones stood between them', async () => {
    const lie = { volume: 99 };
    await read(31, lie);
    await read(62);
    await read(93);
    expect(await read(124, lie)).toMatchObject({ settled: false });
    expect(await lookAt(0)).toBe(154_000);
    await read(155);
    expect(await read(800)).toMatchObject({ changed: true, settled: true });
  });

  it('and do where the reading between them is taken back by two in a row', async () => {
    await write(barAt(0, 31_000, { source: 'rest', volume: 99 }));
    await write(barAt(0, 62_000, { source: 'rest' }));
    expect(await write(barAt(0, 93_000, { source: 'rest', volume: 99 }))).toMatchObject({ settled: false });
    expect(await write(barAt(0, 124_000, { source: 'rest', volume: 99 }))).toMatchObject({ settled: true });
    expect(await lookAt(0)).toBeUndefined();
  });

  describe('a reading that contradicts the bar', () => {
    const READ = { source: 'rest' } as const;
    const MORE = { ...READ, volume: 13 } as const;
    const at = (seconds: number, over: Partial<UnifiedCandle> = READ) =>
      write(barAt(0, seconds * 1000, over), { now: closeAt(0) + 120_000 });

    it.each<{ what: string; bar: number; over: Partial<UnifiedCandle>; agrees: Partial<UnifiedCandle> }>([
      { what: "the stream's final", bar: 0.005, over: {}, agrees: READ },
      { what: 'a bar that was read', bar: 2, over: READ, agrees: READ },
      { what: 'a bar that was read, and the final', bar: 2, over: READ, agrees: {} },
      { what: 'a bar made of final ones', bar: 1, over: { source: 'derived' }, agrees: READ },
    ])('outlives an older one that agrees with $what', async ({ bar, over, agrees }) => {
      await at(bar, over);
      // It does not go on from the bar: another open.
      expect(await at(100, { ...MORE, open: 101 })).toMatchObject({ doubted: true });
      expect(await at(50, agrees)).toMatchObject({ written: true, settled: true, changed: false });
      expect(await doubted()).toEqual([[13, 100_000]]);
      expect(await lookAt(0)).toBeDefined();
      expect(await at(800, { ...MORE, open: 101 })).toMatchObject({ written: true, changed: true });
      expect(await doubted()).toEqual([]);
    });

    it('outlives an older one that goes on from the bar', async () => {
      await at(2);
      await at(100, { ...READ, open: 101 });
      expect(await at(50, MORE)).toMatchObject({ written: true, changed: true });
      expect(await doubted()).toEqual([[12.5, 100_000]]);
      expect(await lookAt(0)).toBeDefined();
    });

    it.each([
      { what: "the stream's final", final: {} },
      { what: 'a bar made of final ones', final: { source: 'derived' } },
    ] as const)('is one as well when $what comes after it', async ({ final }) => {
      await at(40, MORE);
      expect(await at(0.005, final)).toMatchObject({ written: true, changed: true });
      expect(await doubted()).toEqual([[13, 40_000]]);
      expect(await lookAt(0)).toBe(150_000);
      expect(await at(100, MORE)).toMatchObject({ settled: true, changed: true });
    });

    it('and was put aside by one with more volume is right when it is told again ten minutes later', async () => {
      await at(1);
      await at(40, MORE);
      expect(await at(600)).toMatchObject({ written: false, doubted: true });
      expect(await at(601)).toMatchObject({ written: true, changed: true, settled: true });
      expect(await doubted()).toEqual([]);
    });

    it('that is older than the final is none', async () => {
      await at(2, MORE);
      await at(3, {});
      expect(await doubted()).toEqual([]);
      expect(await lookAt(0)).toBeUndefined();
    });

    it('is the newest of those that differ from the final', async () => {
      await at(40, MORE);
      await at(80, { ...READ, open: 101 });
      await at(0.005, { volume: 14 });
      expect(await doubted()).toEqual([[12.5, 80_000]]);
    });

    it('is none where a newer one agrees with the final', async () => {
      await at(40, MORE);
      await at(80);
      await at(0.005, {});
      expect(await doubted()).toEqual([]);
      await at(81, MORE);
      await at(100, { ...READ, volume: 14 });
      expect(await doubted()).toEqual([[14, 100_000]]);
    });

    it('and that it goes on from is none where the final agrees with it', async () => {
      await at(2);
      await at(40, MORE);
      expect(await doubted()).toEqual([[12.5, 2_000]]);
      expect(await at(0.005, { volume: 13 })).toMatchObject({ settled: true });
      expect(await doubted()).toEqual([]);
      expect(await lookAt(0)).toBeUndefined();
    });
  });

  describe('values of somebody else', () => {
    it.each(['junk', '{', '{"timestamp":1}', ''])(
      '%j is no doubt: readings beside it are judged',
      async (junk) => {
        const key = exchangeDoubtKey(exchangeId, 'BTCUSDT', '1m');
        await write(barAt(0, 5));
        await redis.zadd(key, openTimeAt(0), junk);
        const differs = await write(barAt(0, 31_000, { source: 'rest', volume: 99 }));
        expect(differs).toMatchObject({ written: false });
        expect(await redis.zcard(key)).toBe(1);
        await redis.del(key);
        await redis.zadd(key, openTimeAt(0), junk);
        const agrees = await write(barAt(0, 62_000, { source: 'rest' }));
        expect(agrees).toMatchObject({ written: true, settled: true });
        expect(await redis.zcard(key)).toBe(0);
      },
    );
  });

  it('keeps the newest 200 doubts of a series, and lets them go with it', async () => {
    for (let at = 0; at < 210; at += 1) {
      await write(barAt(at, 5));
      expect(await write(barAt(at, 9_000, { source: 'rest', volume: 99 }))).toMatchObject({ doubted: true });
    }
    const doubts = await cache.readDoubts(exchangeId, SERIES);
    expect(doubts.map(({ timestamp }) => timestamp)).toEqual(
      Array.from({ length: 200 }, (_, at) => openTimeAt(at + 10)),
    );
    const window = { from: openTimeAt(150), to: openTimeAt(160) };
    expect(await countDoubts(redis, exchangeId, SERIES, window)).toBe(10);
    expect(await redis.ttl(exchangeDoubtKey(exchangeId, 'BTCUSDT', '1m'))).toBeGreaterThan(86_000);
  });

  it('logs a closed bar that changed, old and new and by whom, and nothing else', async () => {
    await write(barAt(0, -1, { volume: 1 }));
    await write(barAt(0, 0, { source: 'stand-in' }));
    await write(barAt(0, 2_000, { source: 'rest' }));
    await write(barAt(0, 9_000, { source: 'rest', volume: 99 }), { cause: 'a look' });
    await write(barAt(0, 12_000, { source: 'rest', volume: 1 }), { cause: 'an audit' });
    const entries = await redis.xrangeBuffer(exchangeCorrectionsKey(exchangeId), '-', '+');
    expect(entries).toHaveLength(1);
    const [, fields = []] = entries[0] ?? [];
    const [, name, , openTime, , old, , fresh, , cause] = fields;
    expect([name, openTime, cause].map(String)).toEqual(['BTCUSDT 1m', String(openTimeAt(0)), 'a look']);
    const volumes = [old, fresh].map((bytes) => decodeCandle(bytes ?? Buffer.alloc(0), SERIES).volume);
    expect(volumes).toEqual([12.5, 99]);
  });

  it('logs beside what was logged before: thousands of corrections are kept', async () => {
    const key = exchangeCorrectionsKey(exchangeId);
    const before = redis.pipeline();
    for (let at = 0; at < 5_000; at += 1) before.xadd(key, '*', 'at', at);
    await before.exec();
    await write(barAt(0, 0, { source: 'stand-in' }));
    await write(barAt(0, 2_000, { source: 'rest', volume: 99 }));
    expect(await redis.xlen(key)).toBe(5_001);
    await write(barAt(1, 0, { source: 'no-trades', volume: 0 }));
    const judged = {
      openTime: openTimeAt(1),
      asOf: closeAsOf('1m', openTimeAt(1)),
      source: 'no-trades',
    } as const;
    expect(
      await cache.retract(exchangeId, SERIES, judged, { cause: 'refuted', exchange: 'binance' }),
    ).toMatchObject({ removed: true });
    expect(await redis.xlen(key)).toBe(5_002);
    await redis.del(key);
  });

  describe('a quiet bar that is taken back', () => {
    const quiet = barAt(1, 0, { source: 'no-trades', volume: 0 });
    const judged = {
      openTime: openTimeAt(1),
      asOf: closeAsOf('1m', openTimeAt(1)),
      source: 'no-trades' as const,
    };
    const retract = () =>
      cache.retract(exchangeId, SERIES, judged, { cause: 'its hour traded', exchange: 'binance' });

    it('is gone and logged, and its doubts and looks with it', async () => {
      await write(quiet);
      for (const at of [1, 2]) {
        const doubt = encodeCandle(barAt(at, 9_000, { source: 'rest', volume: at }));
        await redis.zadd(exchangeDoubtKey(exchangeId, 'BTCUSDT', '1m'), openTimeAt(at), doubt);
        await redis.zadd(exchangeLooksKey(exchangeId), closeAt(at), `BTCUSDT 1m ${openTimeAt(at)}`);
      }
      expect(await retract()).toEqual({ removed: true, wasTold: false });
      expect(await cache.readExchangeCandles(exchangeId, SERIES)).toEqual([]);
      expect(await cache.readDoubts(exchangeId, SERIES)).toMatchObject([{ timestamp: openTimeAt(2) }]);
      expect([await lookAt(1), await lookAt(2)]).toEqual([undefined, 0]);
      expect(await redis.xlen(exchangeCorrectionsKey(exchangeId))).toBe(1);
      expect(await retract()).toEqual({ removed: false, wasTold: false });
    });

    it.each([
      { what: 'a row that came meanwhile', over: { source: 'rest' } },
      { what: 'another quiet bar', over: { source: 'no-trades', volume: 0, sequenceNum: judged.asOf + 1 } },
    ] as const)('leaves $what alone', async ({ over }) => {
      await write(barAt(1, 0, over));
      expect(await retract()).toEqual({ removed: false, wasTold: false });
      expect(await redis.zcard(exchangeCandleKey(exchangeId, 'BTCUSDT', '1m'))).toBe(1);
    });
  });

  it('keeps the figures that an agreeing reading does not tell', async () => {
    const figures = { quoteVolume: 7, trades: 3, takerBaseVolume: 1, takerQuoteVolume: 2 };
    await write(barAt(0, 5, figures));
    await write(barAt(0, 9_000, { source: 'rest' }));
    const [stored] = await cache.readExchangeCandles(exchangeId, SERIES);
    expect(stored).toMatchObject({ ...figures, source: 'rest', standing: 'settled' });
  });

  it('keeps them as well where a doubt lay between the two readings that agree', async () => {
    const figures = { quoteVolume: 7, trades: 3, takerBaseVolume: 1, takerQuoteVolume: 2 };
    await read(31, figures);
    expect(await read(62, { open: 101 })).toMatchObject({ doubted: true });
    expect(await read(93)).toMatchObject({ written: true, settled: false });
    const [stored] = await cache.readExchangeCandles(exchangeId, SERIES);
    expect(stored).toMatchObject({ ...figures, sequenceNum: closeAsOf('1m', openTimeAt(0)) + 93_000_000 });
  });
});
