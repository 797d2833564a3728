import { HARDCODED_CONFIG, closeAsOf } from '@livermore/schemas';
import type { CandleSource, UnifiedCandle } from '@livermore/schemas';
import * as fc from 'fast-check';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { decodeCandle, encodeCandle } from '../candle-layout';
import { writeByTruth, writeCandlesIfNewer } from '../commands';
import { InvalidCandleError } from '../errors';
import { candleKey, exchangeCandleKey } from '../keys';
import { createRedis } from '../redis';
import { EXAMPLE_OPEN_TIME, candleWith, freshExchangeId, layout1Of } from '../testing';
import { CandleCacheStrategy, exchangeTtlSeconds } from './candle-cache';
import type { WriteOutcome } from './candle-cache';
import { NOTHING_WRITTEN } from './write-outcome';

const MINUTE_MS = 60_000;
const SERIES = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
const USER = 7;

/** The nth minute bar, with a price that tells it from others. */
const bar = (at: number, over: Partial<UnifiedCandle> = {}) =>
  candleWith({ timestamp: EXAMPLE_OPEN_TIME + at * MINUTE_MS, ...over });

/** The first bar, known by its close. */
const withAsOf = (close: number, sequenceNum: number | undefined) =>
  bar(0, { close, ...(sequenceNum === undefined ? {} : { sequenceNum }) });

