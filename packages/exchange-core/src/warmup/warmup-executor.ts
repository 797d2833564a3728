import { HARDCODED_CONFIG } from '@livermore/schemas';
import { messageOf } from '@livermore/utils';
import type { Clock, Logger } from '@livermore/utils';
import type { CoverageReader } from '../coverage/coverage-reader';
import type { PageLoader } from '../ports';
import type { DerivationOptions } from './derivation';
import { LatencyMeter } from './estimate';
import { planWarmup } from './lattice-plan';
import type { SymbolPlan, WarmupPlan } from './lattice-plan';
import type { LatticeRules } from './lattice-search';
import { Slots } from './slots';
import { SymbolFiller } from './symbol-filler';
import type { FillObserver, FillOutcome, PairFailure } from './symbol-filler';
import type { WarmupReporter } from './warmup-reporter';

export interface WarmupExecutorOptions {
  readonly loader: PageLoader;
  readonly reader: CoverageReader;
  readonly derivation: DerivationOptions;
  readonly rules: LatticeRules;
  /** As of SymbolFiller. */
  readonly longestFirst: boolean;
  readonly reporter: WarmupReporter;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly logger: Logger;
  /** How long what is left will take, ms. */
  readonly estimate: (left: WorkLeft) => number;
  readonly meter: LatencyMeter;
  /** What a candle of an answer is expected to cost this machine, ms. */
  readonly candleMs: number;
  readonly concurrency?: number;
}

export interface WorkLeft {
  readonly requests: number;
  readonly weight: number;
  readonly latencyMs: number;
}

/** What a run brought, in bars. */
export interface ExecutionTotals {
  readonly fetched: number;
  readonly derived: number;
  readonly absent: number;
  readonly unsettled: number;
}

/**
 * Carries out a plan, symbol by symbol in its order, with as many requests in flight as are allowed: the sender
 * paces them, this bounds them. A pair that fails is recorded and the rest goes on; what failed and may succeed is
 * planned again and tried once more at the end.
 */
export class WarmupExecutor {
  readonly #options: WarmupExecutorOptions;
  /** How long symbols took from their first request to their last derived bar. */
  #symbolMeter = new LatencyMeter({ guessMs: 0, quantile: 0.5 });
  #workers = 1;
  readonly #totals = { fetched: 0, derived: 0, absent: 0, unsettled: 0 };

  constructor(options: WarmupExecutorOptions) {
    this.#options = options;
  }

  /** @throws BannedError, BlockedError and whatever else stops everything, or the signal's reason */
  async execute(plan: WarmupPlan, signal: AbortSignal): Promise<ExecutionTotals> {
    this.#expect(plan);
    const failed = await this.#run(plan.symbols, signal);
    const again = this.#planAgain(failed);
    if (again.length > 0) await this.#run(again, signal);
    return this.#totals;
  }

