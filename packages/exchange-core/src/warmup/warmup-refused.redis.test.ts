import {
  AbsenceStore,
  CandleCacheStrategy,
  LookStore,
  UnservedStore,
  createRedis,
  exchangeAbsenceKey,
  exchangeCandleKey,
  warmupScheduleKey,
  warmupStatsKey,
} from '@livermore/cache';
import { freshExchangeId } from '@livermore/cache/testing';
import { TIMEFRAMES } from '@livermore/schemas';
import { ManualClock, seededRandom, silentLogger } from '@livermore/utils';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { binanceProtocol } from '../protocol/binance/index';
import { HistoryLoader } from '../rest/page-loader';
import { createRestRuntime } from '../rest/rest-runtime';
import { FAKE_EXCHANGE, FakeRestVenue, fakeRest } from '../testing/fake-rest-venue';
import { silentSink } from '../testing/reports';
import type { WarmupReport } from './types';
import { Warmup } from './warmup';
import { readWarmupStats } from './warmup-store';

/** A whole warmup through the REST runtime, while the venue refuses: what the stats say, and what is asked again. */

const NOW = Date.UTC(2026, 2, 11, 13, 37, 30);
const LIMIT = { weight: 1000, perMs: 60_000, window: 'fixed', reserve: 0.05 } as const;
const SYMBOLS = ['AAA', 'BBB', 'CCC'];
const CANDLE_PAGES = 9;
let redis: Redis;
let exchangeId = 0;

beforeAll(() => {
  redis = createRedis(inject('redisUrl'));
});

