import {
  AbsenceStore,
  CandleCacheStrategy,
  createRedis,
  exchangeAbsenceKey,
  exchangeCandleKey,
  warmupScheduleKey,
  warmupStatsKey,
} from '@livermore/cache';
import type { StoredCandle } from '@livermore/cache';
import { freshExchangeId } from '@livermore/cache/testing';
import { TIMEFRAMES, timeframeMs } from '@livermore/schemas';
import type { Timeframe } from '@livermore/schemas';
import { must, silentLogger, systemClock } from '@livermore/utils';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { targetWindow } from '../coverage/coverage';
import { CoverageReader } from '../coverage/coverage-reader';
import { BannedError, BlockedError, UnavailableError, UnknownSymbolError } from '../errors';
import type { HistorySink } from '../ports';
import { binanceProtocol } from '../protocol/binance/index';
import { ImaginaryHistory } from '../testing/imaginary-history';
import type { ImaginaryHistoryOptions } from '../testing/imaginary-history';
import { silentSink } from '../testing/reports';
import type { WarmupStats } from './types';
import { Warmup } from './warmup';
import type { WarmupOptions } from './warmup';
import { readWarmupSchedule, readWarmupStats } from './warmup-store';

/** Well past every boundary, so that nothing is waited for. */
const NOW = Date.UTC(2026, 2, 11, 13, 37, 30);
const SYMBOLS = ['AAA', 'BBBB', 'CCCCC'];
const PAIRS = SYMBOLS.length * TIMEFRAMES.length;

let redis: Redis;
let cache: CandleCacheStrategy;
let absences: AbsenceStore;
let sink: HistorySink;
let exchangeId: number;
let now: number;

beforeAll(() => {
  redis = createRedis(inject('redisUrl'));
  cache = new CandleCacheStrategy(redis);
  absences = new AbsenceStore(redis);
});

beforeEach(() => {
  exchangeId = freshExchangeId();
  now = NOW;
  sink = {
    ...silentSink(cache, exchangeId),
    writeHistory: (series, candles) => cache.writeExchangeCandles(exchangeId, series, candles),
  };
});

afterEach(async () => {
  const series = [...SYMBOLS, 'NEW'].flatMap((symbol) =>
    TIMEFRAMES.flatMap((timeframe) => [
      exchangeCandleKey(exchangeId, symbol, timeframe),
      exchangeAbsenceKey(exchangeId, symbol, timeframe),
    ]),
  );
  await redis.del(warmupScheduleKey(exchangeId), warmupStatsKey(exchangeId), ...series);
});

afterAll(async () => {
  await redis.quit();
});

const historyWith = (over: Partial<ImaginaryHistoryOptions> = {}) =>
  new ImaginaryHistory({ exchangeId, now: () => now, sink, absences, ...over });

function warmupWith(loader: ImaginaryHistory, over: Partial<WarmupOptions> = {}): Warmup {
  return new Warmup({
    redis,
    exchangeId,
    exchangeName: 'imaginary',
    symbols: SYMBOLS,
    protocol: binanceProtocol,
    venueTime: { now: () => now },
    loader,
    sink,
    clock: systemClock,
    logger: silentLogger,
    ...over,
  });
}

const ohlcv = ({ timestamp, open, high, low, close, volume }: StoredCandle) => {
  return { timestamp, open, high, low, close, volume };
};

/** Every pair holds exactly what the venue has in its target's window. */
async function expectComplete(
  history: ImaginaryHistory,
  options: { readonly symbols?: readonly string[]; readonly target?: number } = {},
): Promise<void> {
  for (const symbol of options.symbols ?? SYMBOLS) {
    for (const timeframe of TIMEFRAMES) {
      const window = targetWindow(timeframe, options.target ?? 100, now);
      const cached = await cache.readExchangeCandles(
        exchangeId,
        { symbol, timeframe },
        {
          from: window.from,
          to: window.to - 1,
        },
      );
      const expected = history.bars({ symbol, timeframe }, window).map(ohlcv);
      expect({ timeframe, bars: cached.map(ohlcv) }).toEqual({ timeframe, bars: expected });
    }
  }
}

async function dropBar(symbol: string, timeframe: Timeframe, barsAgo: number): Promise<number> {
  const openTime = targetWindow(timeframe, barsAgo, now).from;
  await redis.zremrangebyscore(exchangeCandleKey(exchangeId, symbol, timeframe), openTime, openTime);
  return openTime;
}