  /** Until a symbol is done, each is expected to take its share of what the machine needs for all of them. */
  #expect({ symbols, cost }: WarmupPlan): void {
    const { candleMs, concurrency = HARDCODED_CONFIG.warmup.maxConcurrentRequests } = this.#options;
    const machineMs = cost.candles * candleMs;
    const guessMs = (machineMs / Math.max(1, symbols.length)) * workersFor(symbols, concurrency);
    this.#symbolMeter = new LatencyMeter({ guessMs, quantile: 0.5 });
  }

  /** @returns what failed and may be tried again */
  async #run(symbols: readonly SymbolPlan[], signal: AbortSignal): Promise<PairFailure[]> {
    const run = new AbortController();
    const abort = () => run.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await this.#runAll(symbols, run);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async #runAll(symbols: readonly SymbolPlan[], run: AbortController): Promise<PairFailure[]> {
    const concurrency = this.#options.concurrency ?? HARDCODED_CONFIG.warmup.maxConcurrentRequests;
    const filler = this.#filler(new Slots(concurrency));
    const waiting = symbols.values();
    const failures: PairFailure[] = [];
    const work = async () => {
      // One iterator shared by all workers: each takes the next symbol of the plan's order.
      for (const plan of waiting) {
        run.signal.throwIfAborted();
        const startedAt = this.#options.clock.monotonicMs();
        const outcome = await filler.fill(plan, run);
        this.#symbolMeter.add(this.#options.clock.monotonicMs() - startedAt);
        this.#settle(outcome);
        failures.push(...outcome.failed.filter((failure) => failure.canRetry));
      }
    };
    this.#workers = workersFor(symbols, concurrency);
    const workers = Array.from({ length: this.#workers }, () =>
      // The first error ends the others, so that nothing is still being written when this returns.
      work().catch((error: unknown) => run.abort(error)),
    );
    await Promise.all(workers);
    run.signal.throwIfAborted();
    return failures;
  }

  #settle(outcome: FillOutcome): void {
    const { reporter, logger } = this.#options;
    outcome.completed.forEach(() => reporter.report({ type: 'pair-completed' }));
    for (const { pair, code, message } of outcome.failed) {
      const { symbol, timeframe } = pair;
      logger.warn({ event: 'warmup_pair_failed', symbol, timeframe, code, error: message });
      reporter.report({ type: 'pair-failed', failure: { symbol, timeframe, code, message } });
    }
    reporter.report({ type: 'symbol-settled' });
  }

  /** A plan for what failed, from what is missing of it now. */
  #planAgain(failed: readonly PairFailure[]): readonly SymbolPlan[] {
    const { reporter, rules, logger } = this.#options;
    if (failed.length === 0) return [];
    const again = planWarmup(
      failed.map((failure) => failure.pair),
      rules,
    );
    logger.info({ event: 'warmup_second_pass', pairs: failed.length, requests: again.cost.requests });
    for (const { pair } of failed) {
      reporter.report({ type: 'pair-retried', symbol: pair.symbol, timeframe: pair.timeframe });
    }
    again.symbols.forEach(() => reporter.report({ type: 'symbol-retried' }));
    reporter.report({ type: 'replanned', requests: again.cost.requests, weight: again.cost.weight });
    return again.symbols;
  }

  #filler(slots: Slots): SymbolFiller {
    const { loader, reader, derivation, rules, longestFirst, clock, logger } = this.#options;
    const observer = this.#observer();
    return new SymbolFiller({
      loader,
      reader,
      derivation,
      rules,
      longestFirst,
      clock,
      logger,
      slots,
      observer,
    });
  }

  /** How long what is left will take, ms: what the venue allows, or what this machine manages, if that is less. */
  etaMs(): number {
    const { reporter, meter, estimate } = this.#options;
    const { requestsPlanned, requestsDone, weightPlanned, weightSpent, remainingSymbols } = reporter.stats;
    const byVenue = estimate({
      requests: requestsPlanned - requestsDone,
      weight: weightPlanned - weightSpent,
      latencyMs: meter.latencyMs,
    });
    // Of the symbols under way half of the work is done, on the average.
    const symbolsLeft = remainingSymbols - Math.min(remainingSymbols, this.#workers) / 2;
    return Math.max(byVenue, (symbolsLeft * this.#symbolMeter.latencyMs) / this.#workers);
  }

  #observer(): FillObserver {
    const { reporter, meter } = this.#options;
    return {
      pageStarted: ({ symbol, timeframe }) => reporter.report({ type: 'page-started', symbol, timeframe }),
      pageEnded: (_page, weight, durationMs, report) => {
        meter.add(durationMs);
        this.#totals.fetched += report?.written ?? 0;
        this.#totals.absent += report?.absent.length ?? 0;
        this.#totals.unsettled += report?.unsettled.length ?? 0;
        reporter.report({ type: 'page-ended', weight });
        reporter.report({ type: 'tick', etaMs: this.etaMs() });
      },
      derived: (report) => {
        this.#totals.derived += report.written;
      },
      replanned: (requests, weight) => reporter.report({ type: 'replanned', requests, weight }),
    };
  }
}

/**
 * Symbols worked on at once: enough that their pages fill every place while others derive, and no more, so that
 * the first ones are done early.
 */
function workersFor(symbols: readonly SymbolPlan[], concurrency: number): number {
  const pages = symbols.reduce((sum, plan) => sum + pagesIn(plan), 0);
  const perSymbol = Math.max(1, pages / Math.max(1, symbols.length));
  return Math.min(symbols.length, Math.ceil(concurrency / perSymbol) + Math.ceil(concurrency / 4));
}

function pagesIn(plan: SymbolPlan): number {
  return plan.steps.reduce((sum, step) => sum + (step.fill === 'fetch' ? step.pages.length : 0), 0);
}

/** Code and message of whatever ended a run. */
export function errorOf(error: unknown): { readonly code: string; readonly message: string } {
  const code =
    typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
      ? error.code
      : 'UNEXPECTED';
  return { code, message: messageOf(error) };
}