afterEach(async () => {
  const series = SYMBOLS.flatMap((symbol) =>
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

function setUp() {
  exchangeId = freshExchangeId();
  const clock = new ManualClock(NOW);
  const venue = new FakeRestVenue({ clock, limit: LIMIT });
  const exchange = { ...FAKE_EXCHANGE, id: exchangeId };
  const rest = fakeRest(LIMIT, { candlesPerPage: 1000 });
  const protocol = { ...binanceProtocol, rest };
  const shared = { clock, random: seededRandom(1), logger: silentLogger };
  const runtime = createRestRuntime({ ...shared, exchange, protocol, get: venue.get });
  const cache = new CandleCacheStrategy(redis);
  const absences = new AbsenceStore(redis);
  const sink = silentSink(cache, exchangeId, () => runtime.time.now());
  const loader = new HistoryLoader({
    exchange,
    protocol,
    source: runtime.source,
    sink,
    cache,
    absences,
    unserved: new UnservedStore(redis),
    looks: new LookStore(redis),
  });
  const warmup = () =>
    new Warmup({
      ...shared,
      redis,
      exchangeId,
      exchangeName: exchange.name,
      symbols: SYMBOLS,
      protocol,
      venueTime: runtime.time,
      loader,
      sink,
      concurrency: 2,
    });
  /** Runs to the end while time goes on: a step, and whatever Redis has to say meanwhile. */
  const run = async (): Promise<WarmupReport> => {
    let report: WarmupReport | undefined;
    void warmup()
      .run()
      .then((ended) => (report = ended));
    for (let step = 0; step < 200_000 && report === undefined; step += 1) await clock.advance(20);
    if (report === undefined) throw new Error('the warmup did not end');
    return report;
  };
  const pages = () => venue.seen.filter(({ url }) => url.includes('/bars'));
  /** Answers the nth request for candles. */
  const onPage = (
    nth: number,
    answer: { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string },
  ) => {
    venue.answer = (request) => {
      if (!request.url.includes('/bars') || pages().length !== nth - 1) return undefined;
      return { headers: {}, body: '', ...answer };
    };
  };
  return { clock, venue, runtime, run, pages, onPage };
}

test('429 with Retry-After: nothing is sent until then, nothing fails, and every page is asked for once more at most', async () => {
  const { run, pages, onPage } = setUp();
  onPage(4, { status: 429, headers: { 'retry-after': '30' } });
  const report = await run();
  expect(report).toMatchObject({ status: 'complete', stats: { failures: [], requestsDone: CANDLE_PAGES } });
  expect(pages()).toHaveLength(CANDLE_PAGES + 1);
  const refusedAt = pages()[3]?.at ?? 0;
  const next = pages().find(({ at }) => at > refusedAt + 1000);
  expect(next?.at).toBeGreaterThanOrEqual(refusedAt + 30_000);
});

test('418: the run ends in an error that names the ban; the next one sends nothing before its end, then only the rest', async () => {
  const { run, pages, onPage, clock, venue, runtime } = setUp();
  onPage(4, { status: 418, headers: { 'retry-after': '600' } });
  const first = await run();
  expect(first.status).toBe('error');
  expect(await readWarmupStats(redis, exchangeId)).toMatchObject({
    status: 'error',
    error: { code: 'EXCHANGE_BANNED' },
  });
  const stored = pages().filter(({ status }) => status === 200).length;
  expect(stored).toBeGreaterThan(0);
  const asked = venue.seen.length;
  expect((await run()).stats.error?.code).toBe('EXCHANGE_BANNED');
  expect(venue.seen).toHaveLength(asked);
  await clock.advance((runtime.client.facts().bannedUntil ?? 0) - clock.now() + 1);
  venue.answer = undefined;
  const again = await run();
  expect(again).toMatchObject({ status: 'complete', stats: { percentComplete: 100, failures: [] } });
  expect(pages().filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(CANDLE_PAGES);
  expect(again.stats.requestsDone).toBeLessThan(CANDLE_PAGES);
});

test('451: the run ends at once, and says what helps', async () => {
  const { run, pages, onPage } = setUp();
  onPage(1, { status: 451, body: 'not from where you are' });
  expect((await run()).stats).toMatchObject({
    status: 'error',
    error: { code: 'EXCHANGE_BLOCKED', message: expect.stringContaining('use a host that serves it') },
  });
  expect(pages().length).toBeLessThanOrEqual(2);
});

test('429 for ever: each pair is named once with that outcome, and the run ends', async () => {
  const { run, venue } = setUp();
  venue.answer = (request) =>
    request.url.includes('/bars') ? { status: 429, headers: {}, body: '' } : undefined;
  const { status, stats } = await run();
  expect(status).toBe('incomplete');
  expect(stats.failures).toHaveLength(SYMBOLS.length * TIMEFRAMES.length);
  expect(new Set(stats.failures.map(({ code }) => code))).toEqual(new Set(['EXCHANGE_RATE_LIMITED']));
  expect(stats).toMatchObject({ percentComplete: 0, remainingPairs: 0, remainingSymbols: 0 });
});

test('a host that is gone for half a minute: the run waits for it with one request at a time, and loses nothing', async () => {
  const { run, venue, pages } = setUp();
  venue.answer = (request, at) => {
    const isGone = at > NOW + 1_000 && at < NOW + 30_000;
    return isGone && request.url.includes('/bars') ? 'cut' : undefined;
  };
  const report = await run();
  expect(report).toMatchObject({ status: 'complete', stats: { failures: [], percentComplete: 100 } });
  const cut = pages().filter(({ status }) => status === 0).length;
  expect(cut).toBeGreaterThan(0);
  expect(cut).toBeLessThan(15);
});

test('a host that is gone for good: the run ends within minutes, says so, and the next one goes on', async () => {
  const { run, venue, clock } = setUp();
  venue.answer = (request, at) =>
    at > NOW + 500 && request.url.includes('/bars') ? { status: 503, headers: {}, body: '' } : undefined;
  const { status, stats } = await run();
  expect(status).toBe('error');
  expect(stats.error).toMatchObject({
    code: 'EXCHANGE_UNAVAILABLE',
    message: expect.stringMatching(/has not answered for \d+ s \(HTTP 503\); the next request is sent at/),
  });
  expect(clock.now() - NOW).toBeLessThan(240_000);
  venue.answer = undefined;
  await clock.advance(60_000);
  expect(await run()).toMatchObject({ status: 'complete', stats: { percentComplete: 100 } });
});
