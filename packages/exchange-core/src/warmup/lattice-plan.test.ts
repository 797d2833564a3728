import { TIMEFRAMES, timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Timeframe } from '@livermore/schemas';
import { must } from '@livermore/utils';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { targetWindow } from '../coverage/coverage';
import type { PairState } from './freshness';
import { planWarmup } from './lattice-plan';
import type { WarmupPlan } from './lattice-plan';
import type { LatticeRules } from './lattice-search';
import { countBars, openTimesOf, rangesOf } from './ranges';

const DAY_MS = 86_400_000;
/** Just before a day ends every longer bar in progress is as long as it gets: the worst alignment. */
const WORST_MS = 20_000 * DAY_MS - 1;
const NOON_MS = 20_000 * DAY_MS + 43_210_000;

const flat: LatticeRules = { candleWeight: () => 1, candlesPerPage: 1000, derive: true, keepBars: 1000 };

function pairState(
  symbol: string,
  timeframe: Timeframe,
  missing: readonly OpenTimeRange[],
  window: OpenTimeRange,
): PairState {
  const step = timeframeMs(timeframe);
  const gone = new Set(openTimesOf(missing, step));
  const settled = rangesOf(
    openTimesOf([window], step).filter((at) => !gone.has(at)),
    step,
  );
  return { symbol, timeframe, cachedCount: 0, sufficient: missing.length === 0, window, missing, settled };
}

function coldStates(symbols: readonly string[], bars: number, now: number, timeframes = TIMEFRAMES) {
  return symbols.flatMap((symbol) =>
    timeframes.map((timeframe) => {
      const window = targetWindow(timeframe, bars, now);
      return pairState(symbol, timeframe, [window], window);
    }),
  );
}

/** The price of a futures venue. */
const byRows = (rows: number) => (rows < 100 ? 1 : rows < 500 ? 2 : 5);

const cold = (bars: number, rules: LatticeRules) => planWarmup(coldStates(['A'], bars, WORST_MS), rules);

describe('a cold symbol, six timeframes', () => {
  test.each([
    [1, 2],
    [40, 2],
    [41, 3],
    [100, 3],
    [165, 3],
    [166, 4],
    [249, 4],
    [250, 5],
    [332, 5],
    [333, 6],
    [999, 6],
  ])('of %i candles takes %i requests where a page has 1,000 rows at one price', (bars, requests) => {
    const plan = cold(bars, flat);
    expect(plan.cost.requests).toBe(requests);
    expect(plan.naive.requests).toBe(6);
  });

  test.each([
    [19, 3],
    [20, 4],
    [74, 4],
  ])('of %i candles takes %i requests where a page has 300 rows and 4h is not served', (bars, requests) => {
    const native = TIMEFRAMES.filter((timeframe) => timeframe !== '4h');
    expect(cold(bars, { ...flat, candlesPerPage: 300, native }).cost.requests).toBe(requests);
  });

  test.each([
    [15, 3],
    [24, 4],
    [40, 5],
    [41, 6],
    [99, 6],
    [100, 8],
    [125, 10],
    [166, 12],
    [499, 12],
  ])('of %i candles weighs %i or less where the price grows with the rows', (bars, weight) => {
    expect(cold(bars, { ...flat, candleWeight: byRows }).cost.weight).toBeLessThanOrEqual(weight);
  });

  test('asks for every pair natively when deriving is switched off', () => {
    const plan = cold(100, { ...flat, derive: false });
    expect(plan.cost.requests).toBe(6);
    expect(plan.symbols[0]?.steps.every((step) => step.fill === 'fetch')).toBe(true);
  });

  test('says so when a timeframe is neither served nor derivable', () => {
    expect(() => cold(100, { ...flat, derive: false, native: ['1m'] })).toThrow('cannot be derived either');
  });
});

