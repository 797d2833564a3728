import { describe, expect, it } from 'vitest';
import type { InstanceFacts } from './facts';
import { judgeHealth } from './health';
import { someFacts, someTruth } from './testing/facts';

const ANSWERS = { ok: true, detail: 'answers' };

/** Two bars that contradict their parts, the older for so long, ms. */
function contradicted(oldestMs: number): InstanceFacts['truth'] {
  const contradictions = { open: 2, oldestMs, found: 2, venues: 0 };
  return someTruth({ unsettled: 7, contradictions });
}

describe('health', () => {
  it('is well when everything is', () => {
    const health = judgeHealth(someFacts(), ANSWERS);
    expect(health).toMatchObject({ ok: true, state: 'active' });
    expect(health.checks.map((check) => check.name)).toEqual([
      'redis',
      'writes',
      'state',
      'feed',
      'data',
      'closes',
      'truth',
      'venue',
    ]);
  });

  it.each<[string, Partial<InstanceFacts>, RegExp]>([
    ['writes', { redisTrouble: 'full' }, /held: Redis is full/],
    ['state', { state: 'starting' }, /starting/],
    ['state', { state: 'stopping' }, /stopping/],
    ['feed', { connections: { backoff: 2 } }, /0 live of 2/],
    ['feed', { connections: {} }, /0 live of 0/],
    ['data', { lastDataAgeMs: undefined }, /none yet/],
    ['data', { lastDataAgeMs: 90_001 }, /90 s ago/],
    ['closes', { seriesBehind: 4 }, /4 of 60 series overdue/],
    [
      'truth',
      { truth: contradicted(1_800_001) },
      /7 bars wait for another reading, 2 contradict their parts/,
    ],
    ['venue', { bannedUntil: Date.UTC(2030, 0, 1) }, /banned this address until 2030-01-01/],
    ['venue', { blocked: 'not from here' }, /refuses this location: not from here/],
  ])('%s alone fails when %o', (name, different, detail) => {
    const health = judgeHealth(someFacts(different), ANSWERS);
    const failed = health.checks.filter((check) => !check.ok);
    expect(failed.map((check) => check.name)).toEqual([name]);
    expect(failed[0]?.detail).toMatch(detail);
    expect(health.ok).toBe(false);
  });

  it('fails when Redis does not answer now', () => {
    const health = judgeHealth(someFacts(), { ok: false, detail: 'no answer within 2000 ms' });
    expect(health.ok).toBe(false);
    expect(health.checks[0]).toEqual({ name: 'redis', ok: false, detail: 'no answer within 2000 ms' });
  });

  it('gives readings half an hour to settle a contradiction, and says what waits meanwhile', () => {
    const health = judgeHealth(someFacts({ truth: contradicted(1_800_000) }), ANSWERS);
    expect(health.ok).toBe(true);
    expect(health.checks.find((check) => check.name === 'truth')).toEqual({
      name: 'truth',
      ok: true,
      detail: '7 bars wait for another reading, 2 contradict their parts, 0 series verified',
    });
  });

  it('lets a few series be overdue while a boundary is worked off, and any number while warming', () => {
    expect(judgeHealth(someFacts({ seriesBehind: 3 }), ANSWERS).ok).toBe(true);
    expect(judgeHealth(someFacts({ state: 'warming', seriesBehind: 60 }), ANSWERS).ok).toBe(true);
  });
});