describe('WARM-04: a cold warmup', () => {
  test('fills every series with what the venue has, at half the requests of one for each pair', async () => {
    const history = historyWith();
    const report = await warmupWith(history).run();
    expect(report.status).toBe('complete');
    expect(history.pages).toHaveLength(PAIRS / 2);
    expect(report.stats).toMatchObject({
      requestsPlanned: PAIRS / 2,
      requestsDone: PAIRS / 2,
      completedPairs: PAIRS,
      remainingPairs: 0,
      remainingSymbols: 0,
      percentComplete: 100,
      failures: [],
    });
    await expectComplete(history);
  });

  test('has the schedule in Redis before the first request, and says in it what will happen', async () => {
    let seen: Awaited<ReturnType<typeof readWarmupSchedule>>;
    let stats: Awaited<ReturnType<typeof readWarmupStats>>;
    const history = historyWith({
      interfere: async (_page, request) => {
        if (request > 1) return;
        seen = await readWarmupSchedule(redis, exchangeId);
        stats = await readWarmupStats(redis, exchangeId);
      },
    });
    const report = await warmupWith(history, { concurrency: 1 }).run();
    expect(seen).toMatchObject({
      exchangeId,
      runId: report.runId,
      totalPairs: PAIRS,
      sufficientPairs: 0,
      needsFetching: PAIRS,
      requests: PAIRS / 2,
      naiveRequests: PAIRS,
      weight: PAIRS,
    });
    expect(seen?.entries).toHaveLength(PAIRS);
    expect(seen?.entries[0]).toMatchObject({
      symbol: 'AAA',
      timeframe: '1d',
      cachedCount: 0,
      targetCount: 100,
      reason: 'empty',
      missingCandles: 100,
      fill: 'derive',
      derivedFrom: '4h',
    });
    expect(seen?.entries.at(-1)).toMatchObject({ symbol: 'CCCCC', timeframe: '1m', fill: 'fetch' });
    expect(stats).toMatchObject({ runId: report.runId, status: 'executing', requestsDone: 0 });
  });

  test('keeps as many requests in flight as it may, and no more', async () => {
    const history = historyWith({ latency: { clock: systemClock, ms: 5 } });
    await warmupWith(history, { concurrency: 4 }).run();
    expect(history.mostInFlight).toBe(4);
  });

  test('asks for every timeframe natively where deriving would not be exact, or is switched off', async () => {
    const provisional = historyWith();
    const protocol = { ...binanceProtocol, derivation: 'provisional' as const };
    expect((await warmupWith(provisional, { protocol }).run()).candlesDerived).toBe(0);
    expect(provisional.pages).toHaveLength(PAIRS);
    exchangeId = freshExchangeId();
    const plain = historyWith();
    expect((await warmupWith(plain, { derive: false }).run()).status).toBe('complete');
    expect(plain.pages).toHaveLength(PAIRS);
    await expectComplete(plain);
  });

  test('derives where that only stands in for the venue’s own, when told to', async () => {
    const protocol = { ...binanceProtocol, derivation: 'provisional' as const };
    const history = historyWith();
    const report = await warmupWith(history, { protocol, derive: true }).run();
    expect(report.status).toBe('complete');
    expect(report.candlesDerived).toBeGreaterThan(0);
    expect(history.pages).toHaveLength(PAIRS / 2);
  });

  test('previews the same plan without asking the venue or writing anything', async () => {
    const history = historyWith();
    const { schedule } = await warmupWith(history).plan();
    expect(schedule.requests).toBe(PAIRS / 2);
    expect(history.pages).toEqual([]);
    expect(await readWarmupSchedule(redis, exchangeId)).toBeUndefined();
  });
});

