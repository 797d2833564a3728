import { AbsenceStore, CandleCacheStrategy, createRedis } from '@livermore/cache';
import { freshExchangeId } from '@livermore/cache/testing';
import { isClosed, timeframeMs } from '@livermore/schemas';
import { ManualClock, seededRandom } from '@livermore/utils';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { FAKE_EXCHANGE, FakeRestVenue, fakePrice, fakeRest } from '../testing/fake-rest-venue';
import { HistoryLoader } from './page-loader';
import { createRestRuntime } from './rest-runtime';

const LIMIT = { weight: 100, perMs: 60_000, window: 'fixed', reserve: 0 } as const;
const STEP = timeframeMs('1m');
const START = 1_700_000_045_000;
const series = { symbol: 'ABC', timeframe: '1m' } as const;
/** Twenty bars, the last of which is forming. */
const page = { ...series, from: START - 5_000 - 19 * STEP, to: START - 5_000 + STEP };
const ofPage = { from: page.from, to: page.to - 1 };
const timeOf = (bar: number) => page.from + bar * STEP;

describe('a page on its way from the venue into a real Redis', () => {
  let redis: Redis;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
  });

  afterAll(async () => {
    await redis.quit();
  });

  function setUp(has: (openTime: number) => boolean, emptyBuckets: 'flat' | 'omitted') {
    const clock = new ManualClock(START);
    const venue = new FakeRestVenue({ clock, limit: LIMIT, has, uplinkMs: 0, downlinkMs: 0 });
    const exchange = { ...FAKE_EXCHANGE, id: freshExchangeId() };
    const protocol = { rest: fakeRest(LIMIT), emptyBuckets };
    const { source } = createRestRuntime({
      exchange,
      protocol,
      get: venue.get,
      clock,
      random: seededRandom(1),
    });
    const cache = new CandleCacheStrategy(redis);
    const absences = new AbsenceStore(redis);
    const sink = {
      writeHistory: cache.writeExchangeCandles.bind(cache, exchange.id),
    };
    const loader = new HistoryLoader({ exchange, protocol, source, sink, cache, absences });
    const options = { lane: 'warmup', signal: new AbortController().signal, announce: false } as const;
    return {
      exchange,
      venue,
      clock,
      cache,
      absences,
      load: () => loader.load(page, options),
      cached: () => cache.readExchangeCandles(exchange.id, series),
    };
  }

  it('stores every bar, the forming one as forming, and loading it again changes nothing', async () => {
    const { load, cached, clock } = setUp(() => true, 'flat');
    expect(await load()).toMatchObject({ rows: 20, written: 20, corrected: 0, absent: [], unsettled: [] });
    const bars = await cached();
    expect(bars.map((bar) => bar.close)).toEqual(bars.map((bar) => fakePrice(bar.timestamp)));
    expect(bars.map((bar) => isClosed(bar))).toEqual(bars.map((_, at) => at < 19));
    clock.jump(1_000);
    expect(await load()).toMatchObject({ written: 20, corrected: 0 });
  });

  it('keeps flat bars for quiet buckets, and a trade that comes to light later replaces one', async () => {
    let lost: readonly number[] = [timeOf(5), timeOf(9)];
    const { load, cached } = setUp((openTime) => !lost.includes(openTime), 'omitted');
    expect(await load()).toMatchObject({ rows: 18, noTrades: 2, absent: [] });
    expect((await cached())[5]).toMatchObject({
      close: fakePrice(timeOf(4)),
      volume: 0,
      source: 'no-trades',
    });
    lost = [timeOf(9)];
    expect(await load()).toMatchObject({ rows: 19, corrected: 1 });
    expect((await cached())[5]).toMatchObject({ close: fakePrice(timeOf(5)), volume: 1, source: 'rest' });
  });

  it('remembers a hole in the venue’s history, and forgets it when the venue fills it', async () => {
    let hole: readonly number[] = [timeOf(5), timeOf(6)];
    const { load, cached, exchange, absences } = setUp((openTime) => !hole.includes(openTime), 'flat');
    expect(await load()).toMatchObject({ absent: hole });
    expect(await absences.read(exchange.id, series, ofPage)).toEqual(hole);
    expect(await cached()).toHaveLength(18);
    hole = [timeOf(6)];
    expect(await load()).toMatchObject({ absent: hole });
    expect(await absences.read(exchange.id, series, ofPage)).toEqual(hole);
    expect(await cached()).toHaveLength(19);
  });
});
