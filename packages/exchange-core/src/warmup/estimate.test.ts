import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LatencyMeter, estimateMs } from './estimate';
import type { EstimateInput } from './estimate';

const START_MS = 28_000_000 * 60_000;

/**
 * Plays the requests one by one: a place must be free and the window must have room; a fixed window empties with
 * the clock, a sliding one as what was answered in it grows older than `perMs`.
 */
function play(input: EstimateInput): number {
  const allowance = input.limit * (1 - input.reserve);
  const weight = input.weight / input.requests;
  const endOfWindow = (at: number) => (Math.floor(at / input.perMs) + 1) * input.perMs;
  const spent = [{ at: input.now, weight: input.alreadyUsed }];
  const places = Array.from({ length: input.concurrency }, () => input.now);
  for (let request = 0; request < input.requests; request += 1) {
    const place = places.indexOf(Math.min(...places));
    let at = places[place] ?? 0;
    for (;;) {
      const counted = spent.filter((each) =>
        input.window === 'fixed'
          ? Math.floor(each.at / input.perMs) === Math.floor(at / input.perMs)
          : each.at + input.latencyMs > at - input.perMs,
      );
      const used = counted.reduce((sum, each) => sum + each.weight, 0);
      if (used + weight <= Math.max(allowance, weight) + 1e-9) break;
      at =
        input.window === 'fixed' ? endOfWindow(at) : (counted[0]?.at ?? at) + input.latencyMs + input.perMs;
    }
    spent.push({ at, weight });
    places[place] = at + input.latencyMs;
  }
  return Math.max(...places) - input.now;
}

const base: EstimateInput = {
  weight: 600,
  requests: 300,
  limit: 6000,
  perMs: 60_000,
  window: 'fixed',
  reserve: 0.1,
  alreadyUsed: 0,
  now: START_MS + 12_345,
  latencyMs: 80,
  concurrency: 32,
};

describe('is within a tenth of what playing every request gives', () => {
  const sizes = [5, 60, 300, 1200, 2700, 2701, 4800, 9600];
  const cases: EstimateInput[] = sizes.flatMap((requests) =>
    [1, 30_000, 59_900].flatMap((into) =>
      [40, 250].map((latencyMs) => ({
        ...base,
        requests,
        weight: requests * 2,
        now: START_MS + into,
        latencyMs,
      })),
    ),
  );
  test.each(cases.map((input) => [input.requests, input.now - START_MS, input.latencyMs, input] as const))(
    'for %i requests, %i ms into a minute, %i ms each',
    (_requests, _into, _latency, input) => {
      const played = play(input);
      expect(Math.abs(estimateMs(input) - played)).toBeLessThanOrEqual(Math.max(0.1 * played, 400));
    },
  );

  test.each([
    [10, 80],
    [100, 80],
    [600, 80],
    [600, 400],
  ])('for %i requests at eight in any second, %i ms each', (requests, latencyMs) => {
    const input: EstimateInput = {
      ...base,
      requests,
      latencyMs,
      weight: requests,
      limit: 8,
      perMs: 1_000,
      window: 'sliding',
      reserve: 0,
    };
    const played = play(input);
    expect(Math.abs(estimateMs(input) - played)).toBeLessThanOrEqual(Math.max(0.1 * played, 200));
  });

  test('when most of the minute is spent already', () => {
    const input = { ...base, alreadyUsed: 5_000 };
    expect(play(input)).toBeGreaterThan(40_000);
    expect(Math.abs(estimateMs(input) - play(input))).toBeLessThan(0.1 * play(input));
  });
});

test('is never negative, ends for any input, and takes no time for nothing', () => {
  fc.assert(
    fc.property(
      fc.record({
        weight: fc.nat(100_000),
        requests: fc.nat(100_000),
        limit: fc.integer({ min: 1, max: 10_000 }),
        perMs: fc.integer({ min: 1, max: 100_000 }),
        window: fc.constantFrom('fixed' as const, 'sliding' as const),
        reserve: fc.double({ min: 0, max: 1, noNaN: true }),
        alreadyUsed: fc.nat(20_000),
        now: fc.nat(),
        latencyMs: fc.nat(10_000),
        concurrency: fc.integer({ min: 1, max: 64 }),
      }),
      (input) => {
        const estimate = estimateMs(input);
        expect(estimate).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(estimate)).toBe(true);
      },
    ),
  );
  expect(estimateMs({ ...base, requests: 0, weight: 0 })).toBe(0);
});

test('latency is learned from the quickest requests, since the others also waited for their turn', () => {
  const meter = new LatencyMeter({ guessMs: 100, quantile: 0.1 });
  expect(meter.latencyMs).toBe(100);
  for (const ms of [50, 52, 30_000, 51, 53, 40_000, 55, 54]) meter.add(ms);
  expect(meter.latencyMs).toBeLessThan(60);
  for (let at = 0; at < 300; at += 1) meter.add(20);
  expect(meter.latencyMs).toBe(20);
});