describe('CandleCacheStrategy on a real Redis', () => {
  let redis: Redis;
  let cache: CandleCacheStrategy;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
    cache = new CandleCacheStrategy(redis);
  });

  afterAll(async () => {
    await redis.quit();
  });

  describe('FND-02: the truth table of addCandleIfNewer', () => {
    const AS_OF = 1_000;
    // By what is cached (rows) and what the new candle says (columns): is it written?
    const TABLE = [
      { cached: 'nothing', none: true, lower: true, equal: true, higher: true },
      { cached: 'none', none: true, lower: true, equal: true, higher: true },
      { cached: 'some', none: false, lower: false, equal: false, higher: true },
    ] as const;
    const AS_OF_OF = { none: undefined, lower: AS_OF - 1, equal: AS_OF, higher: AS_OF + 1 } as const;
    const CASES = TABLE.flatMap((row) =>
      (['none', 'lower', 'equal', 'higher'] as const).map((fresh) => ({
        cached: row.cached,
        fresh,
        isWritten: row[fresh],
      })),
    );

    it.each(CASES)(
      'FND-02: cached $cached, new $fresh → $isWritten',
      async ({ cached, fresh, isWritten }) => {
        const exchangeId = freshExchangeId();
        if (cached !== 'nothing') {
          const first = withAsOf(101, cached === 'none' ? undefined : AS_OF);
          expect(await cache.addCandleIfNewer(USER, exchangeId, first)).toBe(true);
        }
        const second = withAsOf(102, AS_OF_OF[fresh]);
        expect(await cache.addCandleIfNewer(USER, exchangeId, second)).toBe(isWritten);
        const stored = await cache.readCandles({ userId: USER, exchangeId }, SERIES);
        expect(stored).toHaveLength(1);
        expect(stored[0]?.close).toBe(isWritten ? 102 : 101);
        expect(stored[0]?.sequenceNum).toBe(isWritten ? AS_OF_OF[fresh] : AS_OF);
      },
    );

    it.each(CASES)(
      'the exchange-scoped twin decides the same: cached $cached, new $fresh',
      async ({ cached, fresh, isWritten }) => {
        const exchangeId = freshExchangeId();
        if (cached !== 'nothing') {
          const first = withAsOf(101, cached === 'none' ? undefined : AS_OF);
          await cache.addExchangeCandleIfNewer(exchangeId, first);
        }
        const second = withAsOf(102, AS_OF_OF[fresh]);
        expect(await cache.addExchangeCandleIfNewer(exchangeId, second)).toBe(isWritten);
      },
    );

    it('FND-02: as-ofs that differ in the last microsecond of the safe range are told apart', async () => {
      const exchangeId = freshExchangeId();
      const top = Number.MAX_SAFE_INTEGER;
      expect(await cache.addCandleIfNewer(USER, exchangeId, withAsOf(101, top - 1))).toBe(true);
      expect(await cache.addCandleIfNewer(USER, exchangeId, withAsOf(102, top))).toBe(true);
      expect(await cache.addCandleIfNewer(USER, exchangeId, withAsOf(103, top - 1))).toBe(false);
      expect(await cache.addCandleIfNewer(USER, exchangeId, withAsOf(104, top))).toBe(false);
    });

    it('any two as-ofs compare in Redis as they do here', async () => {
      await fc.assert(
        fc.asyncProperty(fc.maxSafeNat(), fc.maxSafeNat(), async (one, other) => {
          const exchangeId = freshExchangeId();
          await cache.addCandleIfNewer(USER, exchangeId, withAsOf(101, one));
          expect(await cache.addCandleIfNewer(USER, exchangeId, withAsOf(102, other))).toBe(other > one);
        }),
      );
    });
  });

  describe('FND-02: what a write leaves behind', () => {
    it('FND-02: a sorted set at candleKey, scored by open time in ms', async () => {
      const exchangeId = freshExchangeId();
      await cache.addCandleIfNewer(USER, exchangeId, bar(3, { sequenceNum: 1 }));
      await cache.addCandleIfNewer(USER, exchangeId, bar(1, { sequenceNum: 1 }));
      const key = candleKey(USER, exchangeId, SERIES.symbol, SERIES.timeframe);
      expect(await redis.type(key)).toBe('zset');
      expect(await redis.zcard(key)).toBe(2);
      for (const at of [1, 3]) {
        const openTime = EXAMPLE_OPEN_TIME + at * MINUTE_MS;
        expect(await redis.zcount(key, openTime, openTime)).toBe(1);
      }
    });

    it('FND-02: a TTL of exactly candleTtlHours, renewed by each write and by no skip', async () => {
      expect(HARDCODED_CONFIG.cache.candleTtlHours).toBe(24);
      const exchangeId = freshExchangeId();
      const key = candleKey(USER, exchangeId, SERIES.symbol, SERIES.timeframe);
      await cache.addCandleIfNewer(USER, exchangeId, bar(0, { sequenceNum: 5 }));
      expect(await redis.ttl(key)).toBeGreaterThan(86_398);
      expect(await redis.ttl(key)).toBeLessThanOrEqual(86_400);
      await redis.expire(key, 100);
      await cache.addCandleIfNewer(USER, exchangeId, bar(0, { sequenceNum: 4 }));
      expect(await redis.ttl(key)).toBeLessThanOrEqual(100);
      await cache.addCandleIfNewer(USER, exchangeId, bar(0, { sequenceNum: 6 }));
      expect(await redis.ttl(key)).toBeGreaterThan(86_398);
    });

    it.each([
      { timeframe: '1m', hours: 24 },
      { timeframe: '15m', hours: 25 },
      { timeframe: '1h', hours: 100 },
      { timeframe: '1d', hours: 2_400 },
    ] as const)('a shared $timeframe series lives for $hours hours', async ({ timeframe, hours }) => {
      expect(exchangeTtlSeconds(timeframe)).toBe(hours * 3_600);
      const exchangeId = freshExchangeId();
      const timestamp = 1_699_920_000_000;
      await cache.addExchangeCandleIfNewer(exchangeId, candleWith({ timeframe, timestamp }));
      const ttl = await redis.ttl(exchangeCandleKey(exchangeId, SERIES.symbol, timeframe));
      expect(Math.abs(ttl - hours * 3_600)).toBeLessThanOrEqual(2);
    });

    it('FND-02: only the newest 1000, whatever order they came in', async () => {
      const exchangeId = freshExchangeId();
      const order =
        fc.sample(fc.shuffledSubarray([...Array(1_040).keys()], { minLength: 1_040 }), 1)[0] ?? [];
      await Promise.all(
        order.map((at) => cache.addCandleIfNewer(USER, exchangeId, bar(at, { sequenceNum: 1 }))),
      );
      const stored = await cache.readCandles({ userId: USER, exchangeId }, SERIES);
      expect(stored.map((candle) => candle.timestamp)).toEqual(
        Array.from({ length: 1_000 }, (_, at) => bar(40 + at).timestamp),
      );
    });

    it('a bar older than a full series is written and trimmed in one step, and takes no newer one along', async () => {
      const exchangeId = freshExchangeId();
      const full = Array.from({ length: 1_000 }, (_, at) => bar(at, { sequenceNum: 1 }));
      await cache.writeExchangeCandles(exchangeId, SERIES, full);
      const old = Array.from({ length: 300 }, (_, at) => bar(at - 300, { sequenceNum: 9 }));
      await cache.writeExchangeCandles(exchangeId, SERIES, old);
      const stored = await cache.readExchangeCandles(exchangeId, SERIES);
      expect(stored.map((candle) => candle.timestamp)).toEqual(full.map((candle) => candle.timestamp));
      expect(stored.every((candle) => candle.sequenceNum === 1)).toBe(true);
    });
  });

  it('FND-02: what its owner does to a candle, or to its series, after it was handed over is not written', async () => {
    const exchangeId = freshExchangeId();
    const candles = Array.from({ length: 600 }, (_, at) => ({ ...bar(at, { sequenceNum: 1 }) }));
    const series = { ...SERIES };
    const writing = cache.writeExchangeCandles(exchangeId, series, candles);
    for (const each of candles) Object.assign(each, { close: Number.NaN, timestamp: 1 });
    Object.assign(series, { symbol: 'ETHUSDT' });
    const outcomes = await writing;
    expect(outcomes.filter((outcome) => outcome.written)).toHaveLength(600);
    const stored = await cache.readExchangeCandles(exchangeId, SERIES);
    expect(stored.map((each) => each.close)).toEqual(Array.from({ length: 600 }, () => bar(0).close));
  });

  it.each([
    { what: 'an open time and a member of its own', parts: ['1700000160000', 'x'.repeat(81)] },
    { what: 'a byte too few', parts: ['x'.repeat(161)] },
    { what: 'a byte too many', parts: ['x'.repeat(82)] },
    { what: 'a member of no layout', parts: ['x'.repeat(81)] },
    { what: 'one among others', parts: [Buffer.concat([encodeCandle(bar(0)), Buffer.alloc(81, 'x')])] },
  ])('the commands refuse $what before anything is written', async ({ parts }) => {
    const key = exchangeCandleKey(freshExchangeId(), SERIES.symbol, SERIES.timeframe);
    const others = ['doubt', 'looks', 'told', 'corrections', 'closes'].map((name) => `${key}:${name}`);
    const before = [3_600, 1_000, MINUTE_MS, 'BTCUSDT 1m', 1, 1, 1, 0, '', 'test', 1, 'binance'];
    await expect(writeByTruth.run(redis, [key, ...others], [...before, ...parts])).rejects.toThrow(
      '81 bytes',
    );
    await expect(writeCandlesIfNewer.run(redis, key, [3_600, 1_000, ...parts])).rejects.toThrow('81 bytes');
    expect(await redis.exists(key, ...others)).toBe(0);
  });

  it('what a write came to cannot be changed by who hears it', async () => {
    const exchangeId = freshExchangeId();
    const outcome = await cache.writeExchangeCandle(exchangeId, bar(0, { sequenceNum: 1 }));
    expect(() => Object.assign(outcome, { written: false })).toThrow(TypeError);
  });

  describe('FND-02: what is refused', () => {
    it.each([
      { wrong: { high: 1 }, field: 'high' },
      { wrong: { open: Number.NaN }, field: 'open' },
      { wrong: { volume: Infinity }, field: 'volume' },
      { wrong: { timestamp: EXAMPLE_OPEN_TIME + 1 }, field: 'timestamp' },
      { wrong: { symbol: 'A:B' }, field: 'symbol' },
      { wrong: { sequenceNum: 0.5 }, field: 'sequenceNum' },
    ])('FND-02: $wrong is refused by name, and nothing is written', async ({ wrong, field }) => {
      const exchangeId = freshExchangeId();
      const refused = cache.addCandleIfNewer(USER, exchangeId, bar(0, wrong));
      await expect(refused).rejects.toBeInstanceOf(InvalidCandleError);
      await expect(refused).rejects.toThrow(`candle refused: ${field}: `);
      expect(await cache.readCandles({ userId: USER, exchangeId }, SERIES)).toEqual([]);
    });

    it('a batch with one bad candle, or with one of another series, writes none of it', async () => {
      const exchangeId = freshExchangeId();
      const bad = [bar(0), bar(1, { low: 500 })];
      await expect(cache.writeExchangeCandles(exchangeId, SERIES, bad)).rejects.toThrow('low');
      const stray = [bar(0), bar(1, { symbol: 'ETHUSDT' })];
      await expect(cache.writeExchangeCandles(exchangeId, SERIES, stray)).rejects.toThrow('ETHUSDT 1m');
      expect(await cache.readExchangeCandles(exchangeId, SERIES)).toEqual([]);
    });
  });

  describe('what a write says it did', () => {
    const closing = closeAsOf('1m', EXAMPLE_OPEN_TIME);
    const nothingThere: WriteOutcome = { ...NOTHING_WRITTEN, written: true, changed: true };

    it('nothing was there', async () => {
      expect(await cache.writeExchangeCandle(freshExchangeId(), bar(0))).toEqual(nothingThere);
    });

    const UNSAID = [
      { asOf: undefined, source: 'no-trades' },
      { asOf: 0, source: undefined },
    ] as const;
    const CASES = UNSAID.flatMap((old) =>
      [true, false].flatMap((changed) => [true, false].map((newer) => ({ ...old, changed, newer }))),
    );

    it.each(CASES)(
      'cached as-of $asOf from $source; new: changed $changed, newer $newer',
      async ({ asOf, source, changed, newer }) => {
        const exchangeId = freshExchangeId();
        const before = bar(0, { ...(asOf === undefined ? {} : { sequenceNum: asOf }), ...sourceOf(source) });
        await cache.writeExchangeCandle(exchangeId, before);
        const next = bar(0, {
          sequenceNum: newer ? closing + 9 : 0,
          source: 'stream',
          ...(changed ? { volume: 99 } : {}),
        });
        const expected: WriteOutcome = {
          ...NOTHING_WRITTEN,
          // What has no as-of is replaced by anything.
          written: newer || asOf === undefined,
          replaced: true,
          changed,
          ...(source === undefined ? {} : { previousSource: source }),
        };
        expect(await cache.writeExchangeCandle(exchangeId, next)).toEqual(expected);
      },
    );

    it.each([{ open: 101 }, { high: 111 }, { low: 89 }, { close: 106 }, { volume: 13 }])(
      '%o is a change',
      async (other) => {
        const exchangeId = freshExchangeId();
        await cache.writeExchangeCandle(exchangeId, bar(0));
        const next = bar(0, other);
        expect((await cache.writeExchangeCandle(exchangeId, next)).changed).toBe(true);
        expect((await cache.writeExchangeCandle(exchangeId, next)).changed).toBe(false);
      },
    );

    it('a batch answers one outcome for each candle, in order, repeats included', async () => {
      const exchangeId = freshExchangeId();
      const many = Array.from({ length: 600 }, (_, at) => bar(at % 300, { sequenceNum: 1 }));
      const outcomes = await cache.writeExchangeCandles(exchangeId, SERIES, many);
      expect(outcomes.map((outcome) => outcome.written)).toEqual(many.map((_, at) => at < 300));
      expect(outcomes.slice(300).every((outcome) => outcome.replaced && !outcome.changed)).toBe(true);
    });

    it('an empty batch writes nothing and asks nothing', async () => {
      expect(await cache.writeExchangeCandles(freshExchangeId(), SERIES, [])).toEqual([]);
    });
  });

  describe('reading', () => {
    it('gives a range, the newest so many, or both, ascending', async () => {
      const exchangeId = freshExchangeId();
      await cache.writeExchangeCandles(
        exchangeId,
        SERIES,
        [4, 2, 0, 1, 3].map((at) => bar(at)),
      );
      const open = async (query: Parameters<typeof cache.readExchangeCandles>[2]) =>
        (await cache.readExchangeCandles(exchangeId, SERIES, query)).map(
          (candle) => (candle.timestamp - EXAMPLE_OPEN_TIME) / MINUTE_MS,
        );
      const [from, to] = [bar(1).timestamp, bar(3).timestamp];
      expect(await open({})).toEqual([0, 1, 2, 3, 4]);
      expect(await open({ limit: 2 })).toEqual([3, 4]);
      expect(await open({ limit: 0 })).toEqual([]);
      expect(await open({ from, to })).toEqual([1, 2, 3]);
      expect(await open({ from, limit: 0 })).toEqual([]);
      expect(await open({ to, limit: 2 })).toEqual([2, 3]);
      expect(await open({ from })).toEqual([1, 2, 3, 4]);
    });

    it('leaves a foreign value out by name, beside what can be read, and the next write of that bar replaces it', async () => {
      const exchangeId = freshExchangeId();
      const key = exchangeCandleKey(exchangeId, SERIES.symbol, SERIES.timeframe);
      const damaged = Buffer.from([2, 0, 255, ...Buffer.alloc(78)]);
      const foreign = ['', 'x'.repeat(53), '\u0001'.repeat(52), '{', damaged];
      const named: string[] = [];
      const watched = new CandleCacheStrategy(redis, { onUnreadable: (error) => named.push(error.message) });
      for (const member of foreign) {
        await redis.del(key);
        await redis.zadd(key, EXAMPLE_OPEN_TIME, member);
        await redis.zadd(key, bar(1).timestamp, encodeCandle(bar(1)));
        expect(await watched.readExchangeCandles(exchangeId, SERIES)).toMatchObject([
          { timestamp: bar(1).timestamp },
        ]);
        expect(named.pop()).toMatch(/BTCUSDT 1m/);
        const outcome = await cache.writeExchangeCandle(exchangeId, bar(0));
        expect(outcome).toEqual({ ...NOTHING_WRITTEN, written: true, replaced: true, changed: true });
        expect(await cache.readExchangeCandles(exchangeId, SERIES)).toHaveLength(2);
      }
    });

    it('reads layouts 1, 2 and JSON side by side, and each of them gives way to what stands above it', async () => {
      const exchangeId = freshExchangeId();
      const key = exchangeCandleKey(exchangeId, SERIES.symbol, SERIES.timeframe);
      const closed = (at: number) => closeAsOf('1m', bar(at).timestamp);
      const bars = [0, 1, 2].map((at) => bar(at, { sequenceNum: closed(at), source: 'derived' }));
      const [first, second, third] = bars.map((each) => encodeCandle(each));
      const members = [first, layout1Of(bars[1] ?? bar(1)), JSON.stringify(bars[2])];
      await redis.zadd(key, ...members.flatMap((member, at) => [bar(at).timestamp, member ?? '']));
      const stored = await cache.readExchangeCandles(exchangeId, SERIES);
      const plain = [first, second, third].map((each) => decodeCandle(each ?? Buffer.alloc(0), SERIES));
      expect(stored).toEqual(
        plain.map((each, at) => (at === 0 ? each : { ...each, standing: 'unwitnessed' })),
      );
      for (const at of [0, 1, 2]) {
        const older = bar(at, { sequenceNum: closed(at) - 1, source: 'stream' });
        expect((await cache.writeExchangeCandle(exchangeId, older)).written).toBe(false);
        const same = bar(at, { sequenceNum: closed(at) + 1, source: 'stream' });
        const outcome = await cache.writeExchangeCandle(exchangeId, same);
        expect(outcome).toMatchObject({ written: true, changed: false, wasClosed: true });
        expect(outcome.previousSource).toBe('derived');
      }
      const replaced = await redis.zrangeBuffer(key, '0', '-1');
      expect(replaced.map((member) => `${member[0]}: ${member.length}`)).toEqual(Array(3).fill('2: 81'));
    });

    it('compares any two volumes in Redis as here, whatever the layout of what is cached', async () => {
      const volume = fc.double({ min: 0, max: Number.MAX_VALUE, noNaN: true });
      const layout = fc.constantFrom(1, 2, 'json');
      await fc.assert(
        fc.asyncProperty(volume, volume, layout, async (one, other, written) => {
          const exchangeId = freshExchangeId();
          const weak = { sequenceNum: closeAsOf('1m', EXAMPLE_OPEN_TIME), source: 'no-trades' } as const;
          const old = bar(0, { ...weak, volume: one });
          const member =
            written === 2 ? encodeCandle(old) : written === 1 ? layout1Of(old) : JSON.stringify(old);
          const key = exchangeCandleKey(exchangeId, SERIES.symbol, SERIES.timeframe);
          await redis.zadd(key, EXAMPLE_OPEN_TIME, member);
          const outcome = await cache.writeExchangeCandle(exchangeId, bar(0, { ...weak, volume: other }));
          expect(outcome.written).toBe(other > one);
          expect(outcome.changed).toBe(other !== one);
        }),
      );
    });

    it('keeps user and exchange tiers apart although they begin alike', async () => {
      const id = freshExchangeId();
      await cache.addCandleIfNewer(id, 1, bar(0));
      expect(await cache.readExchangeCandles(id, SERIES)).toEqual([]);
      expect(await cache.readCandles({ userId: id, exchangeId: 1 }, SERIES)).toHaveLength(1);
    });
  });

  it('stores exactly the documented bytes', async () => {
    const exchangeId = freshExchangeId();
    const candle = bar(0, { sequenceNum: 1_700_000_160_005_000, source: 'stream' });
    await cache.addExchangeCandleIfNewer(exchangeId, candle);
    const members = await redis.zrangeBuffer(exchangeCandleKey(exchangeId, 'BTCUSDT', '1m'), '0', '-1');
    expect(members).toEqual([encodeCandle(candle)]);
  });
});

function sourceOf(source: CandleSource | undefined): { readonly source?: CandleSource } {
  return source === undefined ? {} : { source };
}
