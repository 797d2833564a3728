import { describe, expect, it } from 'vitest';
import { undecidedSentence } from './warmup-view';

describe('what a warmup had to leave open', () => {
  it.each([
    [0, ''],
    [1, ' But for 1 bar that is not decided: the venue serves no row,'],
    [1_200, ' But for 1,200 bars that are not decided: the venue serves no row,'],
  ])('%i bars: "%s"', (bars, start) => {
    expect(undecidedSentence(bars).slice(0, start.length === 0 ? undefined : start.length)).toBe(start);
  });
});
