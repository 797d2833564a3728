import { seededRandom } from '@livermore/utils';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WeightLimit } from '../protocol/protocol';
import {
  banUntil,
  clockStepped,
  decide,
  learnLimit,
  newBudget,
  pauseUntil,
  settle,
  spend,
  usage,
} from './weight-budget';
import type { WeightBudget } from './weight-budget';

const FIXED: WeightLimit = { weight: 100, perMs: 60_000, window: 'fixed', reserve: 0 };
const SLIDING: WeightLimit = { weight: 8, perMs: 1_000, window: 'sliding', reserve: 0 };
/** 12 s into a minute of the venue's clock. */
const T = 1_700_000_052_000;
const NEXT_MINUTE = T + 48_000;
const at = (ms: number, errorMs = 0) => ({ at: ms, errorMs });

function spendAt(budget: WeightBudget, weight: number, ms: number, reported?: number): WeightBudget {
  const spent = spend(budget, weight, at(ms));
  return settle(spent.budget, spent.spending, { now: at(ms + 50), reported });
}

describe('a budget in fixed windows', () => {
  it('allows what fits, and names the next window when it is spent', () => {
    const budget = spendAt(newBudget(FIXED), 90, T);
    expect(decide(budget, 10, at(T + 100))).toEqual({ now: true });
    expect(decide(budget, 11, at(T + 100))).toEqual({ now: false, at: NEXT_MINUTE + 250 });
    expect(decide(budget, 11, at(NEXT_MINUTE + 250))).toEqual({ now: true });
  });

  it('keeps its reserve', () => {
    const budget = newBudget({ ...FIXED, reserve: 0.05 });
    expect(decide(spendAt(budget, 90, T), 5, at(T + 100))).toEqual({ now: true });
    expect(decide(spendAt(budget, 90, T), 6, at(T + 100)).now).toBe(false);
  });

  it('counts what others spent behind the same address, as the venue tells it', () => {
    const budget = spendAt(newBudget(FIXED), 2, T, 95);
    expect(decide(budget, 5, at(T + 100))).toEqual({ now: true });
    expect(decide(budget, 6, at(T + 100)).now).toBe(false);
  });

  it('takes the venue’s word that a request cost less than was charged', () => {
    const budget = spendAt(newBudget(FIXED), 60, T, 30);
    expect(decide(budget, 70, at(T + 100))).toEqual({ now: true });
    expect(decide(budget, 71, at(T + 100)).now).toBe(false);
  });

  it('learns from two reports what share of its charges the venue counts', () => {
    const first = spendAt(newBudget(FIXED), 1, T, 31);
    expect(usage(first, at(T + 100)).countedShare).toBe(1);
    const second = spendAt(first, 20, T + 100, 41);
    expect(usage(second, at(T + 200)).countedShare).toBe(0.5);
    const third = spendAt(second, 2, T + 200, 42);
    expect(usage(third, at(T + 300)).countedShare).toBe(0.5);
    const nextMinute = spendAt(third, 2, NEXT_MINUTE + 300, 1);
    expect(usage(nextMinute, at(NEXT_MINUTE + 400)).countedShare).toBe(0.5);
  });

  it('keeps the share it has learned when the clock is set or another limit is stated', () => {
    const half = spendAt(spendAt(newBudget(FIXED), 2, T, 1), 2, T + 100, 2);
    expect(usage(half, at(T + 200)).countedShare).toBe(0.5);
    const set = clockStepped(half, 300_000, at(T + 300_000));
    expect(usage(set, at(T + 300_000)).countedShare).toBe(0.5);
    const restated = learnLimit(half, { weight: 600, perMs: 300_000 }, at(T + 200));
    expect(usage(restated, at(T + 200)).countedShare).toBe(0.5);
  });

  it('charges a request during which the clock was set back over a boundary', () => {
    const { budget, spending } = spend(newBudget(FIXED), 40, at(NEXT_MINUTE + 300));
    const back = clockStepped(budget, -1_000, at(NEXT_MINUTE - 650));
    const after = settle(back, spending, { now: at(NEXT_MINUTE - 600), reported: undefined });
    expect(usage(after, at(NEXT_MINUTE - 550)).used).toBe(40);
  });

  it('never takes what others spent behind the same address for a price above its own', () => {
    const budget = spendAt(spendAt(newBudget(FIXED), 2, T, 2), 2, T + 100, 60);
    expect(usage(budget, at(T + 200)).countedShare).toBe(1);
  });

  it('learns no share from a request that was under way at the boundary', () => {
    const first = spendAt(newBudget(FIXED), 2, NEXT_MINUTE - 5_000, 2);
    const { budget, spending } = spend(first, 40, at(NEXT_MINUTE - 300));
    // It is told with the count of the old minute, or of the new one.
    const after = settle(budget, spending, { now: at(NEXT_MINUTE + 300), reported: 42 });
    const next = spendAt(after, 2, NEXT_MINUTE + 400, 2);
    expect(usage(next, at(NEXT_MINUTE + 500)).countedShare).toBe(1);
  });

  it('learns no share from a counter that stands still', () => {
    const budget = spendAt(spendAt(newBudget(FIXED), 2, T, 5), 20, T + 100, 5);
    expect(usage(budget, at(T + 200)).countedShare).toBe(1);
  });

  it('learns no share from one that was counted before the boundary and told the count after it', () => {
    const { budget, spending } = spend(newBudget(FIXED), 40, at(NEXT_MINUTE - 300));
    const quicker = spendAt(budget, 2, NEXT_MINUTE + 300, 2);
    const after = settle(quicker, spending, { now: at(NEXT_MINUTE + 400), reported: 3 });
    expect(usage(after, at(NEXT_MINUTE + 500)).countedShare).toBe(1);
  });

  it('counts what is in flight on top of what the venue has told', () => {
    const first = spend(newBudget(FIXED), 40, at(T));
    const second = spend(first.budget, 40, at(T));
    const budget = settle(second.budget, first.spending, { now: at(T + 50), reported: 40 });
    expect(decide(budget, 20, at(T + 100))).toEqual({ now: true });
    expect(decide(budget, 21, at(T + 100)).now).toBe(false);
  });

  it('charges a request that was under way at the boundary to both windows, and believes no report of it', () => {
    const { budget, spending } = spend(newBudget(FIXED), 40, at(NEXT_MINUTE - 300));
    expect(decide(budget, 61, at(NEXT_MINUTE + 300)).now).toBe(false);
    const after = settle(budget, spending, { now: at(NEXT_MINUTE + 300), reported: 100 });
    expect(decide(after, 60, at(NEXT_MINUTE + 400))).toEqual({ now: true });
    expect(decide(after, 61, at(NEXT_MINUTE + 400)).now).toBe(false);
  });

  it('needs room in both windows while the clock cannot tell which one it is', () => {
    const budget = spendAt(newBudget(FIXED), 100, NEXT_MINUTE - 5_000);
    expect(decide(budget, 1, at(NEXT_MINUTE + 200, 1_000)).now).toBe(false);
    expect(decide(budget, 1, at(NEXT_MINUTE + 1_200, 1_000))).toEqual({ now: true });
  });

  it('waits half a window past a boundary when nothing is known of the venue’s clock', () => {
    const budget = spendAt(newBudget(FIXED), 100, T);
    const unknown = Number.POSITIVE_INFINITY;
    expect(decide(budget, 1, at(NEXT_MINUTE + 29_000, unknown)).now).toBe(false);
    expect(decide(budget, 1, at(NEXT_MINUTE + 30_000, unknown))).toEqual({ now: true });
  });

  it('lets a request dearer than its share go alone instead of never', () => {
    expect(decide(newBudget(FIXED), 80, at(T), 0.5)).toEqual({ now: true });
    expect(decide(spendAt(newBudget(FIXED), 1, T), 80, at(T + 100), 0.5).now).toBe(false);
  });

  it('lets an audit spend only while half of the window is free', () => {
    const budget = spendAt(newBudget(FIXED), 49, T);
    expect(decide(budget, 1, at(T + 100), 0.5)).toEqual({ now: true });
    expect(decide(budget, 2, at(T + 100), 0.5).now).toBe(false);
  });
});

