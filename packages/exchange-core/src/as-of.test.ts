import { MICROS_PER_MS, TIMEFRAMES, closeAsOf, isClosed } from '@livermore/schemas';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { restAsOf, streamAsOf } from './as-of';

const OPEN = 1_699_920_000_000;
const CLOSE = closeAsOf('1m', OPEN);
/** Around the close of a bar, as far as a day of either side. */
const around = fc.integer({ min: -86_400_000, max: 2 * 86_400_000 });

describe('the as-of of a streamed bar', () => {
  it('is the event’s time, but for what the venue says of the bar being over', () => {
    expect(streamAsOf('1m', OPEN, CLOSE - 7_000, false)).toBe(CLOSE - 7_000);
    expect(streamAsOf('1m', OPEN, CLOSE + 5_000, true)).toBe(CLOSE + 5_000);
    expect(streamAsOf('1m', OPEN, CLOSE + 5_000, false)).toBe(CLOSE - 1);
    expect(streamAsOf('1m', OPEN, CLOSE - 5_000, true)).toBe(CLOSE);
  });

  it('makes a bar closed exactly when the venue calls it final, whatever the clock of the frame', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TIMEFRAMES), around, fc.boolean(), (timeframe, ms, isFinal) => {
        const sequenceNum = streamAsOf(timeframe, OPEN, (OPEN + ms) * MICROS_PER_MS, isFinal);
        expect(isClosed({ timestamp: OPEN, timeframe, sequenceNum })).toBe(isFinal);
      }),
    );
  });
});

describe('the as-of of a bar of REST', () => {
  it('is the venue’s time of the answer, to the microsecond', () => {
    expect(restAsOf('1m', OPEN, OPEN + 60_000)).toBe(CLOSE);
    expect(restAsOf('1m', OPEN, OPEN + 60_000.25)).toBe(CLOSE + 250);
    expect(restAsOf('1m', OPEN, OPEN + 30_000)).toBe((OPEN + 30_000) * MICROS_PER_MS);
  });

  it('makes a bar closed exactly when it was over at the answer', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TIMEFRAMES), around, (timeframe, ms) => {
        const sequenceNum = restAsOf(timeframe, OPEN, OPEN + ms);
        const isOver = (OPEN + ms) * MICROS_PER_MS >= closeAsOf(timeframe, OPEN);
        expect(isClosed({ timestamp: OPEN, timeframe, sequenceNum })).toBe(isOver);
      }),
    );
  });
});
