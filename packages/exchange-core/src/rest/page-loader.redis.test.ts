import { CorrectionLog, createRedis, exchangeCandleCloseChannel } from '@livermore/cache';
import { freshExchangeId } from '@livermore/cache/testing';
import { closeAsOf, isClosed, openTimeOf, timeframeMs } from '@livermore/schemas';
import type { SourcedCandle, Timeframe } from '@livermore/schemas';
import { seededRandom } from '@livermore/utils';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { LoadOptions } from '../ports';
import { fakePrice } from '../testing/fake-rest-venue';
import { historyBench } from '../testing/history-bench';
import type { HistoryBenchOptions } from '../testing/history-bench';

const STEP = timeframeMs('1m');
/** Five seconds into a minute. */
const START = openTimeOf('1h', 1_700_000_000_000) + 40 * STEP + 5_000;
const series = { symbol: 'ABC', timeframe: '1m' } as const;
/** Twenty bars, the last of which closed twenty minutes ago. */
const page = { ...series, from: START - 5_000 - 40 * STEP, to: START - 5_000 - 20 * STEP };
const ofPage = { from: page.from, to: page.to - 1 };
const timeOf = (bar: number) => page.from + bar * STEP;

function candle(timeframe: Timeframe, openTime: number, over: Partial<SourcedCandle>): SourcedCandle {
  const price = fakePrice(openTime);
  const values = { open: price, high: price, low: price, close: price, volume: 1 };
  const sequenceNum = closeAsOf(timeframe, openTime) + 700_000_000;
  return {
    ...values,
    symbol: 'ABC',
    timeframe,
    exchange: 'sandbox',
    timestamp: openTime,
    sequenceNum,
    source: 'rest',
    ...over,
  };
}

/** Everything announced of the series while `act` runs, as `label openTime`. */
async function announced(id: number, act: () => Promise<unknown>): Promise<string[]> {
  const listener = createRedis(inject('redisUrl'));
  const heard: string[] = [];
  listener.on('message', (_: string, text: string) => {
    const told: unknown = JSON.parse(text);
    if (typeof told !== 'object' || told === null || !('label' in told) || !('timestamp' in told)) return;
    heard.push(`${String(told.label)} ${(Number(told.timestamp) - page.from) / STEP}`);
  });
  await listener.subscribe(exchangeCandleCloseChannel(id, 'ABC', '1m'));
  await act();
  await listener.ping();
  await listener.quit();
  return heard;
}