describe('a budget in sliding windows', () => {
  it('counts from the answer, because the venue may have counted as late as that', () => {
    const budget = spendAt(newBudget(SLIDING), 8, T);
    expect(decide(budget, 1, at(T + 1_000))).toEqual({ now: false, at: T + 1_050 });
    expect(decide(budget, 1, at(T + 1_050))).toEqual({ now: true });
  });
});

describe('holds', () => {
  it('lets nothing go before the end of a pause or of a ban, whichever is later', () => {
    const held = banUntil(pauseUntil(newBudget(FIXED), T + 1_000), T + 5_000);
    expect(decide(held, 1, at(T))).toEqual({ now: false, at: T + 5_000 });
    expect(decide(pauseUntil(held, T + 100), 1, at(T + 4_999)).now).toBe(false);
    expect(decide(held, 1, at(T + 5_000))).toEqual({ now: true });
  });

  it('never shortens a ban when the clock is set, whichever way', () => {
    const banned = banUntil(newBudget(FIXED), T + 5_000);
    expect(decide(clockStepped(banned, -300_000, at(T - 300_000)), 1, at(T - 300_000))).toEqual({
      now: false,
      at: T + 5_000,
    });
    expect(decide(clockStepped(banned, 300_000, at(T + 300_000)), 1, at(T + 300_000))).toEqual({
      now: false,
      at: T + 305_000,
    });
  });

  it('charges what was spent to wherever a set clock now says it is', () => {
    const budget = clockStepped(spendAt(newBudget(FIXED), 90, T), 300_000, at(T + 300_000));
    expect(decide(budget, 11, at(T + 300_000)).now).toBe(false);
  });
});

