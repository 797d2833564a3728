import { CorrectionLog, createRedis } from '@livermore/cache';
import { freshExchangeId } from '@livermore/cache/testing';
import { closeAsOf, openTimeOf, timeframeMs } from '@livermore/schemas';
import type { SourcedCandle } from '@livermore/schemas';
import { silentLogger } from '@livermore/utils';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { fakePrice, fakeRest } from '../testing/fake-rest-venue';
import { historyBench } from '../testing/history-bench';
import type { HistoryBenchOptions } from '../testing/history-bench';
import { GapRepairer } from './gap-repairer';
import type { RepairRequest } from './gap-repairer';
import { Looks } from './looks';

const STEP = timeframeMs('1m');
const SERIES = { symbol: 'ABC', timeframe: '1m' } as const;
/** Two seconds and a half after a close, when a boundary is fetched. */
const START = openTimeOf('1h', 1_700_000_000_000) + 40 * STEP + 2_500;
const NEWEST = START - 2_500 - STEP;
const ROUND_MS = 5_000;

describe('what is noted to be read again, worked off over a real Redis', () => {
  let redis: Redis;

  beforeAll(() => {
    redis = createRedis(inject('redisUrl'));
  });

  afterAll(async () => {
    await redis.quit();
  });

  function setUp(given: Pick<HistoryBenchOptions, 'has' | 'emptyBuckets'> = {}) {
    const bench = historyBench({ redis, exchangeId: freshExchangeId(), startMs: START, ...given });
    const { id, clock, cache, loader, absences, looks: store } = bench;
    /** Everything between two kills: nothing but Redis outlives it. */
    const live = () => {
      const repairer: GapRepairer = new GapRepairer({
        loader,
        rest: fakeRest({ weight: 10_000, perMs: 60_000, window: 'fixed', reserve: 0 }),
        clock,
        venueTime: clock,
        logger: silentLogger,
        onReport: (report, reasons) => {
          if (reasons.includes('look')) settling.push(looks.done(report));
        },
      });
      const settling: Promise<void>[] = [];
      const looks = new Looks({
        exchangeId: id,
        store,
        absences,
        cache,
        series: () => [SERIES],
        repair: (request: RepairRequest) => repairer.request(request),
        venueTime: clock,
        clock,
        logger: silentLogger,
      });
      const run = async (ms: number) => {
        for (const end = clock.now() + ms; clock.now() < end;) {
          await clock.advance(ROUND_MS);
          await looks.round();
          await repairer.drain();
          await Promise.all(settling.splice(0));
        }
      };
      return { repairer, run };
    };
    const barAt = async (openTime: number) => {
      const [bar] = await cache.readExchangeCandles(id, SERIES, { from: openTime, to: openTime });
      return bar;
    };
    const fetchAt = (from: number, to: number) =>
      loader.load({ ...SERIES, from, to }, { lane: 'boundary', signal: new AbortController().signal });
    return { ...bench, live, barAt, fetchAt };
  }

  it('a bar that rests on one reading is settled within a minute and a half, also when killed every half minute', async () => {
    const { fetchAt, live, barAt, looks, id } = setUp({ emptyBuckets: 'flat' });
    await fetchAt(NEWEST, NEWEST + STEP);
    expect((await barAt(NEWEST))?.standing).toBeUndefined();
    for (let life = 0; life < 3; life += 1) {
      const { run, repairer } = live();
      await run(30_000);
      repairer.stop();
    }
    expect(await barAt(NEWEST)).toMatchObject({ standing: 'settled', close: fakePrice(NEWEST) });
    expect(await looks.count(id)).toBe(0);
  });

  it('a bar of the stream that a reading contradicts is replaced after a second one, once, and logged', async () => {
    const { fetchAt, live, barAt, looks, id, cache, clock } = setUp({ emptyBuckets: 'flat' });
    const price = fakePrice(NEWEST);
    const streamed: SourcedCandle = {
      ...SERIES,
      timestamp: NEWEST,
      exchange: 'sandbox',
      open: price,
      high: price,
      low: price,
      close: price,
      volume: 0.4,
      sequenceNum: closeAsOf('1m', NEWEST) + 300_000,
      source: 'stream',
    };
    await cache.writeExchangeCandle(id, streamed, { now: clock.now() });
    await fetchAt(NEWEST, NEWEST + STEP);
    expect(await barAt(NEWEST)).toMatchObject({ volume: 0.4 });
    await live().run(120_000);
    expect(await barAt(NEWEST)).toMatchObject({ volume: 1, standing: 'settled', corrected: true });
    expect(await new CorrectionLog(redis).count(id)).toBe(1);
    expect(await looks.count(id)).toBe(0);
  });

  it('a bar that is not served is asked for a second time, found absent, and found again when it comes back', async () => {
    const lost = NEWEST - 10 * STEP;
    let isLost = true;
    const { fetchAt, live, barAt, absences, looks, id } = setUp({ has: (at) => !(isLost && at === lost) });
    await fetchAt(lost - 5 * STEP, lost + 5 * STEP);
    const { run } = live();
    const absent = () => absences.read(id, SERIES, { from: lost, to: lost });
    await run(110_000);
    expect(await absent()).toEqual([]);
    await run(60_000);
    expect(await absent()).toEqual([lost]);
    isLost = false;
    await run(1_260_000);
    expect(await absent()).toEqual([]);
    expect(await barAt(lost)).toMatchObject({ close: fakePrice(lost) });
    await run(3_600_000);
    expect(await looks.count(id)).toBe(0);
  });

  it('a bar that stays absent is looked at once more, and then let go', async () => {
    const lost = NEWEST - 10 * STEP;
    const { fetchAt, live, absences, looks, id, venue } = setUp({ has: (at) => at !== lost });
    await fetchAt(lost - 5 * STEP, lost + 5 * STEP);
    await live().run(1_800_000);
    expect(await absences.read(id, SERIES, { from: lost, to: lost })).toEqual([lost]);
    expect(await looks.count(id)).toBe(0);
    const asked = venue.seen.length;
    await live().run(600_000);
    expect(venue.seen.length).toBe(asked);
  });
});