describe('a page on its way from the venue into a real Redis', () => {
  let redis: Redis;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
  });

  afterAll(async () => {
    await redis.quit();
  });

  function setUp(given: Pick<HistoryBenchOptions, 'has' | 'emptyBuckets' | 'feed'> = {}) {
    const bench = historyBench({ redis, exchangeId: freshExchangeId(), startMs: START, ...given });
    const { id, clock, venue, cache, absences, looks, loader } = bench;
    const load = (options: Partial<LoadOptions> = {}, what = page) =>
      loader.load(what, { lane: 'warmup', signal: new AbortController().signal, ...options });
    const put = (bar: SourcedCandle, isLive = false) =>
      cache.writeExchangeCandle(id, bar, {
        now: clock.now(),
        ...(isLive ? { liveSince: bar.timestamp + STEP } : {}),
      });
    const cached = () => cache.readExchangeCandles(id, series, ofPage);
    const barAt = async (at: number) => (await cached()).find((each) => each.timestamp === timeOf(at));
    const absent = () => absences.read(id, series, ofPage);
    const looksNow = async () =>
      (await looks.due(id, clock.now() + 86_400_000)).map((look) => (look.openTime - page.from) / STEP);
    return { id, venue, clock, load, put, cached, bar: barAt, absent, looksNow, cache };
  }

  it('stores every bar, the forming one as forming; a second reading half a minute later settles the closed ones', async () => {
    const { load, cache, id, clock } = setUp({ emptyBuckets: 'flat' });
    const newest = { ...series, from: START - 5_000 - 19 * STEP, to: START - 5_000 + STEP };
    const first = await load({}, newest);
    expect(first).toMatchObject({ rows: 20, written: 20, corrected: 0, absent: [], unsettled: [] });
    const read = () => cache.readExchangeCandles(id, series, { from: newest.from, to: newest.to });
    const bars = await read();
    expect(bars.map((each) => each.close)).toEqual(bars.map((each) => fakePrice(each.timestamp)));
    expect(bars.map((each) => isClosed(each))).toEqual(bars.map((_, at) => at < 19));
    await clock.advance(31_000);
    const second = await load({}, newest);
    expect(second.corrected).toBe(0);
    expect(second.outcomes.map(({ outcome }) => outcome.agrees)).toEqual(bars.map((_, at) => at < 19));
    expect((await read()).map((each) => each.standing)).toEqual(
      bars.map((_, at) => (at < 19 ? 'settled' : undefined)),
    );
  });

  it('asks twice, minutes apart, before it says that the venue does not have a bar, and forgets it when it has', async () => {
    let hole: readonly number[] = [timeOf(5), timeOf(6)];
    for (const emptyBuckets of ['flat', 'omitted'] as const) {
      hole = [timeOf(5), timeOf(6)];
      const { load, absent, looksNow, cached, clock } = setUp({
        has: (at) => !hole.includes(at),
        emptyBuckets,
      });
      expect(await load()).toMatchObject({ absent: [], unsettled: hole });
      await clock.advance(119_000);
      expect(await load()).toMatchObject({ absent: [], unsettled: hole });
      expect(await absent()).toEqual([]);
      await clock.advance(1_000);
      expect(await load()).toMatchObject({ absent: hole, unsettled: [] });
      expect(await absent()).toEqual(hole);
      expect(await looksNow()).toEqual(expect.arrayContaining([5, 6]));
      expect(await cached()).toHaveLength(18);
      hole = [timeOf(6)];
      expect(await load()).toMatchObject({ absent: hole });
      expect(await absent()).toEqual(hole);
      expect(await cached()).toHaveLength(19);
    }
  });

  it('never makes an absence of two empty answers milliseconds apart, though the stream had shown the forming bar', async () => {
    const { load, put, absent, venue, clock } = setUp({ emptyBuckets: 'flat' });
    const forming = { ...series, from: START - 5_000 - STEP, to: START - 5_000 };
    await put(
      candle('1m', forming.from, { source: 'stream', sequenceNum: closeAsOf('1m', forming.from) - 1 }),
    );
    venue.answer = (request) =>
      request.url.includes('/bars') ? { status: 200, headers: {}, body: '[]' } : undefined;
    await load({ lane: 'repair' }, forming);
    await clock.advance(5);
    expect(await load({ lane: 'repair' }, forming)).toMatchObject({ absent: [], unsettled: [forming.from] });
    expect(await absent()).toEqual([]);
    venue.answer = undefined;
    expect(await load({ lane: 'repair' }, forming)).toMatchObject({ rows: 1, written: 1, unsettled: [] });
  });

  it('leaves a row that cannot be read unsettled, however often and however long it is asked for', async () => {
    const { load, venue, absent, clock, cached } = setUp();
    venue.answer = (request) => {
      if (!request.url.includes('/bars')) return undefined;
      const rows = Array.from({ length: 21 }, (_, at) => ({ t: timeOf(at), p: at === 7 ? 'none' : 5, v: 1 }));
      return { status: 200, headers: {}, body: JSON.stringify(rows) };
    };
    for (let round = 0; round < 3; round += 1) {
      const loading = load();
      await clock.advance(300_000);
      expect(await loading).toMatchObject({ rows: 19, absent: [], unsettled: [timeOf(7)] });
    }
    expect(await absent()).toEqual([]);
    expect(await cached()).toHaveLength(19);
  });

  it('says of no bar that it is quiet or absent while a row may be that of any', async () => {
    const { load, venue, absent, clock, cached } = setUp({
      feed: { quietDuring: () => true, heardDuring: () => false },
    });
    venue.answer = (request) => {
      if (!request.url.includes('/bars')) return undefined;
      const rows = Array.from({ length: 21 }, (_, at) => ({ t: at === 7 ? 'none' : timeOf(at), p: 5, v: 1 }));
      return { status: 200, headers: {}, body: JSON.stringify(rows.filter((_, at) => at !== 12)) };
    };
    for (let round = 0; round < 3; round += 1) {
      const loading = load();
      await clock.advance(300_000);
      expect(await loading).toMatchObject({ noTrades: 0, absent: [], unsettled: [timeOf(7), timeOf(12)] });
    }
    expect(await absent()).toEqual([]);
    expect(await cached()).toHaveLength(18);
  });

  it('keeps flat bars for what the feed saw to be quiet, surer with time, and lets a row replace one', async () => {
    let lost: readonly number[] = [timeOf(5), timeOf(9)];
    const feed = {
      quietDuring: (_: string, from: number) => [timeOf(5), timeOf(9)].includes(from),
      heardDuring: () => false,
    };
    const { load, bar, clock, looksNow } = setUp({ has: (at) => !lost.includes(at), feed });
    expect(await load()).toMatchObject({ rows: 18, noTrades: 2, absent: [], unsettled: [] });
    const flat = { close: fakePrice(timeOf(4)), volume: 0, source: 'no-trades' };
    expect(await bar(5)).toMatchObject(flat);
    expect((await bar(5))?.standing).toBeUndefined();
    expect(new Set(await looksNow())).toEqual(new Set([5, 9]));
    await clock.advance(1_000);
    expect(await load()).toMatchObject({ stillQuiet: lost });
    expect(await bar(5)).toMatchObject({ ...flat, standing: 'settled' });
    lost = [timeOf(9)];
    expect(await load()).toMatchObject({ rows: 19, corrected: 1 });
    expect(await bar(5)).toMatchObject({
      close: fakePrice(timeOf(5)),
      volume: 1,
      source: 'rest',
      corrected: true,
    });
    await clock.advance(86_400_000);
    await load();
    expect(await bar(9)).toMatchObject({ volume: 0, standing: 'final' });
  });

  it('takes a bar back that the venue does not serve for ten minutes and a longer bar has no room for', async () => {
    const lost = [timeOf(7), timeOf(12)];
    const { load, put, bar, absent, id, clock, looksNow } = setUp({ has: (at) => !lost.includes(at) });
    for (const at of lost) await put(candle('1m', at, { volume: 9 }), true);
    // The one is not in its longer bar, the other is.
    await put(candle('5m', timeOf(5), { volume: 4, standing: 'settled' }));
    await put(candle('5m', timeOf(10), { volume: 13, standing: 'settled' }));
    await load();
    await clock.advance(599_000);
    expect(await announced(id, () => load())).toEqual([]);
    expect(await bar(7)).toMatchObject({ volume: 9 });
    expect(await looksNow()).toContain(7);
    await clock.advance(1_000);
    expect(await announced(id, () => load())).toEqual(['retracted 7']);
    expect(await bar(7)).toBeUndefined();
    expect(await absent()).toEqual([timeOf(7)]);
    expect(await bar(12)).toMatchObject({ volume: 9 });
  });

  it('takes a quiet bar back when a longer bar refutes it, says so where it was told, and writes it in the log', async () => {
    const feed = { quietDuring: (_: string, from: number) => from === timeOf(7), heardDuring: () => false };
    const { load, put, bar, absent, id, cache } = setUp({ has: (at) => at !== timeOf(7), feed });
    await put(candle('1m', timeOf(2), {}), true);
    await load();
    expect(await bar(7)).toMatchObject({ source: 'no-trades' });
    await put(candle('5m', timeOf(5), { volume: 5, standing: 'settled' }));
    expect(await announced(id, () => load())).toEqual(['retracted 7']);
    expect(await bar(7)).toBeUndefined();
    expect(await absent()).toEqual([timeOf(7)]);
    const log: unknown[] = [];
    for await (const each of new CorrectionLog(redis).since(id, 0)) log.push(each);
    expect(log).toMatchObject([{ openTime: timeOf(7), old: { volume: 0 }, new: undefined }]);
    expect(await announced(id, () => load())).toEqual([]);
    expect(await cache.readExchangeCandles(id, series, ofPage)).toHaveLength(19);
  });

  it('A6: 30 % of the rows withheld for an hour: nothing is called quiet that traded', async () => {
    const random = seededRandom(7);
    const withheld = new Set(
      Array.from({ length: 20 }, (_, at) => timeOf(at)).filter(() => random.next() < 0.3),
    );
    let isLossy = true;
    const { load, put, cached, clock } = setUp({ has: (at) => !isLossy || !withheld.has(at) });
    for (const at of [0, 5, 10, 15]) await put(candle('5m', timeOf(at), { volume: 5, standing: 'settled' }));
    for (let round = 0; round < 12; round += 1) {
      await load();
      await clock.advance(300_000);
    }
    expect((await cached()).filter((each) => each.source === 'no-trades')).toEqual([]);
    isLossy = false;
    await load();
    expect((await cached()).map((each) => each.volume)).toEqual(Array.from({ length: 20 }, () => 1));
  });

  it('history is not news, a correction of what was told is', async () => {
    const { load, put, id } = setUp({ emptyBuckets: 'flat' });
    expect(await announced(id, () => load())).toEqual([]);
    const other = setUp({ emptyBuckets: 'flat' });
    await other.put(candle('1m', timeOf(4), { source: 'snapshot', volume: 0.5 }), true);
    expect(await announced(other.id, () => other.load())).toEqual([
      'correction 4',
      ...Array.from({ length: 15 }, (_, at) => `late ${at + 5}`),
    ]);
    await put(candle('1m', timeOf(3), { volume: 2 }));
    expect(await announced(id, () => load())).toEqual([]);
  });
});
