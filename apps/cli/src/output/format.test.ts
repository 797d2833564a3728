import { describe, expect, it } from 'vitest';
import { count, duration, instant, percent } from './format';

describe('for people', () => {
  it.each([
    [0, '0ms'],
    [999, '999ms'],
    [999.6, '1.0s'],
    [1_000, '1.0s'],
    [9_960, '10s'],
    [59_400, '59s'],
    [59_600, '1m 0s'],
    [119_700, '2m 0s'],
    [192_000, '3m 12s'],
    [3_599_900, '1h 0m'],
    [7_199_000, '2h 0m'],
  ])('%d ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it('an instant is UTC to the second, counts have separators, shares one digit', () => {
    expect(instant(1_700_000_000_999)).toBe('2023-11-14 22:13:20');
    expect(count(1_234_567)).toBe('1,234,567');
    expect(percent(0.4567)).toBe('45.7%');
  });
});
