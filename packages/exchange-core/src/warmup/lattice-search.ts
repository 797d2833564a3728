import { timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Timeframe } from '@livermore/schemas';
import { NO_COST, PageTiler, addCost, compareCost } from './page-tiling';
import type { Cost, PagePrice } from './page-tiling';
import { subtract, unionOf } from './ranges';

/**
 * The cheapest way to fill one symbol. Each timeframe that lacks bars is either asked of the venue or derived
 * from a shorter one; what derives puts a demand on its source, which may be filled in either way itself.
 *
 *      1d ──► 4h ──► venue            every bar a timeframe must hold = its own missing ones
 *      1h ──► 15m ──► venue                                          + what longer ones derive from it
 *      5m ──► 1m ──► venue                                           − what is cached
 */

/** What the planner knows of one timeframe of a symbol. Ranges in open times, ms, ascending and disjoint. */
export interface LatticePair {
  readonly timeframe: Timeframe;
  readonly missing: readonly OpenTimeRange[];
  /** Bars that are closed in the cache, or known not to exist. */
  readonly settled: readonly OpenTimeRange[];
  /** Where its closed bars end, ms. */
  readonly end: number;
}

export interface LatticeRules extends PagePrice {
  /** Whether a longer bar may be derived at all. */
  readonly derive: boolean;
  /** Bars a series keeps: a source cannot reach back further. */
  readonly keepBars: number;
  /** Timeframes the venue serves; all when absent. */
  readonly native?: readonly Timeframe[];
}

/** How one timeframe of a symbol is filled. */
export type FillStep =
  | { readonly fill: 'fetch'; readonly timeframe: Timeframe; readonly pages: readonly OpenTimeRange[] }
  | {
      readonly fill: 'derive';
      readonly timeframe: Timeframe;
      readonly from: Timeframe;
      /** The bars to make. */
      readonly ranges: readonly OpenTimeRange[];
    };

export interface LatticeFill {
  /** Shortest timeframe first, so that what a step derives from is there. */
  readonly steps: readonly FillStep[];
  readonly cost: Cost;
}

interface Branch {
  readonly at: number;
  readonly demands: ReadonlyMap<Timeframe, readonly OpenTimeRange[]>;
  readonly steps: readonly FillStep[];
  readonly cost: Cost;
}

/** Searches all ways with a bound: at most 720 for six timeframes, and far fewer in practice. */
export class LatticeSearch {
  readonly #rules: LatticeRules;
  readonly #tiler: PageTiler;

  constructor(rules: LatticeRules) {
    this.#rules = rules;
    this.#tiler = new PageTiler(rules);
  }

  /** @returns undefined when a timeframe the venue does not serve cannot be derived either */
  cheapest(pairs: readonly LatticePair[]): LatticeFill | undefined {
    const longestFirst = pairs.toSorted((a, b) => timeframeMs(b.timeframe) - timeframeMs(a.timeframe));
    let best: LatticeFill | undefined;
    const open: Branch[] = [{ at: 0, demands: new Map(), steps: [], cost: NO_COST }];
    for (let branch = open.pop(); branch !== undefined; branch = open.pop()) {
      if (best !== undefined && compareFill(branch, best) >= 0) continue;
      if (branch.at === longestFirst.length) best = branch;
      else open.push(...this.#decide(branch, longestFirst));
    }
    return best === undefined ? undefined : { steps: best.steps.toReversed(), cost: best.cost };
  }

  /** What one page-wise request of its own for every pair would cost. */
  naive(pairs: readonly LatticePair[]): Cost {
    return pairs.reduce(
      (sum, pair) => addCost(sum, this.#tiler.tile(pair.missing, timeframeMs(pair.timeframe)).cost),
      NO_COST,
    );
  }

  /** The ways to go on, the most promising last: it is taken up first. */
  #decide(branch: Branch, longestFirst: readonly LatticePair[]): Branch[] {
    const pair = longestFirst[branch.at];
    const next = branch.at + 1;
    if (pair === undefined) return [];
    const need = unionOf(pair.missing, branch.demands.get(pair.timeframe) ?? []);
    if (need.length === 0) return [{ ...branch, at: next }];
    const sources = this.#rules.derive ? this.#sources(need, longestFirst.slice(next)) : [];
    const derived = sources.map(({ source, demand }) => {
      const total = unionOf(branch.demands.get(source) ?? [], demand);
      return {
        ...branch,
        at: next,
        demands: new Map(branch.demands).set(source, total),
        steps: [...branch.steps, deriveStep(pair.timeframe, source, need)],
      };
    });
    const free = sources.findIndex(({ demand }) => demand.length === 0);
    const chosen = derived[free];
    if (chosen !== undefined) return [chosen];
    return [...this.#fetchBranch(branch, pair.timeframe, need), ...derived.toReversed()];
  }

  /** Shorter timeframes, longest first, that can hold all children of `need`, and what of these they lack. */
  #sources(
    need: readonly OpenTimeRange[],
    shorter: readonly LatticePair[],
  ): { source: Timeframe; demand: readonly OpenTimeRange[] }[] {
    const start = need[0]?.from ?? 0;
    return shorter.flatMap((pair) => {
      // One more for the bar in progress, which takes a place as well.
      const reach = (pair.end - start) / timeframeMs(pair.timeframe) + 1;
      if (reach > this.#rules.keepBars) return [];
      return [{ source: pair.timeframe, demand: subtract(need, pair.settled) }];
    });
  }

  #fetchBranch(branch: Branch, timeframe: Timeframe, need: readonly OpenTimeRange[]): Branch[] {
    if (this.#rules.native?.includes(timeframe) === false) return [];
    const { pages, cost } = this.#tiler.tile(need, timeframeMs(timeframe));
    const step: FillStep = { fill: 'fetch', timeframe, pages };
    return [
      {
        ...branch,
        at: branch.at + 1,
        steps: [...branch.steps, step],
        cost: addCost(branch.cost, cost),
      },
    ];
  }
}

function deriveStep(timeframe: Timeframe, from: Timeframe, ranges: readonly OpenTimeRange[]): FillStep {
  return { fill: 'derive', timeframe, from, ranges };
}

/** Among equals the venue's own bars are preferred to derived ones. */
function compareFill(a: LatticeFill, b: LatticeFill): number {
  return compareCost(a.cost, b.cost) || derivedSteps(a) - derivedSteps(b);
}

function derivedSteps(fill: LatticeFill): number {
  return fill.steps.filter((step) => step.fill === 'derive').length;
}