test('derives what it can from what is cached, without any request', () => {
  const states = TIMEFRAMES.map((timeframe) => {
    const window = targetWindow(timeframe, 100, NOON_MS);
    const last = { from: window.to - timeframeMs(timeframe), to: window.to };
    return pairState('A', timeframe, timeframe === '1m' ? [] : [last], window);
  });
  const plan = planWarmup(states, flat);
  expect(plan.cost.requests).toBe(0);
  expect(plan.symbols[0]?.steps.map((step) => step.fill)).toEqual(Array.from({ length: 5 }, () => 'derive'));
});

test('fills all timeframes after half an hour away with one request for each symbol', () => {
  const states = TIMEFRAMES.flatMap((timeframe) => {
    const window = targetWindow(timeframe, 100, 20_000 * DAY_MS + 600_000);
    const from = targetWindow(timeframe, 1, 20_000 * DAY_MS - 1_200_000).to;
    return [pairState('A', timeframe, from < window.to ? [{ from, to: window.to }] : [], window)];
  });
  expect(planWarmup(states, flat).cost).toEqual({ weight: 1, requests: 1, candles: 30 });
});

test('does not reach back further in a source than a series keeps', () => {
  const plan = cold(166, { ...flat, candlesPerPage: 5000, keepBars: 1000 });
  for (const step of plan.symbols[0]?.steps ?? []) {
    if (step.fill === 'fetch') expect(countBars(step.pages, timeframeMs(step.timeframe))).toBeLessThan(1000);
  }
});

test('plans all of a venue, cold, at half the price and the same for each symbol', () => {
  const symbols = Array.from({ length: 1600 }, (_, at) => `S${at}`);
  const plan = planWarmup(coldStates(symbols, 100, NOON_MS), flat);
  expect(plan.cost.requests).toBe(4800);
  expect(plan.naive.requests).toBe(9600);
  expect(plan.symbols.map((each) => each.symbol)).toEqual(symbols);
  expect(plan.byTimeframe.reduce((sum, each) => sum + each.requests, 0)).toBe(4800);
});

// ── Against brute force ──────────────────────────────────────────────────────────────────────────────────────

const LATTICES: readonly (readonly Timeframe[])[] = [
  ['1m', '5m', '15m'],
  ['5m', '15m', '1h'],
  ['15m', '1h', '4h'],
  ['1h', '4h', '1d'],
  ['5m', '15m', '1h', '4h'],
  ['15m', '1h', '4h', '1d'],
];

interface SmallCase {
  readonly states: readonly PairState[];
  readonly rules: LatticeRules;
}

const smallCase: fc.Arbitrary<SmallCase> = fc
  .record({
    timeframes: fc.constantFrom(...LATTICES),
    bars: fc.integer({ min: 1, max: 7 }),
    now: fc.integer({ min: NOON_MS, max: NOON_MS + 2 * DAY_MS }),
    page: fc.integer({ min: 3, max: 40 }),
    steep: fc.integer({ min: 1, max: 10 }),
    derive: fc.boolean(),
    holes: fc.array(fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }), { minLength: 4, maxLength: 4 }),
    keepBars: fc.constantFrom(30, 1000),
  })
  .map(({ timeframes, bars, now, page, steep, derive, holes, keepBars }) => ({
    states: timeframes.map((timeframe, row) => {
      const window = targetWindow(timeframe, bars, now);
      const step = timeframeMs(timeframe);
      const missing = openTimesOf([window], step).filter((_, at) => holes[row]?.[at] ?? true);
      return pairState('A', timeframe, rangesOf(missing, step), window);
    }),
    rules: {
      candleWeight: (rows: number) => Math.ceil(rows / steep),
      candlesPerPage: page,
      derive,
      keepBars,
    },
  }));

/** Cheapest cover of `needed` open times by pages of any size, bar by bar. */
function cheapestPages(needed: readonly number[], step: number, rules: LatticeRules): number {
  const best = [0];
  for (let count = 1; count <= needed.length; count += 1) {
    let least = Number.POSITIVE_INFINITY;
    for (let first = count - 1; first >= 0; first -= 1) {
      const rows = (must(needed[count - 1], 'last') - must(needed[first], 'first')) / step + 1;
      if (rows > rules.candlesPerPage) break;
      least = Math.min(least, must(best[first], 'known') + rules.candleWeight(rows));
    }
    best.push(least);
  }
  return must(best[needed.length], 'total');
}

