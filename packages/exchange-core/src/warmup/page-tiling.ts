import type { OpenTimeRange } from '@livermore/schemas';

/** What requests cost, compared in this order: the venue's weight, their number, the candles they carry. */
export interface Cost {
  readonly weight: number;
  readonly requests: number;
  readonly candles: number;
}

export const NO_COST: Cost = { weight: 0, requests: 0, candles: 0 };

export function addCost(a: Cost, b: Cost): Cost {
  return {
    weight: a.weight + b.weight,
    requests: a.requests + b.requests,
    candles: a.candles + b.candles,
  };
}

/** Negative when `a` is cheaper. */
export function compareCost(a: Cost, b: Cost): number {
  return a.weight - b.weight || a.requests - b.requests || a.candles - b.candles;
}

/** A venue's price of a candle request. */
export interface PagePrice {
  candleWeight(bars: number): number;
  readonly candlesPerPage: number;
}

export interface Tiling {
  readonly pages: readonly OpenTimeRange[];
  readonly cost: Cost;
}

/** Finds the cheapest pages over missing ranges, by the venue's own price. */
export class PageTiler {
  readonly #price: PagePrice;
  /** Page sizes worth considering: the largest of each price. */
  readonly #sizes: readonly number[];

  constructor(price: PagePrice) {
    this.#price = price;
    this.#sizes = Array.from({ length: price.candlesPerPage }, (_, at) => at + 1).filter(
      (bars) => bars === price.candlesPerPage || price.candleWeight(bars + 1) > price.candleWeight(bars),
    );
  }

  /**
   * Pages that cover every bar of `ranges` (ascending, disjoint), ascending. A page may span a stretch that is not
   * needed where that is cheaper than two.
   *
   * Some cheapest cover has each page start at the first bar not covered before it and be as long as its price
   * allows; so the choice is one size a page.
   */
  tile(ranges: readonly OpenTimeRange[], step: number): Tiling {
    // From the last page to the first: what the rest costs is known when a page is chosen. A stack, not
    // recursion: a long range on a venue with small pages has many.
    const known = new Map<number, Tiling>();
    const open: number[] = [];
    const first = ranges[0]?.from;
    if (first === undefined) return EMPTY;
    open.push(first);
    for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
      const options = known.has(at) ? [] : this.#pagesFrom(at, ranges, step);
      const unknown = options.flatMap(({ next }) => (next === undefined || known.has(next) ? [] : [next]));
      if (unknown.length > 0) {
        open.push(...unknown);
        continue;
      }
      if (options.length > 0) known.set(at, this.#best(options, known, step));
      open.pop();
    }
    return known.get(first) ?? EMPTY;
  }

  /** The pages that may start at `at`, and the first bar each leaves uncovered. */
  #pagesFrom(at: number, ranges: readonly OpenTimeRange[], step: number): PageOption[] {
    return this.#sizes.map((size) => {
      const end = at + size * step;
      const last = ranges.findLast((range) => range.from < end);
      const rest = ranges.find((range) => range.to > end);
      return {
        page: { from: at, to: Math.min(end, last?.to ?? end) },
        next: rest === undefined ? undefined : Math.max(rest.from, end),
      };
    });
  }

  #best(options: readonly PageOption[], known: ReadonlyMap<number, Tiling>, step: number): Tiling {
    let best: Tiling | undefined;
    for (const { page, next } of options) {
      const rest = (next === undefined ? EMPTY : known.get(next)) ?? EMPTY;
      const candles = (page.to - page.from) / step;
      const own = { weight: this.#price.candleWeight(candles), requests: 1, candles };
      const cost = addCost(own, rest.cost);
      if (best === undefined || compareCost(cost, best.cost) < 0)
        best = { pages: [page, ...rest.pages], cost };
    }
    return best ?? EMPTY;
  }
}

interface PageOption {
  readonly page: OpenTimeRange;
  readonly next: number | undefined;
}

const EMPTY: Tiling = { pages: [], cost: NO_COST };
