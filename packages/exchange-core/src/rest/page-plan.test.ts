import { timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange } from '@livermore/schemas';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pagesOf } from './page-plan';

const series = { symbol: 'ABC', timeframe: '5m' } as const;
const STEP = timeframeMs('5m');
const START = 1_700_000_100_000;

function openTimes(range: OpenTimeRange): number[] {
  const times: number[] = [];
  for (let at = Math.ceil(range.from / STEP) * STEP; at < range.to; at += STEP) times.push(at);
  return times;
}

const rangeArb = fc
  .tuple(fc.integer({ min: 0, max: 3_000 * STEP }), fc.integer({ min: 0, max: 900 * STEP }))
  .map(([from, span]) => ({ from: START + from, to: START + from + span }));

describe('pages of a range', () => {
  it('tiles any range exactly, aligned and within the page size', () => {
    fc.assert(
      fc.property(rangeArb, fc.integer({ min: 1, max: 1000 }), (range, size) => {
        const pages = pagesOf(series, range, size);
        expect(pages.flatMap(openTimes)).toEqual(openTimes(range));
        for (const page of pages) {
          expect(page.from % STEP).toBe(0);
          expect(page.to % STEP).toBe(0);
          expect(openTimes(page).length).toBeLessThanOrEqual(size);
        }
      }),
    );
  });

  it('asks for nothing when there is nothing in the range', () => {
    expect(pagesOf(series, { from: START, to: START }, 100)).toEqual([]);
    expect(pagesOf(series, { from: START + 1, to: START + 2 }, 100)).toEqual([]);
  });
});
