import { QualityStore, createRedis } from '@livermore/cache';
import { freshExchangeId, sourcedCandle } from '@livermore/cache/testing';
import { defaultExchange } from '@livermore/exchange-core';
import type { PageReport, RepairRequest } from '@livermore/exchange-core';
import { reportWith } from '@livermore/exchange-core/testing';
import { MICROS_PER_MS, closeTimeOf, timeframeMs } from '@livermore/schemas';
import type { Series, SourcedCandle } from '@livermore/schemas';
import { ManualClock, silentLogger, systemRandom } from '@livermore/utils';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { openHistory } from './history';
import { someOutcome } from './testing/outcomes';
import { Verification } from './verification';

const MINUTE_MS = 60_000;
const NOON = Date.UTC(2026, 2, 11, 12);
const MINUTES: Series = { symbol: 'AAAUSDT', timeframe: '1m' };
const FIVES: Series = { symbol: 'AAAUSDT', timeframe: '5m' };

let redis: ReturnType<typeof createRedis>;
let abort = new AbortController();

beforeAll(() => {
  redis = createRedis(inject('redisUrl'));
});
afterEach(() => {
  abort.abort();
  abort = new AbortController();
});
afterAll(async () => {
  await redis.quit();
});

function unasked(): Promise<never> {
  return Promise.reject(new Error('nothing is asked of the venue here'));
}

/** What makes bars of two series surer, started at noon, and what it asks for. */
function verifying() {
  const exchange = { ...defaultExchange('sandbox'), id: freshExchangeId() };
  const clock = new ManualClock(NOON);
  const shared = { exchange, redis, clock, logger: silentLogger };
  const history = openHistory({ ...shared, get: unasked, random: systemRandom });
  const asked: RepairRequest[] = [];
  const verification = new Verification({
    ...shared,
    history,
    timeframes: ['1m', '5m'],
    series: () => [MINUTES, FIVES],
    repair: (request) => void asked.push(request),
  });
  const stop = verification.start(abort.signal, { audits: false });
  /** Lets time pass, and every command that was sent meanwhile be answered. */
  const pass = async (ms: number) => {
    for (let at = 0; at < ms; at += 1_000) {
      await clock.advance(1_000);
      for (let trip = 0; trip < 8; trip += 1) await redis.ping();
    }
  };
  /** Writes a bar as the loader and the writer do, and tells of it. */
  const write = async (candle: SourcedCandle) => {
    const context = { now: clock.now(), cause: 'a test' };
    const outcome = await history.cache.writeExchangeCandle(exchange.id, candle, context);
    verification.note(candle, outcome);
    return outcome;
  };
  return { exchange, clock, history, asked, verification, stop, pass, write };
}

/** A bar as REST told it with a witness, `afterMs` after its close. */
function reading(series: Series, timestamp: number, afterMs: number, volume = 1): SourcedCandle {
  const sequenceNum = (closeTimeOf(series.timeframe, timestamp) + afterMs) * MICROS_PER_MS;
  return sourcedCandle({ ...series, timestamp, sequenceNum, source: 'rest', volume, exchange: 'sandbox' });
}

/** What loading the bar of an open time came to where the venue does not have it. */
function emptyReport(series: Series, openTime: number): PageReport {
  const { symbol, timeframe } = series;
  const page = { symbol, timeframe, from: openTime, to: openTime + timeframeMs(timeframe) };
  return reportWith(page, { answeredAt: NOON, newestAsked: openTime, absent: [openTime] });
}

describe('a bar that rests on one reading', () => {
  const openTime = NOON - MINUTE_MS;

  it('is read again when a second reading can settle it, and counted until one does', async () => {
    const { asked, verification, pass, write } = verifying();
    await write(reading(MINUTES, openTime, 0));
    await pass(20_000);
    expect(asked).toEqual([]);
    expect(verification.facts.unsettled).toBe(1);
    await pass(30_000);
    expect(asked).toEqual([{ series: MINUTES, from: openTime, to: NOON, reason: 'look', lane: 'repair' }]);
    expect(await write(reading(MINUTES, openTime, 50_000))).toMatchObject({ settled: true });
    await pass(10_000);
    expect(verification.facts.unsettled).toBe(0);
    expect(asked).toHaveLength(1);
  });

  it('is forgotten where its series is kept no longer', async () => {
    const { asked, history, exchange, pass } = verifying();
    await history.looks.add(exchange.id, { symbol: 'GONEUSDT', timeframe: '1m' }, [openTime], NOON);
    await pass(20_000);
    expect(asked).toEqual([]);
    expect(await history.looks.count(exchange.id)).toBe(0);
  });
});

