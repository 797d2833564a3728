import { HARDCODED_CONFIG, TimeframeSchema } from '@livermore/schemas';
import { z } from 'zod';

/**
 * What a warmup says about itself. The schedule and the stats are JSON in Redis that any other program may read;
 * whatever is beyond the first fields of each is additive and optional. Times are ms since the epoch.
 */

/** The order in which a scan looks at timeframes: largest first. */
export const SCAN_TIMEFRAME_ORDER = ['1d', '4h', '1h', '15m', '5m', '1m'] as const;

/** Cached candles from which on a series is deep enough. */
export const MIN_CANDLE_THRESHOLD = 60;

/** Candles a warmup brings a series to. */
export const DEFAULT_CANDLE_TARGET = 100;

/** Closed candles a series can hold: it keeps a place for the bar in progress. */
export const MAX_CANDLE_TARGET = HARDCODED_CONFIG.cache.maxCandlesPerSeries - 1;

/**
 * Why a pair needs work: nothing is cached; too little is; the newest closed candle is not there; or one before it
 * is not.
 */
export const EntryReasonSchema = z.enum(['empty', 'low-count', 'stale', 'gap']);
export type EntryReason = z.infer<typeof EntryReasonSchema>;

/** Half-open range of open times, ms. */
const RangeSchema = z.object({ from: z.int(), to: z.int() });

export const CandleStatusResultSchema = z.object({
  symbol: z.string(),
  timeframe: TimeframeSchema,
  /** Members of the sorted set. */
  cachedCount: z.int().nonnegative(),
  sufficient: z.boolean(),
  reason: EntryReasonSchema.optional(),
  /** What is to be asked for, ascending. */
  missing: z.array(RangeSchema).readonly().optional(),
});
export type CandleStatusResult = Readonly<z.infer<typeof CandleStatusResultSchema>>;

export const WarmupScheduleEntrySchema = z.object({
  symbol: z.string(),
  timeframe: TimeframeSchema,
  cachedCount: z.int().nonnegative(),
  targetCount: z.int().positive(),
  reason: EntryReasonSchema.optional(),
  /** The first ranges of what is missing; `missingCandles` counts all of it. */
  missing: z.array(RangeSchema).readonly().optional(),
  missingCandles: z.int().nonnegative().optional(),
  /** How it will be filled: asked of the venue, or derived from a shorter timeframe. */
  fill: z.enum(['fetch', 'derive']).optional(),
  /** The timeframe it will be derived from. */
  derivedFrom: TimeframeSchema.optional(),
});
export type WarmupScheduleEntry = Readonly<z.infer<typeof WarmupScheduleEntrySchema>>;

/** What the requests of one timeframe come to. */
const PlannedRequestsSchema = z.object({
  timeframe: TimeframeSchema,
  requests: z.int().nonnegative(),
  candles: z.int().nonnegative(),
  weight: z.number().nonnegative(),
});

export const WarmupScheduleSchema = z.object({
  exchangeId: z.int(),
  createdAt: z.int(),
  totalPairs: z.int().nonnegative(),
  sufficientPairs: z.int().nonnegative(),
  needsFetching: z.int().nonnegative(),
  entries: z.array(WarmupScheduleEntrySchema).readonly(),
  runId: z.string().optional(),
  /** Requests that will be made, and their price in the venue's weight. */
  requests: z.int().nonnegative().optional(),
  weight: z.number().nonnegative().optional(),
  /** How long it will take, ms. */
  etaMs: z.number().nonnegative().optional(),
  /** The requests by timeframe: their list would be as long as the schedule again. */
  requestsByTimeframe: z.array(PlannedRequestsSchema).readonly().optional(),
  /** What one page for each pair would cost: the plan is never dearer. */
  naiveRequests: z.int().nonnegative().optional(),
  naiveWeight: z.number().nonnegative().optional(),
});
export type WarmupSchedule = Readonly<z.infer<typeof WarmupScheduleSchema>>;

/**
 * `incomplete`: the run ended and some pairs failed. `error`: it could not go on; `error` says why. `stopped`: it
 * was asked to stop. After any of them the next run does only the rest.
 */
export const WarmupStatusSchema = z.enum([
  'scanning',
  'planning',
  'executing',
  'complete',
  'incomplete',
  'stopped',
  'error',
]);
export type WarmupStatus = z.infer<typeof WarmupStatusSchema>;

/** A pair that could not be filled. */
export const WarmupFailureSchema = z.object({
  symbol: z.string(),
  timeframe: TimeframeSchema,
  code: z.string(),
  message: z.string(),
});
export type WarmupFailure = Readonly<z.infer<typeof WarmupFailureSchema>>;

export const WarmupStatsSchema = z.object({
  /** Tells this run from the one before it. */
  runId: z.string(),
  exchangeId: z.int(),
  status: WarmupStatusSchema,
  startedAt: z.int(),
  updatedAt: z.int(),
  finishedAt: z.int().optional(),
  /** Pairs looked at, those found sufficient included; completed ones likewise. */
  totalPairs: z.int().nonnegative(),
  completedPairs: z.int().nonnegative(),
  failedPairs: z.int().nonnegative(),
  remainingPairs: z.int().nonnegative(),
  totalSymbols: z.int().nonnegative(),
  /** Symbols with at least one pair neither completed nor failed. */
  remainingSymbols: z.int().nonnegative(),
  /** Completed pairs of all pairs, 0 to 100. Never falls within a run. */
  percentComplete: z.number().min(0).max(100),
  /** Until the run ends, ms; absent while it cannot be known. */
  etaMs: z.number().nonnegative().optional(),
  currentSymbol: z.string().optional(),
  currentTimeframe: TimeframeSchema.optional(),
  requestsPlanned: z.int().nonnegative(),
  requestsDone: z.int().nonnegative(),
  weightPlanned: z.number().nonnegative(),
  weightSpent: z.number().nonnegative(),
  /** The newest failures; `failedPairs` counts all. */
  failures: z.array(WarmupFailureSchema).readonly(),
  /** Why the run could not go on. */
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});
export type WarmupStats = Readonly<z.infer<typeof WarmupStatsSchema>>;

/** How a warmup ended. */
export interface WarmupReport {
  readonly runId: string;
  readonly status: 'complete' | 'incomplete' | 'stopped' | 'error';
  readonly stats: WarmupStats;
  readonly durationMs: number;
  /** Candles written from the venue, and derived from others. */
  readonly candlesFetched: number;
  readonly candlesDerived: number;
  /** Bars the venue was asked for and does not have; bars too young for a verdict. */
  readonly absent: number;
  readonly unsettled: number;
  /** What ended a run that ended in `error` or was `stopped`. */
  readonly cause?: unknown;
}
