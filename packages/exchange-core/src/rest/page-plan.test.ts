import { timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange } from '@livermore/schemas';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CandlePage } from '../protocol/protocol';
import { pagesOf, planPages } from './page-plan';
import type { PagePrices } from './page-plan';

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

const flatPrice: PagePrices = { candleWeight: () => 2, limits: { candlesPerPage: 40 } };
const tieredPrice: PagePrices = {
  candleWeight: (bars) => (bars <= 10 ? 1 : 5),
  limits: { candlesPerPage: 40 },
};

describe('pages over several gaps', () => {
  it('joins neighbours when one request is cheaper than two', () => {
    const gaps = [
      { from: START, to: START + STEP },
      { from: START + 20 * STEP, to: START + 21 * STEP },
    ];
    expect(planPages(series, gaps, flatPrice)).toEqual([{ ...series, from: START, to: START + 21 * STEP }]);
    expect(planPages(series, gaps, tieredPrice)).toHaveLength(2);
  });

  it('covers every bar once, within the page size, and never pays more than asking for each gap alone', () => {
    fc.assert(
      fc.property(
        fc.array(rangeArb, { maxLength: 12 }),
        fc.constantFrom(flatPrice, tieredPrice),
        (gaps, prices) => {
          const pages = planPages(series, gaps, prices);
          const covered = pages.flatMap(openTimes);
          expect(covered).toEqual([...new Set(covered)].toSorted((a, b) => a - b));
          const inside = new Set(covered);
          for (const time of gaps.flatMap(openTimes)) expect(inside.has(time)).toBe(true);
          for (const page of pages) expect(openTimes(page).length).toBeLessThanOrEqual(40);
          const alone = gaps.flatMap((gap) => pagesOf(series, gap, 40));
          expect(weightOf(pages, prices)).toBeLessThanOrEqual(weightOf(alone, prices));
        },
      ),
    );
  });

  it('finds the least weight a brute-force search over all groupings finds', () => {
    const single = fc.uniqueArray(fc.integer({ min: 0, max: 90 }), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(single, fc.constantFrom(flatPrice, tieredPrice), (bars, prices) => {
        const sorted = bars.toSorted((a, b) => a - b);
        const gaps = sorted.map((bar) => ({ from: START + bar * STEP, to: START + (bar + 1) * STEP }));
        expect(weightOf(planPages(series, gaps, prices), prices)).toBe(cheapest(sorted, prices));
      }),
    );
  });
});

function weightOf(pages: readonly CandlePage[], prices: PagePrices): number {
  return pages.reduce((sum, page) => sum + prices.candleWeight((page.to - page.from) / STEP), 0);
}

function cheapest(bars: readonly number[], prices: PagePrices): number {
  if (bars.length === 0) return 0;
  let least = Number.POSITIVE_INFINITY;
  for (let count = 1; count <= bars.length; count += 1) {
    const span = (bars[count - 1] ?? 0) - (bars[0] ?? 0) + 1;
    if (span > prices.limits.candlesPerPage) break;
    least = Math.min(least, prices.candleWeight(span) + cheapest(bars.slice(count), prices));
  }
  return least;
}