it('replaces the constant by the limit the venue states', () => {
  const budget = learnLimit(newBudget({ ...FIXED, reserve: 0.05 }), { weight: 6_000, perMs: 60_000 }, at(T));
  expect(usage(budget, at(T))).toMatchObject({ used: 0, allowed: 5_700 });
});

/** The venue's own counter, and a client that knows the venue's time only to within its error. */
interface World {
  readonly limit: WeightLimit;
  /** Our reading of the venue's clock less the truth, ms. */
  readonly clockError: number;
  readonly maxLatency: number;
  readonly maxConcurrent: number;
  readonly seed: number;
  /** Weight of the requests, one after the other. */
  readonly weights: readonly number[];
  /** Whether answers tell the used weight, and the weight others spend at the beginning of each window. */
  readonly tellsUsed: boolean;
  readonly lost: number;
  /** What the venue counts of what is charged (0..1); all when absent. */
  readonly price?: number;
}

interface Count {
  readonly at: number;
  readonly weight: number;
}

interface Moment {
  readonly at: number;
  run(now: number): void;
}

/** Sends everything as fast as the budget allows. @returns when each request was counted, and when the last ended */
function play(world: World): {
  readonly counted: readonly Count[];
  readonly endedAt: number;
  /** The share learned, after each answer. */
  readonly shares: readonly number[];
} {
  const random = seededRandom(world.seed);
  const start = T + random.next() * 60_000;
  const counted: Count[] = [];
  const shares: number[] = [];
  const moments: Moment[] = [];
  const todo = [...world.weights];
  let budget = newBudget(world.limit);
  let inFlight = 0;
  let endedAt = start;
  const reading = (now: number) => at(now + world.clockError, 100);
  const usedAt = (now: number) => {
    const minute = Math.floor(now / world.limit.perMs);
    return counted
      .filter((each) => Math.floor(each.at / world.limit.perMs) === minute && each.at <= now)
      .reduce((sum, each) => sum + each.weight, 0);
  };
  const leave = (weight: number, now: number) => {
    const sent = spend(budget, weight, reading(now));
    budget = sent.budget;
    inFlight += 1;
    const arrives = now + random.next() * world.maxLatency;
    const ends = arrives + random.next() * world.maxLatency;
    const isLost = random.next() < world.lost;
    let told: number | undefined;
    moments.push({
      at: arrives,
      run: (then) => {
        counted.push({ at: then, weight: weight * (world.price ?? 1) });
        told = usedAt(then);
      },
    });
    moments.push({
      at: ends,
      run: (then) => {
        const reported = world.tellsUsed && !isLost ? told : undefined;
        budget = settle(budget, sent.spending, { now: reading(then), reported });
        shares.push(usage(budget, reading(then)).countedShare);
        inFlight -= 1;
        endedAt = then;
        pump(then);
      },
    });
  };
  const pump = (now: number) => {
    while (todo[0] !== undefined && inFlight < world.maxConcurrent) {
      const decision = decide(budget, todo[0], reading(now));
      if (!decision.now) {
        moments.push({ at: Math.max(now + 1, decision.at - world.clockError), run: pump });
        return;
      }
      leave(todo.shift() ?? 0, now);
    }
  };
  pump(start);
  for (let next = takeEarliest(moments); next !== undefined; next = takeEarliest(moments)) next.run(next.at);
  return { counted, endedAt: endedAt - start, shares };
}