/** Every way to choose a source for each timeframe, priced bar by bar. */
function bruteForce({ states, rules }: SmallCase): number {
  let best = Number.POSITIVE_INFINITY;
  const ways = states.map((_, at) =>
    Array.from({ length: (rules.derive ? at : 0) + 1 }, (_x, way) => way - 1),
  );
  const visit = (chosen: readonly number[]): void => {
    const options = ways[chosen.length];
    if (options !== undefined) {
      for (const option of options) visit([...chosen, option]);
      return;
    }
    best = Math.min(best, priceOf(chosen));
  };
  const priceOf = (sources: readonly number[]): number => {
    const needs = states.map((state) => new Set(openTimesOf(state.missing, timeframeMs(state.timeframe))));
    let price = 0;
    for (let at = states.length - 1; at >= 0; at -= 1) {
      const [state, need, source] = [must(states[at], 's'), must(needs[at], 'n'), must(sources[at], 'c')];
      const step = timeframeMs(state.timeframe);
      if (source < 0) {
        price += cheapestPages(
          [...need].toSorted((a, b) => a - b),
          step,
          rules,
        );
        continue;
      }
      const child = must(states[source], 'child');
      const childStep = timeframeMs(child.timeframe);
      const there = new Set(openTimesOf(child.settled, childStep));
      for (const parent of need) {
        if ((child.window.to - parent) / childStep + 1 > rules.keepBars) return Number.POSITIVE_INFINITY;
        for (let open = parent; open < parent + step; open += childStep) {
          if (!there.has(open)) must(needs[source], 'needs').add(open);
        }
      }
    }
    return price;
  };
  visit([]);
  return best;
}

/** Fills an imaginary cache by the plan and returns what is still missing. */
function missingAfter(plan: WarmupPlan, states: readonly PairState[]): string[] {
  const held = new Map(
    states.map((state) => [
      state.timeframe,
      new Set(openTimesOf(state.settled, timeframeMs(state.timeframe))),
    ]),
  );
  for (const step of plan.symbols.flatMap((symbol) => symbol.steps)) {
    const own = must(held.get(step.timeframe), 'planned');
    const length = timeframeMs(step.timeframe);
    const ranges = step.fill === 'fetch' ? step.pages : step.ranges;
    for (const open of openTimesOf(ranges, length)) {
      if (step.fill === 'derive') {
        const child = must(held.get(step.from), 'source');
        const children = openTimesOf([{ from: open, to: open + length }], timeframeMs(step.from));
        if (!children.every((each) => child.has(each))) continue;
      }
      own.add(open);
    }
  }
  return states.flatMap((state) =>
    openTimesOf(state.missing, timeframeMs(state.timeframe))
      .filter((open) => held.get(state.timeframe)?.has(open) !== true)
      .map((open) => `${state.timeframe} ${open}`),
  );
}

test('is never dearer than the best of all ways, and leaves nothing missing', () => {
  fc.assert(
    fc.property(smallCase, (small) => {
      const plan = planWarmup(small.states, small.rules);
      expect(plan.cost.weight).toBeLessThanOrEqual(bruteForce(small));
      expect(plan.cost.weight).toBeLessThanOrEqual(plan.naive.weight);
      expect(missingAfter(plan, small.states)).toEqual([]);
    }),
    { numRuns: 400 },
  );
});

test('keeps every page within the size the venue allows and prices what it says', () => {
  fc.assert(
    fc.property(smallCase, ({ states, rules }) => {
      const plan = planWarmup(states, rules);
      let weight = 0;
      for (const step of plan.symbols.flatMap((symbol) => symbol.steps)) {
        for (const page of step.fill === 'fetch' ? step.pages : []) {
          const rows = (page.to - page.from) / timeframeMs(step.timeframe);
          expect(rows).toBeGreaterThan(0);
          expect(rows).toBeLessThanOrEqual(rules.candlesPerPage);
          weight += rules.candleWeight(rows);
        }
      }
      expect(weight).toBe(plan.cost.weight);
    }),
  );
});