describe('a warm restart', () => {
  test('asks for nothing when every series is complete', async () => {
    await warmupWith(historyWith()).run();
    const again = historyWith();
    const report = await warmupWith(again).run();
    expect(again.pages).toEqual([]);
    expect(report).toMatchObject({ status: 'complete', stats: { percentComplete: 100, requestsPlanned: 0 } });
  });

  test('after half an hour away asks once for each symbol, and names the reason', async () => {
    await warmupWith(historyWith()).run();
    now += 30 * 60_000;
    const again = historyWith();
    const report = await warmupWith(again).run();
    expect(report.status).toBe('complete');
    expect(again.pages).toHaveLength(SYMBOLS.length);
    expect(again.pages.every((page) => page.timeframe === '1m')).toBe(true);
    const schedule = await readWarmupSchedule(redis, exchangeId);
    expect(new Set(schedule?.entries.map((entry) => entry.reason))).toEqual(new Set(['stale']));
    await expectComplete(again);
  });

  test('sixty candles of last week are stale, sixty with a hole have a gap, and only what is missing is asked for', async () => {
    const history = historyWith();
    await warmupWith(history).run();
    const hole = await dropBar('AAA', '1m', 30);
    await redis.del(exchangeCandleKey(exchangeId, 'BBBB', '1m'));
    const window = targetWindow('1m', 60, now - 7 * 86_400_000);
    await cache.writeExchangeCandles(
      exchangeId,
      { symbol: 'BBBB', timeframe: '1m' },
      history.bars({ symbol: 'BBBB', timeframe: '1m' }, window),
    );
    const again = historyWith();
    await warmupWith(again).run();
    const schedule = await readWarmupSchedule(redis, exchangeId);
    expect(schedule?.entries.map(({ symbol, cachedCount, reason }) => [symbol, reason, cachedCount])).toEqual(
      [
        // Deriving 5m took 500 and a few: the hole leaves all but one.
        ['AAA', 'gap', expect.any(Number)],
        ['BBBB', 'stale', 60],
      ],
    );
    expect(again.pages[0]).toEqual({ symbol: 'AAA', timeframe: '1m', from: hole, to: hole + 60_000 });
    expect(again.pages).toHaveLength(2);
    await expectComplete(again);
  });

  test('a bar left unfinished by a crash counts as missing', async () => {
    const history = historyWith();
    await warmupWith(history).run();
    const openTime = await dropBar('AAA', '1m', 3);
    const [bar] = history.bars({ symbol: 'AAA', timeframe: '1m' }, { from: openTime, to: openTime + 60_000 });
    const partial = { ...must(bar, 'closed'), sequenceNum: (openTime + 20_000) * 1000, volume: 0.25 };
    await cache.writeExchangeCandles(exchangeId, { symbol: 'AAA', timeframe: '1m' }, [partial]);
    const again = historyWith();
    await warmupWith(again).run();
    expect(again.pages).toHaveLength(1);
    await expectComplete(again);
  });

  test('sixty fresh candles without a hole are enough for the usual target, not for a deeper one', async () => {
    const history = historyWith();
    const series = { symbol: 'AAA', timeframe: '1h' } as const;
    await cache.writeExchangeCandles(exchangeId, series, history.bars(series, targetWindow('1h', 60, now)));
    const only = { symbols: ['AAA'], timeframes: ['1h'] as const };
    expect((await warmupWith(history, only).run()).status).toBe('complete');
    expect(history.pages).toEqual([]);
    await warmupWith(history, { ...only, target: 150 }).run();
    expect(history.pages).toHaveLength(1);
    expect(await readWarmupSchedule(redis, exchangeId)).toMatchObject({
      entries: [{ reason: 'low-count', missingCandles: 90, cachedCount: 60, targetCount: 150 }],
    });
  });
});

describe('bars the venue does not have', () => {
  test('a symbol listed an hour ago is complete with what there is and is not asked for again', async () => {
    const listedSince = { NEW: NOW - 3_600_000 - 30_000 };
    const first = historyWith({ listedSince });
    const symbols = ['NEW'];
    expect((await warmupWith(first, { symbols }).run()).status).toBe('complete');
    await expectComplete(first, { symbols });
    now += 90_000;
    const again = historyWith({ listedSince });
    expect((await warmupWith(again, { symbols }).run()).status).toBe('complete');
    expect(again.pages).toHaveLength(1);
    expect(again.pages[0]?.timeframe).toBe('1m');
  });

  test('longer bars are asked for, not derived, where the history of shorter ones begins too late', async () => {
    const history = historyWith({ keptSince: { '1m': NOW - 3 * 3_600_000 - 90_000 } });
    expect((await warmupWith(history).run()).status).toBe('complete');
    await expectComplete(history);
  });

  test('an outage of the venue stays missing, in every timeframe, and is not asked for again', async () => {
    const outage = { from: NOW - 30_000 - 5 * 3_600_000, to: NOW - 30_000 - 2 * 3_600_000 };
    const history = historyWith({ outage });
    expect((await warmupWith(history).run()).status).toBe('complete');
    await expectComplete(history);
    const reader = new CoverageReader({ exchangeId, cache, absences });
    const [coverage] = await reader.read(
      [{ series: { symbol: 'AAA', timeframe: '5m' }, window: targetWindow('5m', 100, now) }],
      now,
    );
    expect(coverage).toMatchObject({ isComplete: false, isFilled: true });
    expect(coverage?.missing.every((range) => range.why === 'absent-at-venue')).toBe(true);
    const again = historyWith({ outage });
    await warmupWith(again).run();
    expect(again.pages).toEqual([]);
  });
});

