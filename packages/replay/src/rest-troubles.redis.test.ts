import { AbsenceStore } from '@livermore/cache';
import { freshExchangeId } from '@livermore/cache/testing';
import { CoverageReader } from '@livermore/exchange-core';
import type { ExchangeInstance } from '@livermore/instance';
import { TIMEFRAMES, openTimeOf, timeframeMs } from '@livermore/schemas';
import { SIMULATED_VENUES } from '@livermore/simulator';
import type { OrderedFault } from '@livermore/simulator';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { LiveBench } from './testing/live-bench';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const MIDNIGHT = Date.UTC(2026, 2, 11);
/** Bars of each series that are looked at. */
const BARS = 60;
/** A bar that closed less than this ago, ms, is on its way. */
const YOUNG_MS = 10_000;

let bench: LiveBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

type Venue = (typeof SIMULATED_VENUES)[number];

/** An exchange that was never started, shortly before midnight. */
function stopped(venue: Venue): LiveBench {
  bench = new LiveBench({
    venue,
    redisUrl: inject('redisUrl'),
    exchangeId: freshExchangeId(),
    startMs: MIDNIGHT - 4 * MINUTE_MS + 20_000,
  });
  return bench;
}

/** An exchange that has run for some minutes. */
async function running(venue: Venue): Promise<LiveBench> {
  const it = stopped(venue);
  await it.during(it.instance.start());
  await it.pass(MIDNIGHT - 2 * MINUTE_MS - it.clock.now());
  return it;
}

/** Bars that are neither in the cache nor judged. */
async function holes(it: LiveBench): Promise<number> {
  const now = it.clock.now();
  const absences = new AbsenceStore(it.redis);
  const reader = new CoverageReader({ exchangeId: it.exchange.id, cache: it.cache, absences });
  const queries = it.instance.symbols.flatMap((symbol) =>
    TIMEFRAMES.map((timeframe) => {
      const to = openTimeOf(timeframe, now - YOUNG_MS);
      return { series: { symbol, timeframe }, window: { from: to - BARS * timeframeMs(timeframe), to } };
    }),
  );
  const coverages = await reader.read(queries, now);
  return coverages.reduce((sum, { missing }, at) => {
    const step = timeframeMs(queries[at]?.series.timeframe ?? '1m');
    const open = missing.filter((range) => range.why === 'not-fetched');
    return sum + open.reduce((bars, { from, to }) => bars + (to - from) / step, 0);
  }, 0);
}

/** Seconds until no hole is left, looked at every ten; Infinity where some are left after `patienceMs`. */
async function secondsUntilWhole(it: LiveBench, patienceMs: number): Promise<number> {
  for (let waited = 0; waited <= patienceMs; waited += 10 * SECOND_MS) {
    if ((await holes(it)) === 0) return waited / SECOND_MS;
    await it.pass(10 * SECOND_MS);
  }
  return Infinity;
}

/** The stream is deaf for two minutes over midnight, and REST has a trouble of its own for most of them. */
async function deafWith(it: LiveBench, trouble: OrderedFault, lastsMs: number): Promise<void> {
  const heal = it.simulator.inject({ kind: 'refuse-connections' });
  it.simulator.inject({ kind: 'cut', midFrame: false });
  await it.pass(40 * SECOND_MS);
  const end = it.simulator.inject(trouble);
  await it.pass(90 * SECOND_MS);
  heal();
  await it.pass(lastsMs - 90 * SECOND_MS);
  end();
}

/** Kept down for three minutes, and started again with a trouble of REST's. */
async function restartedWith(
  it: LiveBench,
  trouble: OrderedFault,
  lastsMs: number,
): Promise<ExchangeInstance> {
  await it.during(it.instance.stop());
  await it.pass(3 * MINUTE_MS);
  const end = it.simulator.inject(trouble);
  const again = it.newInstance();
  void again.start();
  await it.pass(lastsMs);
  end();
  return again;
}

const TROUBLES: readonly (readonly [string, OrderedFault])[] = [
  ['empty lists with 200', { kind: 'rest-empty' }],
  ['bodies that cannot be read', { kind: 'rest-garbage' }],
  ['bodies that never end', { kind: 'rest-huge' }],
  ['silence', { kind: 'rest-hang' }],
  ['a refused location', { kind: 'rest-451' }],
];

describe.each(SIMULATED_VENUES.filter((venue) => venue !== 'binance_us'))('an exchange on %s', (venue) => {
  test.each(TROUBLES)('is whole within a minute after two of %s, with a deaf stream', async (_, trouble) => {
    const it = await running(venue);
    await deafWith(it, trouble, 2 * MINUTE_MS);
    expect(await holes(it)).toBeGreaterThan(0);
    expect(await secondsUntilWhole(it, 10 * MINUTE_MS)).toBeLessThanOrEqual(60);
    expect(it.instance.facts()).toMatchObject({ blocked: undefined, rest: { breaker: 'closed' } });
  });

  test.each(TROUBLES)('is whole within a minute after its start met one of %s', async (_, trouble) => {
    const it = await running(venue);
    const again = await restartedWith(it, trouble, MINUTE_MS);
    expect(await holes(it)).toBeGreaterThan(0);
    expect(await secondsUntilWhole(it, 15 * MINUTE_MS)).toBeLessThanOrEqual(60);
    await it.during(again.stop());
  });

  test('is whole minutes after a first start that met two of answers without a third of their rows', async () => {
    const it = stopped(venue);
    it.clock.setTimer(it.simulator.inject({ kind: 'rows-missing', share: 0.3 }), 2 * MINUTE_MS);
    void it.instance.start();
    await it.pass(2 * MINUTE_MS);
    expect(await holes(it)).toBeGreaterThan(50);
    expect(await secondsUntilWhole(it, 10 * MINUTE_MS)).toBeLessThanOrEqual(180);
  });

  test.each([
    ['429', { kind: 'rest-429', retryAfter: '86400000' }],
    ['503', { kind: 'rest-5xx', retryAfter: '1000000000' }],
  ] as const)(
    'asks again after ten minutes, whatever Retry-After a %s had, and says why',
    async (_, trouble) => {
      const it = await running(venue);
      await deafWith(it, trouble, 2 * MINUTE_MS);
      const { rest, gaps } = it.instance.facts();
      expect(rest.pause?.until).toBeLessThanOrEqual(it.clock.now() + 10 * MINUTE_MS);
      expect(rest.pause?.reason).toMatch(/slow down|503/);
      expect(gaps.oldest[0]?.sinceMs).toBeLessThanOrEqual(it.clock.now());
      expect(await secondsUntilWhole(it, 20 * MINUTE_MS)).toBeLessThanOrEqual(600);
      expect(it.instance.facts().rest).not.toHaveProperty('pause');
    },
  );

  test('tells what is missing, since when, why, and when it is asked for next', async () => {
    const it = await running(venue);
    await deafWith(it, { kind: 'rest-garbage' }, 2 * MINUTE_MS);
    const { open, oldest } = it.instance.facts().gaps;
    expect(open).toBeGreaterThan(0);
    expect(oldest.length).toBeLessThanOrEqual(10);
    expect(oldest.some(({ lastError = '' }) => lastError.startsWith(venue))).toBe(true);
    for (const { sinceMs, nextTryAt = it.clock.now() } of oldest) {
      expect(sinceMs).toBeLessThanOrEqual(it.clock.now());
      expect(nextTryAt - it.clock.now()).toBeLessThanOrEqual(MINUTE_MS);
    }
  });
});