describe('a verdict that was looked at again', () => {
  const openTime = NOON - 30 * MINUTE_MS;

  it.each([
    [['overdue', 'look'], 0],
    [['overdue'], 1],
  ])('that a repair for the reasons %s confirms leaves %d looks', async (reasons, left) => {
    const { asked, history, exchange, verification, pass } = verifying();
    await history.absences.add(exchange.id, MINUTES, [openTime]);
    await history.looks.add(exchange.id, MINUTES, [openTime], NOON);
    await pass(20_000);
    const [request] = asked;
    expect(request).toMatchObject({ series: MINUTES, from: openTime, reason: 'look' });
    verification.noteRepair(emptyReport(MINUTES, openTime), reasons);
    await pass(2_000);
    expect(await history.looks.count(exchange.id)).toBe(left);
  });
});

describe('a bar that contradicts its parts', () => {
  const openTime = NOON - 5 * MINUTE_MS;

  it('is read again with them at once, and counted until they agree', async () => {
    const { asked, verification, pass, write } = verifying();
    for (let at = 0; at < 5; at += 1) await write(reading(MINUTES, openTime + at * MINUTE_MS, 1_000));
    await write(reading(FIVES, openTime, 1_000, 3));
    await pass(20_000);
    const range = { from: openTime, to: NOON, reason: 'contradiction', lane: 'repair' };
    expect(asked).toEqual([
      { series: FIVES, ...range },
      { series: MINUTES, ...range },
    ]);
    expect(verification.facts.contradictions).toMatchObject({ open: 1, found: 1, venues: 0 });
    expect(await write(reading(FIVES, openTime, 25_000, 5))).toMatchObject({ changed: true, written: true });
    await pass(10_000);
    expect(verification.facts.contradictions).toMatchObject({ open: 0, oldestMs: 0, found: 1 });
  });

  it('is noticed when a part of it comes later', async () => {
    const { verification, pass, write } = verifying();
    for (let at = 0; at < 4; at += 1) await write(reading(MINUTES, openTime + at * MINUTE_MS, 1_000));
    await write(reading(FIVES, openTime, 1_000, 6));
    await pass(20_000);
    expect(verification.facts.contradictions.found).toBe(0);
    await write(reading(MINUTES, openTime + 4 * MINUTE_MS, 1_000));
    await pass(10_000);
    expect(verification.facts.contradictions.open).toBe(1);
  });

  it('is noticed when a part of it changes later', async () => {
    const { asked, verification, pass, write } = verifying();
    for (let at = 0; at < 5; at += 1) await write(reading(MINUTES, openTime + at * MINUTE_MS, 1_000));
    await write(reading(FIVES, openTime, 1_000, 5));
    await pass(20_000);
    expect(verification.facts.contradictions.found).toBe(0);
    await write(reading(MINUTES, openTime, 15_000 + 4 * MINUTE_MS, 2));
    await pass(10_000);
    expect(asked.map(({ reason }) => reason)).toContain('contradiction');
    expect(verification.facts.contradictions.open).toBe(1);
  });
});

describe('what is counted', () => {
  it('is kept in Redis under the day of the venue', async () => {
    const { exchange, verification, pass } = verifying();
    const candle = reading(MINUTES, NOON - MINUTE_MS, 40_000);
    verification.note(candle, someOutcome({ settled: true, agrees: true }));
    verification.note(candle, someOutcome({ settled: true, changed: true }));
    await pass(12_000);
    const kept = await new QualityStore(redis).read(exchange.id, '2026-03-11');
    expect(kept.get('1m')).toMatchObject({ compared: 2, equal: 1, different: 1 });
  });

  it('of the last closes, written after the end, is kept as well', async () => {
    const { exchange, verification, pass } = verifying();
    abort.abort();
    await pass(1_000);
    verification.note(
      reading(MINUTES, NOON - MINUTE_MS, 40_000),
      someOutcome({ settled: true, agrees: true }),
    );
    await verification.flush();
    const kept = await new QualityStore(redis).read(exchange.id, '2026-03-11');
    expect(kept.get('1m')).toMatchObject({ compared: 1, equal: 1 });
  });

  it('leaves no timer behind when all of it ends', async () => {
    const { clock, stop, pass } = verifying();
    await pass(7_000);
    abort.abort();
    stop();
    await pass(1_000);
    expect(clock.pendingTimers).toBe(0);
  });
});
