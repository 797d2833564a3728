import { randomUUID } from 'node:crypto';
import { AbsenceStore, CandleCacheStrategy } from '@livermore/cache';
import type { RedisClient } from '@livermore/cache';
import { HARDCODED_CONFIG, openTimeOf } from '@livermore/schemas';
import type { Timeframe } from '@livermore/schemas';
import type { Clock, Logger } from '@livermore/utils';
import { CoverageReader } from '../coverage/coverage-reader';
import type { HistorySink, PageLoader, VenueTime } from '../ports';
import type { ExchangeProtocol, WeightLimit } from '../protocol/protocol';
import { bulkShareOf } from '../rest/weight-budget';
import { CandleStatusScanner } from './candle-status-scanner';
import { LatencyMeter, estimateMs } from './estimate';
import { readFreshness } from './freshness';
import type { PairState } from './freshness';
import { latticeRulesOf, planWarmup } from './lattice-plan';
import type { WarmupPlan } from './lattice-plan';
import type { LatticeRules } from './lattice-search';
import { withReach } from './reach';
import { DEFAULT_CANDLE_TARGET, MAX_CANDLE_TARGET, SCAN_TIMEFRAME_ORDER } from './types';
import type { WarmupReport, WarmupSchedule, WarmupStats } from './types';
import { WarmupExecutor, errorOf } from './warmup-executor';
import type { ExecutionTotals, WorkLeft } from './warmup-executor';
import { WarmupReporter } from './warmup-reporter';
import { WarmupScheduleBuilder } from './warmup-schedule-builder';
import { initialStats } from './warmup-stats';

/** What is known of the venue's allowance: for the ETA, never for pacing. */
export interface BudgetFacts {
  readonly limit: WeightLimit;
  /** Weight counted against this address in the current window. */
  readonly used: number;
  /** Of what we charge, the share (0..1) that the venue counts. */
  readonly countedShare: number;
  /** From a request until its answer, as measured, ms; a guess where absent. */
  readonly roundTripMs?: number;
}

export interface WarmupOptions {
  readonly redis: Pick<
    RedisClient,
    | 'eval'
    | 'evalsha'
    | 'expire'
    | 'set'
    | 'zadd'
    | 'zcard'
    | 'zrangebyscore'
    | 'zrangebyscoreBuffer'
    | 'zrangeBuffer'
    | 'zrem'
    | 'zremrangebyrank'
  >;
  readonly exchangeId: number;
  /** Name of the exchange, as candles carry it. */
  readonly exchangeName: string;
  /** In order of importance: the first are filled first. */
  readonly symbols: readonly string[];
  readonly timeframes?: readonly Timeframe[];
  /** Candles each series is brought to. */
  readonly target?: number;
  /** Whether longer bars may be made of shorter ones; by default where that is exact. */
  readonly derive?: boolean;
  readonly protocol: Pick<ExchangeProtocol, 'derivation' | 'emptyBuckets' | 'rest'>;
  readonly venueTime: VenueTime;
  readonly loader: PageLoader;
  readonly sink: HistorySink;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly budget?: () => BudgetFacts;
  readonly concurrency?: number;
  /** Time (ms) this machine takes to read, judge and store a candle of an answer; a guess where absent. For the ETA. */
  readonly candleMs?: number;
  readonly runId?: string;
  readonly onProgress?: (stats: WarmupStats) => void;
}

/** What a run would do. */
export interface WarmupPreview {
  readonly schedule: WarmupSchedule;
  readonly plan: WarmupPlan;
  readonly states: readonly PairState[];
}

/** From a request until its answer (ms), assumed until that is measured: a venue far away. */
const ROUND_TRIP_GUESS_MS = 230;
/** Time (ms) assumed for a candle of an answer to be read, judged and stored, where nobody has measured the machine. */
const CANDLE_GUESS_MS = 0.01;
/** A bar that closed this recently (ms) at most is waited for; a venue that is slower says so bar by bar. */
const MAX_SETTLE_WAIT_MS = 5_000;
/** How often the stats say that the run is alive although nothing happens, ms. */
const TICK_MS = 1_000;

/**
 * Makes the cache deep, fresh and without holes: scan → judge → plan → execute, reported as it goes. It can be
 * killed at any point; the next run scans again and does only the rest.
 *
 *     scan ─► judge ─► plan ─► schedule in Redis ─► pages under the budget ─► derivations ─► report
 */
export class Warmup {
  readonly #options: WarmupOptions;
  readonly #target: number;
  readonly #timeframes: readonly Timeframe[];
  readonly #rules: LatticeRules;
  readonly #reader: CoverageReader;
  readonly #cache: CandleCacheStrategy;
  readonly #absences: AbsenceStore;
  readonly #builder: WarmupScheduleBuilder;
  readonly #runId: string;