describe('when it is killed', () => {
  test.each([1, 2, 4, 7])('during request %i, the next run does only the rest', async (fatal) => {
    const kill = new AbortController();
    const first = historyWith({
      interfere: (_page, request) => {
        if (request === fatal) kill.abort(new Error('killed'));
      },
    });
    const report = await warmupWith(first, { concurrency: 2 }).run(kill.signal);
    expect(report.status).toBe('stopped');
    expect(await readWarmupStats(redis, exchangeId)).toMatchObject({ status: 'stopped' });
    const again = historyWith();
    expect((await warmupWith(again).run()).status).toBe('complete');
    const stored = first.pages.length - first.mostInFlight;
    expect(again.pages.length).toBeLessThanOrEqual(PAIRS / 2 - stored);
    await expectComplete(again);
  });
  test('at any write, without a word: the next run asks for nothing that was stored', async () => {
    for (const lived of [0, 1, 5, PAIRS / 2, PAIRS / 2 + 3, PAIRS]) {
      exchangeId = freshExchangeId();
      let writes = 0;
      const stored: string[] = [];
      const gone: HistorySink = {
        ...sink,
        writeHistory: async (series, candles) => {
          writes += 1;
          // A killed process answers nobody: what waits for it waits for ever.
          if (writes > lived) return new Promise(() => undefined);
          const outcomes = await cache.writeExchangeCandles(exchangeId, series, candles);
          if (candles[0]?.source !== 'derived') stored.push(`${series.symbol} ${series.timeframe}`);
          return outcomes;
        },
      };
      const first = historyWith({ sink: gone });
      void warmupWith(first, { sink: gone }).run();
      await expect.poll(() => Math.min(writes, PAIRS)).toBeGreaterThanOrEqual(Math.min(lived + 1, PAIRS));
      const again = historyWith();
      const report = await warmupWith(again).run();
      expect(report.status).toBe('complete');
      const twice = again.pages.filter((page) => stored.includes(`${page.symbol} ${page.timeframe}`));
      expect(twice).toEqual([]);
      expect(again.pages).toHaveLength(PAIRS / 2 - stored.length);
      await expectComplete(again);
    }
  });
});

