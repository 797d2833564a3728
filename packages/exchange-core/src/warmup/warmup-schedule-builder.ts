import { warmupScheduleKey } from '@livermore/cache';
import type { RedisClient } from '@livermore/cache';
import { timeframeMs } from '@livermore/schemas';
import { logger, systemClock } from '@livermore/utils';
import type { Clock, Logger } from '@livermore/utils';
import { stepOf } from './lattice-plan';
import type { SymbolPlan, WarmupPlan } from './lattice-plan';
import { countBars } from './ranges';
import { DEFAULT_CANDLE_TARGET } from './types';
import type { CandleStatusResult, WarmupSchedule, WarmupScheduleEntry } from './types';

/** Ranges told for one entry: the rest is counted. */
const RANGES_TOLD = 8;

/** What is known beyond the counts: all of it goes into the schedule. */
export interface ScheduleExtras {
  readonly runId?: string;
  readonly plan?: WarmupPlan;
  readonly etaMs?: number;
}

/** Writes down what a warmup will do, before it does it. */
export class WarmupScheduleBuilder {
  readonly #redis: Pick<RedisClient, 'set'>;
  readonly #exchangeId: number;
  readonly #target: number;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #logger: Logger;

  constructor(options: {
    readonly redis: Pick<RedisClient, 'set'>;
    readonly exchangeId: number;
    readonly target?: number;
    readonly clock?: Pick<Clock, 'now'>;
    readonly logger?: Logger;
  }) {
    this.#redis = options.redis;
    this.#exchangeId = options.exchangeId;
    this.#target = options.target ?? DEFAULT_CANDLE_TARGET;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? logger;
  }

  /** The schedule: an entry for each pair that is not sufficient, in the order of the scan. */
  build(scanResults: readonly CandleStatusResult[], extras: ScheduleExtras = {}): WarmupSchedule {
    const plans = new Map(extras.plan?.symbols.map((plan) => [plan.symbol, plan]));
    const entries = scanResults
      .filter((result) => !result.sufficient)
      .map((result) => this.#entryOf(result, plans.get(result.symbol)));
    return {
      exchangeId: this.#exchangeId,
      createdAt: this.#clock.now(),
      totalPairs: scanResults.length,
      sufficientPairs: scanResults.length - entries.length,
      needsFetching: entries.length,
      entries,
      ...(extras.runId === undefined ? {} : { runId: extras.runId }),
      ...(extras.etaMs === undefined ? {} : { etaMs: extras.etaMs }),
      ...(extras.plan === undefined ? {} : costsOf(extras.plan)),
    };
  }

  /** Builds the schedule and stores it, so that any other program can read what will happen. */
  async buildAndPersist(
    scanResults: readonly CandleStatusResult[],
    extras: ScheduleExtras = {},
  ): Promise<WarmupSchedule> {
    const schedule = this.build(scanResults, extras);
    await this.persist(schedule);
    return schedule;
  }

  /** Stores a schedule. */
  async persist(schedule: WarmupSchedule): Promise<void> {
    await this.#redis.set(warmupScheduleKey(this.#exchangeId), JSON.stringify(schedule));
    this.#logger.info({
      event: 'warmup_schedule_persisted',
      key: warmupScheduleKey(this.#exchangeId),
      totalPairs: schedule.totalPairs,
      sufficientPairs: schedule.sufficientPairs,
      needsFetching: schedule.needsFetching,
    });
  }

  #entryOf(result: CandleStatusResult, plan: SymbolPlan | undefined): WarmupScheduleEntry {
    const { symbol, timeframe, cachedCount, reason, missing } = result;
    const step = plan === undefined ? undefined : stepOf(plan, timeframe);
    return {
      symbol,
      timeframe,
      cachedCount,
      targetCount: this.#target,
      ...(reason === undefined ? {} : { reason }),
      ...(missing === undefined ? {} : { missing: missing.slice(0, RANGES_TOLD) }),
      ...(missing === undefined ? {} : { missingCandles: countBars(missing, timeframeMs(timeframe)) }),
      ...(step === undefined ? {} : { fill: step.fill }),
      ...(step?.fill === 'derive' ? { derivedFrom: step.from } : {}),
    };
  }
}

function costsOf(plan: WarmupPlan): Partial<WarmupSchedule> {
  return {
    requests: plan.cost.requests,
    weight: plan.cost.weight,
    requestsByTimeframe: plan.byTimeframe.map(({ timeframe, requests, candles, weight }) => ({
      timeframe,
      requests,
      candles,
      weight,
    })),
    naiveRequests: plan.naive.requests,
    naiveWeight: plan.naive.weight,
  };
}
