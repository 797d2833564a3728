import { HARDCODED_CONFIG, timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Timeframe } from '@livermore/schemas';
import type { ExchangeProtocol } from '../protocol/protocol';
import { groupBySymbol } from './freshness';
import type { PairState } from './freshness';
import { LatticeSearch } from './lattice-search';
import type { FillStep, LatticeFill, LatticePair, LatticeRules } from './lattice-search';
import { NO_COST, addCost } from './page-tiling';
import type { Cost } from './page-tiling';

/** How one symbol is filled. */
export interface SymbolPlan {
  readonly symbol: string;
  /** The pairs that need work, as they were judged. */
  readonly pairs: readonly PairState[];
  /** Shortest timeframe first. */
  readonly steps: readonly FillStep[];
}

export interface WarmupPlan {
  /** Symbols that need work, in the order asked for. */
  readonly symbols: readonly SymbolPlan[];
  /** What it costs, and what one request of its own for each pair would. */
  readonly cost: Cost;
  readonly naive: Cost;
  readonly byTimeframe: readonly (Cost & { readonly timeframe: Timeframe })[];
}

/**
 * The rules of a venue.
 * @param derive whether longer bars may be made of shorter ones; by default where that is exact
 */
export function latticeRulesOf(
  protocol: Pick<ExchangeProtocol, 'derivation' | 'rest'>,
  derive: boolean = protocol.derivation === 'exact',
): LatticeRules {
  const { rest } = protocol;
  return {
    candleWeight: (bars) => rest.candleWeight(bars),
    candlesPerPage: rest.limits.candlesPerPage,
    derive,
    keepBars: HARDCODED_CONFIG.cache.maxCandlesPerSeries,
  };
}

/**
 * Plans the cheapest set of requests after which every missing bar of every pair is fetched or can be derived.
 * Pure. Symbols in the same state share one search.
 * @throws when a timeframe the venue does not serve cannot be derived
 */
export function planWarmup(states: readonly PairState[], rules: LatticeRules): WarmupPlan {
  const search = new LatticeSearch(rules);
  const known = new Map<string, { fill: LatticeFill; naive: Cost }>();
  const symbols: SymbolPlan[] = [];
  let [cost, naive] = [NO_COST, NO_COST];
  for (const [symbol, pairs] of groupBySymbol(states)) {
    const needy = pairs.filter((pair) => pair.missing.length > 0);
    if (needy.length === 0) continue;
    const lattice = pairs.map(latticePairOf);
    const shape = shapeOf(lattice);
    const found = known.get(shape) ?? { fill: fillOf(search, lattice), naive: search.naive(lattice) };
    known.set(shape, found);
    symbols.push({ symbol, pairs: needy, steps: found.fill.steps });
    cost = addCost(cost, found.fill.cost);
    naive = addCost(naive, found.naive);
  }
  return { symbols, cost, naive, byTimeframe: costByTimeframe(symbols, rules) };
}

/** The step that fills a timeframe, where one does. */
export function stepOf(plan: SymbolPlan, timeframe: Timeframe): FillStep | undefined {
  return plan.steps.find((step) => step.timeframe === timeframe);
}

function latticePairOf(state: PairState): LatticePair {
  const { timeframe, missing, settled, window } = state;
  return { timeframe, missing, settled, end: window.to };
}

/** Equal texts for equal problems. What is settled says what is missing, except for shallow pairs: both are told. */
function shapeOf(pairs: readonly LatticePair[]): string {
  return pairs
    .map((pair) => `${pair.timeframe}@${pair.end}:${textOf(pair.missing)}/${textOf(pair.settled)}`)
    .join(' ');
}

function textOf(ranges: readonly OpenTimeRange[]): string {
  return ranges.map(({ from, to }) => `${from}-${to}`).join(',');
}

function fillOf(search: LatticeSearch, pairs: readonly LatticePair[]): LatticeFill {
  const fill = search.cheapest(pairs);
  if (fill === undefined) throw new Error('a timeframe the venue does not serve cannot be derived either');
  return fill;
}

function costByTimeframe(symbols: readonly SymbolPlan[], rules: LatticeRules): WarmupPlan['byTimeframe'] {
  const costs = new Map<Timeframe, Cost>();
  for (const step of symbols.flatMap((symbol) => symbol.steps)) {
    if (step.fill !== 'fetch') continue;
    for (const page of step.pages) {
      const candles = (page.to - page.from) / timeframeMs(step.timeframe);
      const own = { weight: rules.candleWeight(candles), requests: 1, candles };
      costs.set(step.timeframe, addCost(costs.get(step.timeframe) ?? NO_COST, own));
    }
  }
  return [...costs].map(([timeframe, cost]) => ({ timeframe, ...cost }));
}
