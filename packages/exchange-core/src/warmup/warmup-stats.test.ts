import { HARDCODED_CONFIG } from '@livermore/schemas';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { WarmupStatsSchema } from './types';
import type { WarmupStats } from './types';
import { initialStats, isFinal, nextStats } from './warmup-stats';
import type { WarmupEvent } from './warmup-stats';

const RUN = { runId: 'run-1', exchangeId: 3, startedAt: 1_000 };

const planned = (totalPairs: number, sufficientPairs: number): WarmupEvent => ({
  type: 'planned',
  at: 1_000,
  totalPairs,
  sufficientPairs,
  totalSymbols: Math.ceil(totalPairs / 6),
  needySymbols: Math.ceil((totalPairs - sufficientPairs) / 6),
  requests: totalPairs,
  weight: 2 * totalPairs,
  etaMs: 5_000,
});

const pair = { symbol: 'A', timeframe: '1m' } as const;
const failure = { ...pair, code: 'EXCHANGE_UNAVAILABLE', message: 'down' };

const anyEvent: fc.Arbitrary<WarmupEvent> = fc
  .tuple(
    fc.nat(100_000),
    fc.oneof(
      { weight: 6, arbitrary: fc.constant({ type: 'pair-completed' } as const) },
      { weight: 3, arbitrary: fc.constant({ type: 'pair-failed', failure } as const) },
      { weight: 2, arbitrary: fc.constant({ type: 'pair-retried', ...pair } as const) },
      { weight: 2, arbitrary: fc.constant({ type: 'symbol-settled' } as const) },
      fc.constant({ type: 'symbol-retried' } as const),
      fc.constant({ type: 'page-started', ...pair } as const),
      fc.record({ type: fc.constant('page-ended' as const), weight: fc.nat(5) }),
      fc.record({
        type: fc.constant('replanned' as const),
        requests: fc.integer({ min: -3, max: 9 }),
        weight: fc.integer({ min: -6, max: 18 }),
      }),
      fc.record({ type: fc.constant('tick' as const), etaMs: fc.nat(9_999) }),
    ),
  )
  .map(([at, event]) => ({ at, ...event }));

const anyEnd: fc.Arbitrary<WarmupEvent> = fc.constantFrom<WarmupEvent>(
  { type: 'finished', at: 200_000 },
  { type: 'stopped', at: 200_000 },
  { type: 'error', at: 200_000, code: 'X', message: 'x' },
);

test('whatever is reported in whatever order, the stats stay consistent and the percent never falls', () => {
  fc.assert(
    fc.property(
      fc.nat(60),
      fc.nat(60),
      fc.array(anyEvent, { maxLength: 200 }),
      anyEnd,
      (total, done, events, end) => {
        const start = nextStats(initialStats(RUN), planned(total, Math.min(done, total)));
        let before: WarmupStats = start;
        for (const event of [...events, end, ...events]) {
          const stats = nextStats(before, event);
          expect(WarmupStatsSchema.parse(stats)).toEqual(stats);
          expect(stats.completedPairs + stats.failedPairs + stats.remainingPairs).toBe(stats.totalPairs);
          expect(stats.percentComplete).toBeGreaterThanOrEqual(before.percentComplete);
          expect(stats.remainingSymbols).toBeLessThanOrEqual(stats.totalSymbols);
          expect(stats.failures.length).toBeLessThanOrEqual(HARDCODED_CONFIG.warmup.maxFailuresKept);
          expect(stats.updatedAt).toBeGreaterThanOrEqual(before.updatedAt);
          expect(stats.requestsPlanned).toBeGreaterThanOrEqual(stats.requestsDone);
          if (isFinal(before)) expect(stats).toBe(before);
          before = stats;
        }
      },
    ),
  );
});

test('a run is complete only when no pair failed', () => {
  const start = nextStats(initialStats(RUN), planned(2, 0));
  const one = nextStats(start, { type: 'pair-completed', at: 2_000 });
  const failed = nextStats(one, { type: 'pair-failed', at: 3_000, failure });
  const incomplete = nextStats(failed, { type: 'finished', at: 4_000 });
  expect(incomplete).toMatchObject({ status: 'incomplete', percentComplete: 50, failures: [failure] });
  const retried = nextStats(failed, { type: 'pair-retried', at: 3_500, ...pair });
  expect(retried).toMatchObject({ failedPairs: 0, failures: [], remainingPairs: 1 });
  const done = nextStats(nextStats(retried, { type: 'pair-completed', at: 4_000 }), {
    type: 'finished',
    at: 4_000,
  });
  expect(done).toMatchObject({ status: 'complete', percentComplete: 100, finishedAt: 4_000 });
});

test('nothing to do is complete at once', () => {
  const empty = nextStats(nextStats(initialStats(RUN), planned(0, 0)), { type: 'finished', at: 1_001 });
  expect(empty).toMatchObject({ status: 'complete', percentComplete: 100 });
  expect(nextStats(initialStats(RUN), planned(6, 6)).percentComplete).toBe(100);
});

test('an error and a stop are said, and what was being done is not shown any more', () => {
  const busy = nextStats(nextStats(initialStats(RUN), planned(6, 0)), {
    type: 'page-started',
    at: 1_500,
    ...pair,
  });
  expect(busy).toMatchObject({ currentSymbol: 'A', currentTimeframe: '1m', etaMs: 5_000 });
  const ended = nextStats(busy, { type: 'error', at: 2_000, code: 'EXCHANGE_BANNED', message: 'banned' });
  expect(ended).toMatchObject({ status: 'error', error: { code: 'EXCHANGE_BANNED', message: 'banned' } });
  expect(ended).not.toHaveProperty('currentSymbol');
  expect(ended).not.toHaveProperty('etaMs');
  expect(nextStats(busy, { type: 'stopped', at: 2_000 }).status).toBe('stopped');
});
