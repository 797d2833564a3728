import { redisTroubleOf } from '@livermore/cache';
import { timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Timeframe } from '@livermore/schemas';
import { AppError, messageOf } from '@livermore/utils';
import type { Clock, Logger } from '@livermore/utils';
import type { CoverageReader } from '../coverage/coverage-reader';
import { UnknownSymbolError } from '../errors';
import type { PageLoader, PageReport } from '../ports';
import type { CandlePage } from '../protocol/protocol';
import { deriveSeries } from './derivation';
import type { DerivationOptions, DerivationReport, DeriveStep } from './derivation';
import type { PairState } from './freshness';
import type { SymbolPlan } from './lattice-plan';
import type { LatticeRules } from './lattice-search';
import { PageTiler } from './page-tiling';
import { openTimesOf, rangesOf, subtract } from './ranges';
import type { Slots } from './slots';

export interface SymbolFillerOptions {
  readonly loader: PageLoader;
  readonly reader: CoverageReader;
  readonly derivation: DerivationOptions;
  readonly rules: LatticeRules;
  readonly slots: Slots;
  /** Whether longer bars come first: where buckets without trades are left out, they prove that shorter ones are quiet. */
  readonly longestFirst: boolean;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly logger: Logger;
  readonly observer: FillObserver;
}

/** Told of what a fill does, as it does it. */
export interface FillObserver {
  pageStarted(page: CandlePage): void;
  pageEnded(page: CandlePage, weight: number, durationMs: number, report: PageReport | undefined): void;
  derived(report: DerivationReport): void;
  /** Requests beyond the plan; negative for those that turned out to be pointless. */
  replanned(requests: number, weight: number): void;
}

export interface PairFailure {
  readonly pair: PairState;
  readonly code: string;
  readonly message: string;
  /** Whether trying again can help. */
  readonly canRetry: boolean;
}

/** How one symbol ended: every pair of its plan is in exactly one of the lists. */
export interface FillOutcome {
  readonly symbol: string;
  readonly completed: readonly PairState[];
  /** With the pair as it is now. */
  readonly failed: readonly PairFailure[];
}

/** One fill of one symbol, while it goes. */
interface Fill {
  readonly symbol: string;
  /** Of the whole run: aborted from outside, or here by an error that stops everything. */
  readonly run: AbortController;
  /** First error of each timeframe. */
  readonly errors: Map<Timeframe, unknown>;
  /** Bars that are too young for a verdict: not there, and nobody's failure. */
  readonly unsettled: Map<Timeframe, OpenTimeRange[]>;
}

/** Fills one symbol by its plan: pages, then derivations, then a look at what is really there. */
export class SymbolFiller {
  readonly #options: SymbolFillerOptions;
  readonly #tiler: PageTiler;

  constructor(options: SymbolFillerOptions) {
    this.#options = options;
    this.#tiler = new PageTiler(options.rules);
  }

  /** @throws what stops the whole run, having aborted it: an error whose recovery is `stop`; or why it was aborted */
  async fill(plan: SymbolPlan, run: AbortController): Promise<FillOutcome> {
    const fill: Fill = { symbol: plan.symbol, run, errors: new Map(), unsettled: new Map() };
    for (const pages of this.#inTurns(plan)) await this.#load(pages, fill);
    for (const step of plan.steps) if (step.fill === 'derive') await this.#derive(step, fill);
    const pairs = await this.#look(plan.pairs, fill);
    const unmade = pairs.filter((pair) => pair.missing.length > 0 && canFallBack(plan, pair, fill));
    if (unmade.length === 0) return outcomeOf(pairs, fill);
    await this.#fetchInstead(unmade, fill);
    return outcomeOf(await this.#look(pairs, fill), fill);
  }

  /** The pages of a plan: all at once, or one timeframe after the other. */
  #inTurns({ symbol, steps }: SymbolPlan): readonly (readonly CandlePage[])[] {
    const pages = steps.map((step) => (step.fill === 'fetch' ? pagesOf(symbol, step) : []));
    return this.#options.longestFirst ? pages.toReversed() : [pages.flat()];
  }

  /** Loads pages side by side; what fails marks its timeframe and the others go on. */
  async #load(pages: readonly CandlePage[], fill: Fill): Promise<void> {
    const loads = pages.map((page) => this.#options.slots.run(() => this.#loadOne(page, fill)));
    // All of them: nothing may still be written when a run that was stopped returns.
    await Promise.allSettled(loads);
    fill.run.signal.throwIfAborted();
  }

  async #loadOne(page: CandlePage, fill: Fill): Promise<void> {
    const { loader, clock, observer, rules } = this.#options;
    fill.run.signal.throwIfAborted();
    // The venue does not know the symbol: what else there is to ask of it is pointless.
    const unknown = [...fill.errors.values()].find((error) => error instanceof UnknownSymbolError);
    const weight = rules.candleWeight((page.to - page.from) / timeframeMs(page.timeframe));
    if (unknown !== undefined) {
      fill.errors.set(page.timeframe, unknown);
      observer.replanned(-1, -weight);
      return;
    }
    const startedAt = clock.monotonicMs();
    observer.pageStarted(page);
    let report: PageReport | undefined;
    try {
      report = await loader.load(page, { lane: 'warmup', signal: fill.run.signal });
      remember(report, fill);
    } catch (error) {
      noteError(page.timeframe, error, fill);
    } finally {
      observer.pageEnded(page, weight, clock.monotonicMs() - startedAt, report);
    }
  }

