import type { QualityCounts, WriteOutcome } from '@livermore/cache';
import { closeAsOf } from '@livermore/schemas';
import type { Series, SourcedCandle, Timeframe } from '@livermore/schemas';
import { ManualClock, silentLogger } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { QualityKeeper } from './quality-keeper';
import { someOutcome } from './testing/outcomes';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const NOON = Date.UTC(2026, 2, 11, 12);
const MINUTES: Series = { symbol: 'AAA', timeframe: '1m' };
const FIVES: Series = { symbol: 'AAA', timeframe: '5m' };

/** A keeper half a minute before noon, and what it has kept, by day and timeframe. */
function keeping(series: readonly Series[] = [MINUTES]) {
  const clock = new ManualClock(NOON - 30_000);
  const kept = new Map<string, Record<string, number>>();
  let trouble: Error | undefined;
  let refused: readonly Error[] = [];
  let sleptMs = 0;
  const add = (_id: number, day: string, counts: ReadonlyMap<Timeframe, Partial<QualityCounts>>) => {
    if (trouble !== undefined) return Promise.reject(trouble);
    for (const [timeframe, of] of counts) {
      const sums = kept.get(`${day} ${timeframe}`) ?? {};
      for (const [name, by] of Object.entries(of)) sums[name] = (sums[name] ?? 0) + by;
      kept.set(`${day} ${timeframe}`, sums);
    }
    return Promise.resolve(refused);
  };
  const keeper = new QualityKeeper({
    exchangeId: 7,
    store: { add },
    series: () => series,
    venueTime: { now: () => clock.now() + sleptMs },
    clock,
    logger: silentLogger,
  });
  const of = async (timeframe: Timeframe = '1m', day = '2026-03-11') => {
    await keeper.flush();
    return kept.get(`${day} ${timeframe}`) ?? {};
  };
  const breaks = (error: Error | undefined) => {
    trouble = error;
  };
  const refuses = (...errors: readonly Error[]) => {
    refused = errors;
  };
  /** The machine sleeps: time passes and no timer fires. */
  const sleeps = (ms: number) => {
    sleptMs += ms;
  };
  return { clock, keeper, kept, of, breaks, refuses, sleeps };
}

/** A closed bar that opened at `openTime` (ms). */
function bar(openTime: number, over: Partial<SourcedCandle> = {}): SourcedCandle {
  const values = { open: 1, high: 1, low: 1, close: 1, volume: 1 };
  const timeframe = over.timeframe ?? '1m';
  const sequenceNum = closeAsOf(timeframe, openTime);
  const candle = { ...values, symbol: 'AAA', exchange: 'somewhere', timeframe, timestamp: openTime };
  return { ...candle, sequenceNum, source: 'stream', ...over };
}

