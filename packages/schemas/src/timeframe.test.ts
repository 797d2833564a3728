import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  TIMEFRAMES,
  closeTimeOf,
  isTimeframe,
  newestClosedOpenTime,
  openTimeOf,
  timeframeMs,
} from './timeframe';

describe('timeframes', () => {
  it('have these lengths in ms', () => {
    expect(TIMEFRAMES.map(timeframeMs)).toEqual([
      60_000, 300_000, 900_000, 3_600_000, 14_400_000, 86_400_000,
    ]);
  });

  it('are whole multiples of each shorter one', () => {
    for (const [at, longer] of TIMEFRAMES.entries()) {
      for (const shorter of TIMEFRAMES.slice(0, at)) {
        expect(timeframeMs(longer) % timeframeMs(shorter)).toBe(0);
      }
    }
  });

  it.each(TIMEFRAMES)('every instant is in exactly one bar of %s', (timeframe) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (now) => {
        const openTime = openTimeOf(timeframe, now);
        expect(openTime % timeframeMs(timeframe)).toBe(0);
        expect(openTime <= now && now < closeTimeOf(timeframe, openTime)).toBe(true);
        const newestClosed = newestClosedOpenTime(timeframe, now);
        expect(closeTimeOf(timeframe, newestClosed)).toBe(openTime);
      }),
    );
  });

  it.each(['1M', '2m', '', '1m ', 'toString'])('%j is none', (text) => {
    expect(isTimeframe(text)).toBe(false);
  });

  it.each(TIMEFRAMES)('%s is one', (text) => {
    expect(isTimeframe(text)).toBe(true);
  });
});