describe('failures', () => {
  test('a page that fails once is made good in the second pass', async () => {
    const history = historyWith({
      interfere: (page, request) => {
        if (request <= 3 && page.symbol === 'AAA') throw new UnavailableError('the venue is down');
      },
    });
    const progress: WarmupStats[] = [];
    const report = await warmupWith(history, {
      concurrency: 3,
      onProgress: (stats) => progress.push(stats),
    }).run();
    expect(report).toMatchObject({ status: 'complete', stats: { failures: [], failedPairs: 0 } });
    expect(report.stats.requestsDone).toBe(report.stats.requestsPlanned);
    await expectComplete(history);
  });

  test('a page that keeps failing is recorded, and the rest goes on', async () => {
    const history = historyWith({
      interfere: (page) => {
        if (page.symbol === 'BBBB' && page.timeframe === '15m') throw new UnavailableError('no 15m today');
      },
    });
    const report = await warmupWith(history).run();
    expect(report.status).toBe('incomplete');
    expect(report.stats.failures.map(({ symbol, code, message }) => [symbol, code, message])).toContainEqual([
      'BBBB',
      'EXCHANGE_UNAVAILABLE',
      'no 15m today',
    ]);
    expect(report.stats.failures.every((failure) => failure.symbol === 'BBBB')).toBe(true);
    expect(report.stats.percentComplete).toBeLessThan(100);
    await expectComplete(history, { symbols: ['AAA', 'CCCCC'] });
  });

  test('an unknown symbol is asked about once and fails alone', async () => {
    const history = historyWith({
      interfere: (page) => {
        if (page.symbol === 'BBBB') throw new UnknownSymbolError('BBBB is not listed');
      },
    });
    const report = await warmupWith(history, { concurrency: 1 }).run();
    expect(report.status).toBe('incomplete');
    expect(report.stats.failedPairs).toBe(TIMEFRAMES.length);
    expect(history.pages.filter((page) => page.symbol === 'BBBB')).toHaveLength(1);
    expect(report.stats.remainingPairs).toBe(0);
  });

  test.each([
    ['a ban', new BannedError('imaginary', NOW + 60_000), 'EXCHANGE_BANNED'],
    ['a refused location', new BlockedError('not from where you are'), 'EXCHANGE_BLOCKED'],
    [
      'a Redis that is full',
      new Error("OOM command not allowed when used memory > 'maxmemory'."),
      'UNEXPECTED',
    ],
  ])('%s stops the run with an honest state and message', async (_name, error, code) => {
    const history = historyWith({
      interfere: (_page, request) => {
        if (request === 3) throw error;
      },
    });
    const report = await warmupWith(history, { concurrency: 2 }).run();
    expect(report).toMatchObject({ status: 'error', cause: error });
    expect(await readWarmupStats(redis, exchangeId)).toMatchObject({
      status: 'error',
      error: { code, message: error.message },
    });
    expect(history.pages.length).toBeLessThanOrEqual(4);
    expect(history.inFlight).toBe(0);
  });

  test('what could not be derived is asked of the venue', async () => {
    const history = historyWith();
    const lossy: HistorySink = {
      ...sink,
      writeHistory: (series, candles) => {
        const kept = series.timeframe === '1h' ? candles.slice(30) : candles;
        return cache.writeExchangeCandles(exchangeId, series, kept);
      },
    };
    const loader = historyWith({ sink: lossy });
    const report = await warmupWith(loader, { symbols: ['AAA'], target: 20 }).run();
    expect(report.status).toBe('complete');
    expect(loader.pages.filter((page) => page.timeframe === '1d')).toHaveLength(1);
    expect(report.stats.requestsPlanned).toBe(loader.pages.length);
    await expectComplete(history, { symbols: ['AAA'], target: 20 });
  });
});

describe('WARM-05: the stats', () => {
  test('are written before the first request, advance without ever falling, and end what they began', async () => {
    const seen: WarmupStats[] = [];
    let first: WarmupStats | undefined;
    const history = historyWith({
      latency: { clock: systemClock, ms: 2 },
      interfere: async () => {
        first ??= await readWarmupStats(redis, exchangeId);
      },
    });
    const report = await warmupWith(history, {
      concurrency: 2,
      onProgress: (stats) => seen.push(stats),
    }).run();
    expect(first).toMatchObject({ status: 'executing', totalPairs: PAIRS });
    expect(seen[0]?.status).toBe('scanning');
    expect(seen.at(-1)).toEqual(report.stats);
    const percents = seen.map((stats) => stats.percentComplete);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(await readWarmupStats(redis, exchangeId)).toEqual(report.stats);
    expect(report.stats).toMatchObject({ status: 'complete', percentComplete: 100 });
    expect(report.stats.currentSymbol).toBeUndefined();
  });

  test('end in an error state when the scan itself fails', async () => {
    const broken = { ...redisMethods(redis), zcard: () => Promise.reject(new Error('READONLY')) };
    const report = await warmupWith(historyWith(), { redis: broken }).run();
    expect(report.status).toBe('error');
    expect(await readWarmupStats(redis, exchangeId)).toMatchObject({
      status: 'error',
      error: { message: 'READONLY' },
    });
  });
});

/** The commands a warmup uses, so that one of them can be replaced. */
function redisMethods(client: Redis): WarmupOptions['redis'] {
  return {
    eval: client.eval.bind(client),
    evalsha: client.evalsha.bind(client),
    expire: client.expire.bind(client),
    set: client.set.bind(client),
    zadd: client.zadd.bind(client),
    zcard: client.zcard.bind(client),
    zrangebyscore: client.zrangebyscore.bind(client),
    zrangebyscoreBuffer: client.zrangebyscoreBuffer.bind(client),
    zrangeBuffer: client.zrangeBuffer.bind(client),
    zrem: client.zrem.bind(client),
    zremrangebyrank: client.zremrangebyrank.bind(client),
  };
}