function takeEarliest(moments: Moment[]): Moment | undefined {
  let best = 0;
  for (const [index, moment] of moments.entries()) {
    if (moment.at < (moments[best]?.at ?? Number.POSITIVE_INFINITY)) best = index;
  }
  return moments.splice(best, 1)[0];
}

function mostInFixedWindow(counted: readonly Count[], perMs: number): number {
  const sums = new Map<number, number>();
  for (const each of counted) {
    const index = Math.floor(each.at / perMs);
    sums.set(index, (sums.get(index) ?? 0) + each.weight);
  }
  return Math.max(0, ...sums.values());
}

function mostInAnyWindow(counted: readonly Count[], perMs: number): number {
  const sorted = counted.toSorted((a, b) => a.at - b.at);
  const sums = sorted.map((last, end) =>
    sorted.slice(0, end + 1).reduce((sum, each) => sum + (each.at > last.at - perMs ? each.weight : 0), 0),
  );
  return Math.max(0, ...sums);
}

const worldArb = (limit: WeightLimit, sizes: { weight: number; count: number }) =>
  fc.record({
    limit: fc.constant(limit),
    clockError: fc.integer({ min: -200, max: 200 }),
    maxLatency: fc.constantFrom(0, 20, 200, 3_000, 40_000),
    maxConcurrent: fc.integer({ min: 1, max: 32 }),
    seed: fc.integer(),
    weights: fc.array(fc.integer({ min: 1, max: sizes.weight }), { minLength: 1, maxLength: sizes.count }),
    tellsUsed: fc.boolean(),
    lost: fc.constantFrom(0, 0.2),
  });

describe('against a model of the venue’s counter', () => {
  it('never has more counted in a clock minute than the limit, with the clock 200 ms off and any latency', () => {
    fc.assert(
      fc.property(worldArb(FIXED, { weight: 20, count: 60 }), (world) => {
        const { counted } = play(world);
        expect(counted).toHaveLength(world.weights.length);
        expect(mostInFixedWindow(counted, 60_000)).toBeLessThanOrEqual(100);
      }),
      { numRuns: 300 },
    );
  });

  it('never learns a lower share than the venue counts, in whatever order answers arrive', () => {
    const learned = new Set<number>();
    const prices = fc.constantFrom(0.25, 0.5, 1);
    fc.assert(
      fc.property(worldArb(FIXED, { weight: 20, count: 60 }), prices, (world, price) => {
        for (const share of play({ ...world, price }).shares) {
          expect(share).toBeGreaterThanOrEqual(price - 1e-9);
          expect(share).toBeLessThanOrEqual(1);
          learned.add(Number(share.toFixed(9)));
        }
      }),
      { numRuns: 300 },
    );
    expect([...learned]).toEqual(expect.arrayContaining([0.25, 0.5, 1]));
  });

  it('never has more counted in any sliding second than the limit, with any latency', () => {
    fc.assert(
      fc.property(worldArb(SLIDING, { weight: 3, count: 40 }), (world) => {
        const { counted } = play(world);
        expect(counted).toHaveLength(world.weights.length);
        expect(mostInAnyWindow(counted, 1_000)).toBeLessThanOrEqual(8);
      }),
      { numRuns: 300 },
    );
  });

  it('needs no more than a tenth above the time the limit alone would need', () => {
    const limit: WeightLimit = { weight: 600, perMs: 60_000, window: 'fixed', reserve: 0.05 };
    for (const seed of [1, 2, 3, 4, 5]) {
      // Six windows' worth: as the whole of a large venue, at a tenth of the size.
      const weights = Array.from({ length: 1_800 }, () => 2);
      const world = {
        limit,
        clockError: 100,
        maxLatency: 60,
        maxConcurrent: 32,
        seed,
        tellsUsed: true,
        lost: 0,
      };
      const { counted, endedAt } = play({ ...world, weights });
      expect(mostInFixedWindow(counted, 60_000)).toBeLessThanOrEqual(600);
      expect(endedAt).toBeLessThanOrEqual(1.1 * (3_600 / 600) * 60_000);
    }
  });
});
