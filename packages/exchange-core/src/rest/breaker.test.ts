import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closedBreaker, failed, openForMs } from './breaker';
import type { Breaker, HostFailure } from './breaker';

/** The holds that so many failures in a row come to. */
function holdsOf(failure: HostFailure, times: number): readonly (number | undefined)[] {
  let breaker: Breaker = closedBreaker;
  return Array.from({ length: times }, (_, at) => {
    const outcome = failed(breaker, failure, { now: at * 1_000, reason: 'down' });
    breaker = outcome.breaker;
    return outcome.holdMs;
  });
}

describe('a breaker', () => {
  it('opens after a run of failures, and holds ever longer, up to half a minute', () => {
    const none = [undefined, undefined, undefined, undefined];
    expect(holdsOf('unanswered', 11)).toEqual([...none, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('opens at once where the location is refused, and holds up to a minute', () => {
    expect(holdsOf('refused', 6)).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  it('knows since when it is open, and why', () => {
    expect(openForMs(closedBreaker, 5_000)).toBe(0);
    const { breaker } = failed(closedBreaker, 'refused', { now: 1_000, reason: 'not here' });
    const again = failed(breaker, 'unanswered', { now: 9_000, reason: 'no answer' }).breaker;
    expect(openForMs(again, 11_000)).toBe(10_000);
    expect(again.reason).toBe('no answer');
  });

  it('never holds longer than a minute, whatever fails in whatever order', () => {
    const failures = fc.array(fc.constantFrom<HostFailure>('unanswered', 'refused'), { maxLength: 200 });
    fc.assert(
      fc.property(failures, (sequence) => {
        let breaker: Breaker = closedBreaker;
        for (const failure of sequence) {
          const outcome = failed(breaker, failure, { now: 0, reason: '' });
          breaker = outcome.breaker;
          expect(outcome.holdMs ?? 0).toBeLessThanOrEqual(60_000);
        }
      }),
    );
  });
});
