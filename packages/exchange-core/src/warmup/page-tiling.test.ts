import type { OpenTimeRange } from '@livermore/schemas';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PageTiler } from './page-tiling';
import type { PagePrice } from './page-tiling';
import { openTimesOf, rangesOf } from './ranges';

const STEP = 300_000;
const START = 1_700_000_100_000;
const FLAT: PagePrice = { candleWeight: () => 2, candlesPerPage: 40 };
const TIERED: PagePrice = { candleWeight: (bars) => (bars <= 10 ? 1 : 5), candlesPerPage: 40 };

const at = (bar: number) => START + bar * STEP;
const gapsOf = (bars: readonly number[]) => rangesOf(bars.toSorted((a, b) => a - b).map(at), STEP);
const tile = (gaps: readonly OpenTimeRange[], price: PagePrice) => new PageTiler(price).tile(gaps, STEP);
const bars = (most: number, count: number) =>
  fc.uniqueArray(fc.integer({ min: 0, max: most }), { maxLength: count });

describe('pages over several gaps', () => {
  it('are shared by neighbours where one request is cheaper than two', () => {
    const gaps = gapsOf([0, 20]);
    expect(tile(gaps, FLAT).pages).toEqual([{ from: START, to: at(21) }]);
    expect(tile(gaps, TIERED).pages).toHaveLength(2);
    expect(tile([], FLAT)).toEqual({ pages: [], cost: { weight: 0, requests: 0, candles: 0 } });
  });

  it('cover every bar, none twice, within the page size, and cost what they say', () => {
    fc.assert(
      fc.property(bars(600, 200), fc.constantFrom(FLAT, TIERED), (missing, price) => {
        const gaps = gapsOf(missing);
        const { pages, cost } = tile(gaps, price);
        const covered = openTimesOf(pages, STEP);
        expect(covered).toEqual([...new Set(covered)].toSorted((a, b) => a - b));
        const inside = new Set(covered);
        for (const time of openTimesOf(gaps, STEP)) expect(inside.has(time)).toBe(true);
        const sizes = pages.map((page) => (page.to - page.from) / STEP);
        expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(price.candlesPerPage);
        expect(cost).toEqual({
          weight: sizes.reduce((sum, size) => sum + price.candleWeight(size), 0),
          requests: pages.length,
          candles: covered.length,
        });
      }),
    );
  });

  it('cost the least weight a brute-force search over all groupings finds', () => {
    fc.assert(
      fc.property(bars(90, 7), fc.constantFrom(FLAT, TIERED), (missing, price) => {
        const least = cheapest(
          missing.toSorted((a, b) => a - b),
          price,
        );
        expect(tile(gapsOf(missing), price).cost.weight).toBe(least);
      }),
    );
  });
});

function cheapest(missing: readonly number[], price: PagePrice): number {
  if (missing.length === 0) return 0;
  let least = Number.POSITIVE_INFINITY;
  for (let count = 1; count <= missing.length; count += 1) {
    const span = (missing[count - 1] ?? 0) - (missing[0] ?? 0) + 1;
    if (span > price.candlesPerPage) break;
    least = Math.min(least, price.candleWeight(span) + cheapest(missing.slice(count), price));
  }
  return least;
}
