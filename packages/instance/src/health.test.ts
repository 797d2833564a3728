import { describe, expect, it } from 'vitest';
import type { InstanceFacts } from './facts';
import { judgeHealth } from './health';
import { someFacts, someGaps, someTruth } from './testing/facts';

const ANSWERS = { ok: true, detail: 'answers' };
const NOW = Date.UTC(2026, 0, 2, 3, 4);

/** Two bars that contradict their parts, the older for so long, ms. */
function contradicted(oldestMs: number): InstanceFacts['truth'] {
  const contradictions = { open: 2, oldestMs, found: 2, venues: 0 };
  return someTruth({ unsettled: 7, contradictions });
}

const OLDEST = {
  symbol: 'BTCUSDT',
  timeframe: '1m',
  openTime: NOW - 120_000,
  noticedAt: NOW - 12_000,
} as const;

describe('health', () => {
  it('is well when everything is', () => {
    const health = judgeHealth(someFacts(), ANSWERS, NOW);
    expect(health).toMatchObject({ ok: true, state: 'active' });
    expect(health.checks.map((check) => check.name)).toEqual([
      'redis',
      'writes',
      'state',
      'feed',
      'data',
      'holes',
      'truth',
      'venue',
    ]);
  });

  it.each<[string, Partial<InstanceFacts>, RegExp]>([
    ['writes', { redisTrouble: 'full' }, /held: Redis is full/],
    ['state', { state: 'starting' }, /starting/],
    ['state', { state: 'stopping' }, /stopping/],
    ['state', { state: 'warming', warmup: { status: 'active', percentComplete: 43 } }, /warming, 43 %/],
    [
      'feed',
      {
        connections: { waiting: 2 },
        idlest: { name: 'a', state: 'waiting', forMs: 10_000, reason: 'refused', nextTryInMs: 3_100 },
      },
      /0 live of 2 connections; a waiting, without data for 10 s \(refused\), next try in 4 s$/,
    ],
    [
      'state',
      { state: 'starting', inVain: { what: 'venue_listing', error: 'refused', nextTryAt: NOW + 3_900 } },
      /^starting: no venue listing: refused; next try in 4 s$/,
    ],
    ['feed', { connections: {} }, /0 live of 0/],
    [
      'feed',
      { connections: { live: 1, waiting: 1 }, idlest: { name: 'b', state: 'waiting', forMs: 60_000 } },
      /1 live of 2 connections; b waiting, without data for 60 s$/,
    ],
    ['data', { lastFrameAgeMs: undefined }, /none yet/],
    ['data', { lastFrameAgeMs: 60_001 }, /newest frame 60 s ago, newest candle 1 s ago/],
    [
      'holes',
      {
        holes: { overdue: 7, series: 2, undecided: 3, oldest: OLDEST },
        gaps: { ...someFacts().gaps, open: 2 },
      },
      /^7 bars of 2 series are missing, BTCUSDT 1m 2026-01-02T03:02:00.000Z for 12 s the longest; 3 undecided, 2 gaps being repaired$/,
    ],
    [
      'holes',
      {
        holes: { overdue: 7, series: 2, undecided: 0, oldest: OLDEST },
        loss: { reason: 'emptied', series: 2, at: OLDEST.noticedAt - 1 },
      },
      /; they were deleted from Redis \(FLUSHALL, DEL or an expiry\)$/,
    ],
    [
      'writes',
      { lastRedisTrouble: { trouble: 'full', agoMs: 9_999 } },
      /accepted again; Redis was full 10 s ago/,
    ],
    ['truth', { truth: contradicted(60_001) }, /7 bars wait for another reading, 2 contradict their parts/],
    ['venue', { bannedUntil: Date.UTC(2030, 0, 1) }, /banned this address until 2030-01-01/],
    ['venue', { blocked: 'not from here' }, /refuses this location: not from here/],
    [
      'venue',
      { rest: { breaker: 'closed', pause: { reason: 'HTTP 429', until: Date.UTC(2030, 0, 1) } } },
      /^REST is paused: HTTP 429; next try at 2030-01-01T00:00:00Z$/,
    ],
    [
      'venue',
      { rest: { breaker: 'half-open', lastFailure: { at: 0, message: 'ECONNREFUSED' } } },
      /^REST fails: ECONNREFUSED; one request tries now$/,
    ],
    [
      'holes',
      {
        holes: { overdue: 1, series: 1, undecided: 0, oldest: OLDEST },
        gaps: someGaps({
          open: 1,
          oldest: [
            {
              series: { symbol: 'BTCUSDT', timeframe: '1m' },
              from: OLDEST.openTime,
              to: OLDEST.openTime + 60_000,
              sinceMs: 12_000,
              reason: 'overdue',
              lastError: 'HTTP 503',
              nextTryAt: NOW + 6_500,
            },
          ],
        }),
      },
      /for 12 s the longest, HTTP 503, next try in 7 s; 0 undecided, 1 gaps being repaired$/,
    ],
  ])('%s alone fails when %o', (name, different, detail) => {
    const health = judgeHealth(someFacts(different), ANSWERS, NOW);
    const failed = health.checks.filter((check) => !check.ok);
    expect(failed.map((check) => check.name)).toEqual([name]);
    expect(failed[0]?.detail).toMatch(detail);
    expect(health.ok).toBe(false);
  });

  it('fails when Redis does not answer now', () => {
    const health = judgeHealth(someFacts(), { ok: false, detail: 'no answer within 2000 ms' }, NOW);
    expect(health.ok).toBe(false);
    expect(health.checks[0]).toEqual({ name: 'redis', ok: false, detail: 'no answer within 2000 ms' });
  });

  it('gives readings a minute to settle a contradiction, and says what waits meanwhile', () => {
    const health = judgeHealth(someFacts({ truth: contradicted(60_000) }), ANSWERS, NOW);
    expect(health.ok).toBe(true);
    expect(health.checks.find((check) => check.name === 'truth')).toEqual({
      name: 'truth',
      ok: true,
      detail: '7 bars wait for another reading, 2 contradict their parts, 0 series verified',
    });
  });

  it('is well while bars are undecided, a connection comes back, and long after writes were held', () => {
    const facts = someFacts({
      holes: { overdue: 0, series: 0, undecided: 9, oldest: undefined },
      connections: { live: 1, rotating: 1, waiting: 1 },
      idlest: { name: 'c', state: 'waiting', forMs: 59_999 },
      lastRedisTrouble: { trouble: 'full', agoMs: 10_000 },
      lastDataAgeMs: 3_600_000,
    });
    expect(judgeHealth(facts, ANSWERS, NOW).ok).toBe(true);
  });
});