  constructor(options: WarmupOptions) {
    const { redis, exchangeId, clock, logger } = options;
    this.#options = options;
    this.#target = Math.min(
      Math.max(1, Math.floor(options.target ?? DEFAULT_CANDLE_TARGET)),
      MAX_CANDLE_TARGET,
    );
    this.#timeframes = options.timeframes ?? SCAN_TIMEFRAME_ORDER;
    this.#rules = latticeRulesOf(options.protocol, options.derive);
    this.#cache = new CandleCacheStrategy(redis);
    this.#absences = new AbsenceStore(redis);
    this.#reader = new CoverageReader({ exchangeId, cache: this.#cache, absences: this.#absences });
    this.#builder = new WarmupScheduleBuilder({ redis, exchangeId, clock, logger, target: this.#target });
    this.#runId = options.runId ?? randomUUID();
  }

  /** What a run would do now. Asks nothing of the venue and writes nothing. */
  async plan(): Promise<WarmupPreview> {
    const now = this.#options.venueTime.now();
    const states = await this.#judge(now);
    return this.#preview(states, this.#settleWaitMs(now));
  }

  /** Runs to its end, whatever that is: the report says which. Never rejects. */
  async run(signal: AbortSignal = new AbortController().signal): Promise<WarmupReport> {
    const { clock, logger } = this.#options;
    const startedAt = clock.now();
    const reporter = this.#reporter(startedAt);
    await reporter.flush();
    let totals: ExecutionTotals = { fetched: 0, derived: 0, absent: 0, unsettled: 0 };
    let cause: unknown;
    try {
      totals = await this.#steps(reporter, signal);
      reporter.report({ type: 'finished' });
    } catch (error) {
      cause = error;
      if (signal.aborted) reporter.report({ type: 'stopped' });
      else {
        const { code, message } = errorOf(error);
        logger.error({ event: 'warmup_failed', runId: this.#runId, code, error: message });
        reporter.report({ type: 'error', code, message });
      }
    } finally {
      await reporter.flush();
    }
    const report = reportOf(reporter.stats, totals, cause);
    const { status, durationMs } = report;
    logger.info({ event: 'warmup_end', runId: this.#runId, status, durationMs, ...totals });
    return report;
  }

  async #steps(reporter: WarmupReporter, signal: AbortSignal): Promise<ExecutionTotals> {
    const states = await this.#judge(await this.#settledNow(signal), () =>
      reporter.report({ type: 'planning' }),
    );
    signal.throwIfAborted();
    const { schedule, plan } = this.#preview(states);
    await this.#builder.persist(schedule);
    reporter.report({
      type: 'planned',
      totalPairs: schedule.totalPairs,
      sufficientPairs: schedule.sufficientPairs,
      totalSymbols: new Set(states.map((state) => state.symbol)).size,
      needySymbols: plan.symbols.length,
      requests: plan.cost.requests,
      weight: plan.cost.weight,
      etaMs: schedule.etaMs ?? 0,
    });
    await reporter.flush();
    const executor = this.#executor(reporter);
    const stopTicking = this.#tick(() => reporter.report({ type: 'tick', etaMs: executor.etaMs() }));
    try {
      return await executor.execute(plan, signal);
    } finally {
      stopTicking();
    }
  }

  /** Depth, then freshness and continuity, at one instant of the venue's clock. */
  async #judge(venueNow: number, onScanned: () => void = () => undefined): Promise<PairState[]> {
    const { redis, exchangeId, logger, symbols } = this.#options;
    const scanner = new CandleStatusScanner({ redis, exchangeId, logger });
    const counted = await scanner.scanExchange([...new Set(symbols)], this.#timeframes);
    onScanned();
    const reader = this.#reader;
    const states = await readFreshness(counted, { reader, target: this.#target, venueNow });
    if (!this.#rules.derive) return states;
    return withReach(states, { reader, venueNow, keepBars: this.#rules.keepBars });
  }

  /** `waitMs`: what passes before a run asks for anything. */
  #preview(states: readonly PairState[], waitMs = 0): WarmupPreview {
    // The scan goes by timeframe; work goes by symbol, in the order the symbols were asked for.
    const plan = planWarmup(states, this.#rules);
    const candleMs = this.#candleMs;
    const pageMs = (candleMs * plan.cost.candles) / Math.max(1, plan.cost.requests);
    const byVenue = this.#estimate({ ...plan.cost, latencyMs: this.#roundTripMs + pageMs });
    // The machine has nothing to do before the first answer, and goes on after the last.
    const byMachine = this.#roundTripMs + plan.cost.candles * candleMs;
    const etaMs = plan.cost.requests === 0 ? 0 : waitMs + Math.max(byVenue, byMachine);
    return { schedule: this.#builder.build(states, { runId: this.#runId, plan, etaMs }), plan, states };
  }

  /**
   * The venue's time, once the newest closed bars can be asked for. Were one left out because it is too young, it
   * would fall between history and stream: too late for the one, too early for the other.
   */
  async #settledNow(signal: AbortSignal): Promise<number> {
    const { venueTime, clock } = this.#options;
    const now = venueTime.now();
    const waitMs = this.#settleWaitMs(now);
    if (waitMs === 0) return now;
    await clock.sleep(waitMs, signal);
    return Math.max(venueTime.now(), now);
  }

  /** How long from `now` (the venue's, ms) until the newest closed bars can be asked for. */
  #settleWaitMs(now: number): number {
    const { settleMs } = this.#options.protocol.rest.limits;
    const shortest = SCAN_TIMEFRAME_ORDER.findLast((timeframe) => this.#timeframes.includes(timeframe));
    if (shortest === undefined) return 0;
    return Math.max(0, openTimeOf(shortest, now) + Math.min(settleMs, MAX_SETTLE_WAIT_MS) - now);
  }

  #estimate(left: WorkLeft): number {
    const { budget, protocol, concurrency, venueTime } = this.#options;
    const { limit, used, countedShare, roundTripMs }: BudgetFacts = budget?.() ?? {
      limit: protocol.rest.limits.budget,
      used: 0,
      countedShare: 1,
    };
    const pageMs = this.#candleMs * this.#rules.candlesPerPage;
    const share = bulkShareOf(limit);
    return estimateMs({
      weight: left.weight * countedShare,
      requests: left.requests,
      limit: limit.weight,
      perMs: limit.perMs,
      window: limit.window,
      reserve: 1 - (1 - limit.reserve) * share,
      alreadyUsed: used,
      now: venueTime.now(),
      // Where every request waits for its turn, all that are timed took longer than they need.
      latencyMs: Math.min(left.latencyMs, (roundTripMs ?? Number.POSITIVE_INFINITY) + pageMs),
      concurrency: concurrency ?? HARDCODED_CONFIG.warmup.maxConcurrentRequests,
    });
  }

  get #candleMs(): number {
    return this.#options.candleMs ?? CANDLE_GUESS_MS;
  }

  get #roundTripMs(): number {
    return this.#options.budget?.().roundTripMs ?? ROUND_TRIP_GUESS_MS;
  }

  #executor(reporter: WarmupReporter): WarmupExecutor {
    const { loader, sink, venueTime, logger, exchangeId, exchangeName, concurrency } = this.#options;
    return new WarmupExecutor({
      loader,
      // What is waited for passes on the venue's time, which nobody sets.
      clock: { monotonicMs: () => venueTime.now() },
      logger,
      meter: new LatencyMeter({ guessMs: this.#roundTripMs, quantile: 0.1 }),
      candleMs: this.#candleMs,
      reporter,
      rules: this.#rules,
      longestFirst: this.#options.protocol.emptyBuckets === 'omitted',
      reader: this.#reader,
      derivation: {
        exchangeId,
        exchangeName,
        sink,
        cache: this.#cache,
      },
      estimate: (left) => this.#estimate(left),
      ...(concurrency === undefined ? {} : { concurrency }),
    });
  }

  #reporter(startedAt: number): WarmupReporter {
    const { redis, clock, logger, exchangeId, onProgress } = this.#options;
    const initial = initialStats({ runId: this.#runId, exchangeId, startedAt });
    return new WarmupReporter(initial, {
      redis,
      clock,
      logger,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
  }

  /** Keeps the stats alive and their ETA falling while requests wait for the venue's allowance. */
  #tick(onTick: () => void): () => void {
    const { clock } = this.#options;
    let cancel: (() => void) | undefined;
    const arm = () => {
      cancel = clock.setTimer(() => {
        onTick();
        arm();
      }, TICK_MS);
    };
    arm();
    return () => cancel?.();
  }
}

function reportOf(stats: WarmupStats, totals: ExecutionTotals, cause: unknown): WarmupReport {
  const { status } = stats;
  return {
    runId: stats.runId,
    status:
      status === 'complete' || status === 'incomplete' || status === 'stopped' || status === 'error'
        ? status
        : 'error',
    stats,
    durationMs: (stats.finishedAt ?? stats.updatedAt) - stats.startedAt,
    candlesFetched: totals.fetched,
    candlesDerived: totals.derived,
    absent: totals.absent,
    unsettled: totals.unsettled,
    ...(cause === undefined ? {} : { cause }),
  };
}