describe('what is expected', () => {
  it('is a bar of each series whose boundary passed, and it is in time when it is there five seconds later', async () => {
    const { clock, keeper, of } = keeping();
    keeper.start();
    await clock.advance(30_000 + 4_000);
    keeper.note(bar(NOON - MINUTE_MS), someOutcome({ written: true }));
    await clock.advance(1_000);
    expect(await of()).toMatchObject({ expected: 1, inTime: 1 });
  });

  it('is not in time when it came later, and is not counted again when it does', async () => {
    const { clock, keeper, of } = keeping();
    keeper.start();
    await clock.advance(30_000 + 5_000);
    keeper.note(bar(NOON - MINUTE_MS), someOutcome({ written: true }));
    expect(await of()).toMatchObject({ expected: 1, inTime: 0 });
    await clock.advance(MINUTE_MS - 1_000);
    expect(await of()).toMatchObject({ expected: 1, inTime: 0 });
  });

  it('is not in time when a timer that is late finds it', async () => {
    const { clock, keeper, of, sleeps } = keeping();
    keeper.start();
    await clock.advance(30_000);
    sleeps(8_000);
    keeper.note(bar(NOON - MINUTE_MS), someOutcome({ written: true }));
    await clock.advance(5_000);
    expect(await of()).toMatchObject({ expected: 1, inTime: 0 });
  });

  it('is in time when it was there and a timer is late', async () => {
    const { clock, keeper, of, sleeps } = keeping();
    keeper.start();
    await clock.advance(31_000);
    keeper.note(bar(NOON - MINUTE_MS), someOutcome({ written: true }));
    sleeps(50_000);
    await clock.advance(4_000);
    expect(await of()).toMatchObject({ expected: 1, inTime: 1 });
  });

  it('is every bar that closed while the machine slept, and none of them in time', async () => {
    const { clock, keeper, of, sleeps } = keeping([MINUTES, FIVES]);
    keeper.start();
    await clock.advance(35_000);
    sleeps(10 * MINUTE_MS + 20_000);
    for (let at = 0; at < 10; at += 1)
      keeper.note(bar(NOON + at * MINUTE_MS), someOutcome({ written: true }));
    await clock.advance(MINUTE_MS);
    expect(await of('1m')).toMatchObject({ expected: 12, inTime: 0 });
    expect(await of('5m')).toMatchObject({ expected: 3 });
  });

  it('is no more than what closed within a day, however long the machine slept', async () => {
    const { clock, keeper, kept, sleeps } = keeping();
    keeper.start();
    sleeps(3 * DAY_MS);
    await clock.advance(MINUTE_MS);
    await keeper.flush();
    const expected = [...kept.values()].reduce((sum, each) => sum + (each['expected'] ?? 0), 0);
    expect(expected).toBe(1_440);
  });

  it('is of a longer bar only at its own boundary', async () => {
    const { clock, keeper, of } = keeping([MINUTES, FIVES]);
    keeper.start();
    await clock.advance(5 * MINUTE_MS + 35_000);
    expect(await of('1m')).toMatchObject({ expected: 6 });
    expect(await of('5m')).toMatchObject({ expected: 2 });
  });

  it('is nothing before the start and nothing after the stop', async () => {
    const { clock, keeper, kept } = keeping();
    await clock.advance(2 * MINUTE_MS);
    keeper.start();
    keeper.stop();
    await clock.advance(2 * MINUTE_MS);
    await keeper.flush();
    expect(kept.size).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a bar that is compared', () => {
  it.each<[string, Partial<WriteOutcome>, Partial<QualityCounts>]>([
    [
      'is settled as it was',
      { written: true, settled: true },
      { compared: 1, equal: 1, different: 0, corrected: 0 },
    ],
    [
      'is settled with other values',
      { written: true, settled: true, wasClosed: true, changed: true, corrected: true },
      { compared: 1, equal: 0, different: 1, corrected: 1 },
    ],
    [
      'is settled as it was since a first reading changed it',
      { written: true, settled: true, wasClosed: true, corrected: true },
      { compared: 1, equal: 0, different: 1, corrected: 0 },
    ],
    ['is read again', { agrees: true }, { compared: 0, equal: 0, different: 0, corrected: 0 }],
    ['is doubted', { doubted: true, changed: true }, { compared: 0, equal: 0, different: 0, corrected: 0 }],
    [
      'changes without being settled',
      { written: true, wasClosed: true, changed: true, corrected: true },
      { compared: 0, equal: 0, different: 0, corrected: 1 },
    ],
  ])('%s', async (_what, outcome, expected) => {
    const { keeper, of } = keeping();
    keeper.note(bar(NOON - MINUTE_MS, { source: 'rest' }), someOutcome({ changed: false, ...outcome }));
    expect(await of()).toMatchObject(expected);
  });
});

describe('a bar that became settled', () => {
  it('was right when first said, unless it was once closed with other values', async () => {
    const { keeper, of } = keeping();
    keeper.start();
    const settled = someOutcome({ written: true, settled: true });
    keeper.note(bar(NOON), settled);
    keeper.note(bar(NOON + MINUTE_MS), { ...settled, corrected: true });
    expect(await of()).toMatchObject({ settled: 2, rightFirst: 1 });
  });

  it('says nothing where it closed before anybody watched', async () => {
    const { keeper, of } = keeping();
    const settled = someOutcome({ written: true, settled: true });
    keeper.note(bar(NOON), settled);
    keeper.start();
    keeper.note(bar(NOON - 2 * MINUTE_MS), settled);
    expect(await of()).toMatchObject({ settled: 0, rightFirst: 0 });
  });
});

describe('a bar that was taken back', () => {
  const settled = someOutcome({ written: true, settled: true });

  it('was corrected, and what is settled in its place was not said first', async () => {
    const { keeper, of } = keeping();
    keeper.start();
    keeper.noteRetracted(bar(NOON, { source: 'no-trades' }));
    keeper.note(bar(NOON), settled);
    keeper.note(bar(NOON + MINUTE_MS), settled);
    expect(await of()).toMatchObject({ corrected: 1, settled: 2, rightFirst: 1 });
  });

  it('is remembered among ten thousand', async () => {
    const { keeper, of } = keeping();
    keeper.start();
    for (let at = 0; at <= 10_000; at += 1) keeper.noteRetracted(bar(NOON, { symbol: `S${at}` }));
    keeper.note(bar(NOON, { symbol: 'S0' }), settled);
    keeper.note(bar(NOON, { symbol: 'S1' }), settled);
    expect(await of()).toMatchObject({ corrected: 10_001, settled: 2, rightFirst: 1 });
  });
});

describe('counts', () => {
  const agreeing = someOutcome({ written: true, settled: true, changed: false });

  it('are kept every ten seconds, under the day a bar opened in, and at the end', async () => {
    const { clock, keeper, kept } = keeping();
    const abort = new AbortController();
    const run = keeper.run(abort.signal);
    keeper.note(bar(NOON - MINUTE_MS, { source: 'rest' }), agreeing);
    await clock.advance(10_000);
    expect(kept.get('2026-03-11 1m')).toMatchObject({ equal: 1 });
    keeper.note(bar(NOON - MINUTE_MS, { source: 'rest' }), agreeing);
    abort.abort();
    await run;
    expect(kept.get('2026-03-11 1m')).toMatchObject({ equal: 2 });
    expect(clock.pendingTimers).toBe(0);
  });

  it('are of days that are kept', async () => {
    const { keeper, kept } = keeping();
    for (const days of [89, 90]) keeper.note(bar(NOON - days * DAY_MS, { timeframe: '4h' }), agreeing);
    await keeper.flush();
    expect([...kept.keys()]).toEqual(['2025-12-12 4h']);
  });

  it('that Redis refuses are not added again with those it took', async () => {
    const { keeper, of, refuses } = keeping();
    keeper.note(bar(NOON - MINUTE_MS, { source: 'rest' }), agreeing);
    refuses(new Error('ERR hash value is not an integer'));
    expect(await of()).toMatchObject({ compared: 1 });
    expect(await of()).toMatchObject({ compared: 1 });
  });

  it('are counted on while they cannot be kept, and kept once', async () => {
    const { keeper, of, breaks, kept } = keeping();
    keeper.note(bar(NOON - MINUTE_MS, { source: 'rest' }), agreeing);
    breaks(new Error('Connection is closed.'));
    await keeper.flush();
    expect(kept.size).toBe(0);
    keeper.note(bar(NOON - MINUTE_MS, { source: 'rest' }), agreeing);
    breaks(undefined);
    expect(await of()).toMatchObject({ compared: 2, equal: 2 });
    expect(await of()).toMatchObject({ compared: 2, equal: 2 });
  });
});