test('waits until a bar that has just closed can be asked for, so that none falls between history and stream', async () => {
  now = Date.UTC(2026, 2, 11, 13, 37, 0, 400);
  const slept: number[] = [];
  const clock = {
    ...systemClock,
    sleep: (ms: number) => {
      slept.push(ms);
      now += ms;
      return Promise.resolve();
    },
  };
  const history = historyWith();
  const only = { symbols: ['AAA'], timeframes: ['1m'] as const, clock };
  await warmupWith(history, only).run();
  expect(slept).toEqual([1600]);
  const end = history.pages[0]?.to;
  expect(end).toBe(Date.UTC(2026, 2, 11, 13, 37));
  expect(timeframeMs('1m') * 100).toBe((end ?? 0) - (history.pages[0]?.from ?? 0));
});

const planned = async (over: Partial<WarmupOptions> = {}) => {
  const { schedule } = await warmupWith(historyWith(), over).plan();
  return schedule.etaMs ?? 0;
};

describe('the estimate before a run', () => {
  const MANY = Array.from({ length: 40 }, (_, at) => `S${at}`);

  test('contains the wait for bars that closed a moment ago', async () => {
    const settleMs = 3_000;
    const { rest } = binanceProtocol;
    const protocol = { ...binanceProtocol, rest: { ...rest, limits: { ...rest.limits, settleMs } } };
    const later = await planned({ protocol });
    now = Math.floor(NOW / 60_000) * 60_000 + 1_000;
    expect((await planned({ protocol })) - later).toBeCloseTo(settleMs - 1_000, -2);
  });

  test('is a round trip and what the machine needs for all candles, where that is more than the venue asks for', async () => {
    const roundTripMs = 500;
    const limit = { weight: 6_000, perMs: 60_000, window: 'fixed', reserve: 0 } as const;
    const over = { symbols: MANY, budget: () => ({ limit, used: 0, countedShare: 1, roundTripMs }) };
    const { plan } = await warmupWith(historyWith(), over).plan();
    expect(plan.cost.candles).toBeGreaterThan(40 * 1_000);
    expect(await planned({ ...over, candleMs: 1 })).toBe(roundTripMs + plan.cost.candles);
    expect(await planned({ ...over, candleMs: 0 })).toBeLessThan(5 * roundTripMs);
  });

  test('counts what the machine needs also while it runs, before any symbol is done', async () => {
    const told: WarmupStats[] = [];
    // Each look at this clock is late enough for the next stats to be written.
    let at = NOW;
    const clock = { ...systemClock, now: () => (at += 10_000) };
    const onProgress = (stats: WarmupStats) => told.push(stats);
    const over = { symbols: MANY, candleMs: 1, clock, onProgress };
    const { plan, schedule } = await warmupWith(historyWith(), over).plan();
    // A page comes when Redis has what was told before.
    const interfere = async () => void (await redis.ping(`${told.length}`));
    await warmupWith(historyWith({ interfere }), over).run();
    const first = told.find((stats) => stats.requestsDone > 0 && stats.etaMs !== schedule.etaMs);
    expect(first?.remainingSymbols).toBe(MANY.length);
    expect(first?.etaMs).toBeGreaterThan(plan.cost.candles / 2);
    expect(first?.etaMs).toBeLessThanOrEqual(plan.cost.candles);
  });

  test('counts a charge for what the venue makes of it', async () => {
    const limit = { weight: 20, perMs: 60_000, window: 'fixed', reserve: 0 } as const;
    const symbols = Array.from({ length: 20 }, (_, at) => `S${at}`);
    const byShare = (countedShare: number) =>
      planned({ symbols, budget: () => ({ limit, used: 0, countedShare }) });
    expect((await byShare(0.5)) / (await byShare(1))).toBeCloseTo(0.5, 1);
  });

  test('is nothing where nothing is to be fetched', async () => {
    const history = historyWith();
    await warmupWith(history).run();
    expect((await warmupWith(history).plan()).schedule.etaMs).toBe(0);
  });
});