  async #derive(step: DeriveStep, fill: Fill): Promise<void> {
    fill.run.signal.throwIfAborted();
    if (fill.errors.has(step.from)) return;
    try {
      const report = await deriveSeries(fill.symbol, step, this.#options.derivation);
      this.#options.observer.derived(report);
    } catch (error) {
      noteError(step.timeframe, error, fill);
    }
  }

  /** The pairs with what is missing of them now. */
  async #look(pairs: readonly PairState[], fill: Fill): Promise<PairState[]> {
    fill.run.signal.throwIfAborted();
    // Every window ends with a bar that was closed when it was planned: at its end it is closed for certain.
    const venueNow = Math.max(...pairs.map((pair) => pair.window.to));
    const queries = pairs.map((pair) => ({
      series: { symbol: pair.symbol, timeframe: pair.timeframe },
      window: pair.window,
    }));
    const coverages = await this.#options.reader.read(queries, venueNow);
    return pairs.map((pair, at) => {
      const left = coverages[at]?.missing.filter((range) => range.why === 'not-fetched') ?? pair.missing;
      const missing = subtract(left, fill.unsettled.get(pair.timeframe) ?? []);
      return { ...pair, missing, settled: subtract([pair.window], left) };
    });
  }

  /** Asks the venue for bars that should have been derived and could not be. */
  async #fetchInstead(pairs: readonly PairState[], fill: Fill): Promise<void> {
    const { observer, logger } = this.#options;
    const tilings = pairs.map((pair) => ({
      pair,
      tiling: this.#tiler.tile(pair.missing, timeframeMs(pair.timeframe)),
    }));
    for (const { pair, tiling } of tilings) {
      logger.info({
        event: 'warmup_derivation_replaced',
        symbol: pair.symbol,
        timeframe: pair.timeframe,
        requests: tiling.cost.requests,
      });
      observer.replanned(tiling.cost.requests, tiling.cost.weight);
      fill.errors.delete(pair.timeframe);
    }
    const pages = tilings.flatMap(({ pair, tiling }) =>
      pagesOf(fill.symbol, { timeframe: pair.timeframe, pages: tiling.pages }),
    );
    await this.#load(pages, fill);
  }
}

function pagesOf(
  symbol: string,
  step: { readonly timeframe: Timeframe; readonly pages: readonly OpenTimeRange[] },
): CandlePage[] {
  return step.pages.map(({ from, to }) => ({ symbol, timeframe: step.timeframe, from, to }));
}

/** A pair that was to be derived, whose source did not fail: if that failed, the venue is not asked twice now. */
function canFallBack(plan: SymbolPlan, pair: PairState, fill: Fill): boolean {
  const step = plan.steps.find((each) => each.timeframe === pair.timeframe);
  if (step?.fill !== 'derive') return false;
  return sourcesOf(plan, step).every((source) => !fill.errors.has(source));
}

/** The timeframes a derivation rests on, one under the other. */
function sourcesOf(plan: SymbolPlan, step: DeriveStep): Timeframe[] {
  const below = plan.steps.find((each) => each.timeframe === step.from);
  return below?.fill === 'derive' ? [step.from, ...sourcesOf(plan, below)] : [step.from];
}

function remember(report: PageReport, fill: Fill): void {
  const { timeframe } = report.page;
  if (report.unsettled.length === 0) return;
  const ranges = fill.unsettled.get(timeframe) ?? [];
  fill.unsettled.set(timeframe, [...ranges, ...rangesOf(report.unsettled, timeframeMs(timeframe))]);
}

function noteError(timeframe: Timeframe, error: unknown, fill: Fill): void {
  fill.run.signal.throwIfAborted();
  if (stopsEverything(error)) {
    fill.run.abort(error);
    throw error;
  }
  if (!fill.errors.has(timeframe)) fill.errors.set(timeframe, error);
}

/** What the next page would meet as well: fetching on would cost the venue's allowance for nothing. */
function stopsEverything(error: unknown): boolean {
  return (error instanceof AppError && error.recovery === 'stop') || redisTroubleOf(error) !== undefined;
}

function outcomeOf(pairs: readonly PairState[], fill: Fill): FillOutcome {
  return {
    symbol: fill.symbol,
    completed: pairs.filter((pair) => pair.missing.length === 0),
    failed: pairs.filter((pair) => pair.missing.length > 0).map((pair) => failureOf(pair, fill)),
  };
}

function failureOf(pair: PairState, fill: Fill): PairFailure {
  const error = fill.errors.get(pair.timeframe) ?? [...fill.errors.values()][0];
  if (error === undefined) {
    const count = openTimesOf(pair.missing, timeframeMs(pair.timeframe)).length;
    const message = `${count} candles are still missing although the venue answered`;
    return { pair, code: 'STILL_MISSING', message, canRetry: true };
  }
  const code = error instanceof AppError ? error.code : 'UNEXPECTED';
  const isFinal = error instanceof UnknownSymbolError || code === 'EXCHANGE_REJECTED';
  return { pair, code, message: messageOf(error), canRetry: !isFinal };
}
