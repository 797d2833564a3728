import { ManualClock, systemClock } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { measureCandleMs } from './machine-speed';

/** A clock on which each round of parsing takes what is said, ms, and the last one said for ever. */
function clockOfRounds(...roundsMs: readonly number[]) {
  let [asked, now] = [0, 0];
  return {
    monotonicMs: () => {
      const isEnd = asked % 2 === 1;
      if (isEnd) now += roundsMs[Math.min((asked - 1) / 2, roundsMs.length - 1)] ?? 0;
      asked += 1;
      return now;
    },
  };
}

describe('what a candle costs on this machine', () => {
  it('grows as the machine gets slower', () => {
    const fast = measureCandleMs(clockOfRounds(0.25));
    expect(fast).toBeGreaterThan(0);
    expect(measureCandleMs(clockOfRounds(0.75)) / fast).toBeCloseTo(3, 9);
  });

  it('is not moved by a few rounds in which something else ran', () => {
    const calm = measureCandleMs(clockOfRounds(0.25));
    expect(measureCandleMs(clockOfRounds(40, 9, 0.25, 0.25, 0.25))).toBe(calm);
  });

  it('is nothing on a clock that does not pass by itself', () => {
    expect(measureCandleMs(new ManualClock())).toBe(0);
  });

  it('is something on the clock of a machine', () => {
    expect(measureCandleMs(systemClock)).toBeGreaterThan(0);
  });
});
