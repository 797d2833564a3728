import { HARDCODED_CONFIG } from '@livermore/schemas';
import type { Timeframe } from '@livermore/schemas';
import { assertNever } from '@livermore/utils';
import type { WarmupFailure, WarmupStats } from './types';

/** What happens in a run, as far as its stats are concerned. `at` is ms. */
export type WarmupEvent = { readonly at: number } & (
  | { readonly type: 'planning' }
  | {
      readonly type: 'planned';
      /** Pairs looked at; of these, the ones that need no work. */
      readonly totalPairs: number;
      readonly sufficientPairs: number;
      readonly totalSymbols: number;
      readonly needySymbols: number;
      readonly requests: number;
      readonly weight: number;
      readonly etaMs: number;
    }
  /** Requests the plan did not foresee (a derivation that could not be made, a second try), or has no use for. */
  | { readonly type: 'replanned'; readonly requests: number; readonly weight: number }
  | { readonly type: 'page-started'; readonly symbol: string; readonly timeframe: Timeframe }
  | { readonly type: 'page-ended'; readonly weight: number }
  | { readonly type: 'pair-completed' }
  | { readonly type: 'pair-failed'; readonly failure: WarmupFailure }
  /** A pair that failed before is tried again: it is neither completed nor failed. */
  | { readonly type: 'pair-retried'; readonly symbol: string; readonly timeframe: Timeframe }
  | { readonly type: 'symbol-settled' }
  | { readonly type: 'symbol-retried' }
  | { readonly type: 'tick'; readonly etaMs: number }
  | { readonly type: 'finished' }
  | { readonly type: 'stopped' }
  | { readonly type: 'error'; readonly code: string; readonly message: string }
);

/** The stats of a run that has just begun. */
export function initialStats(run: {
  readonly runId: string;
  readonly exchangeId: number;
  readonly startedAt: number;
}): WarmupStats {
  return {
    ...run,
    status: 'scanning',
    updatedAt: run.startedAt,
    totalPairs: 0,
    completedPairs: 0,
    failedPairs: 0,
    remainingPairs: 0,
    totalSymbols: 0,
    remainingSymbols: 0,
    percentComplete: 0,
    requestsPlanned: 0,
    requestsDone: 0,
    weightPlanned: 0,
    weightSpent: 0,
    failures: [],
  };
}

/** Whether a run is over. */
export function isFinal(stats: Pick<WarmupStats, 'status'>): boolean {
  return !['scanning', 'planning', 'executing'].includes(stats.status);
}

/** The next stats. Pure; a run that is over stays as it ended. */
export function nextStats(stats: WarmupStats, event: WarmupEvent): WarmupStats {
  if (isFinal(stats)) return stats;
  return consistent({ ...apply(stats, event), updatedAt: Math.max(stats.updatedAt, event.at) }, stats);
}

function apply(stats: WarmupStats, event: WarmupEvent): WarmupStats {
  switch (event.type) {
    case 'planning':
      return { ...stats, status: 'planning' };
    case 'planned':
      return {
        ...stats,
        status: 'executing',
        totalPairs: event.totalPairs,
        completedPairs: event.sufficientPairs,
        totalSymbols: event.totalSymbols,
        remainingSymbols: event.needySymbols,
        requestsPlanned: event.requests,
        weightPlanned: event.weight,
        etaMs: event.etaMs,
      };
    case 'replanned':
      return {
        ...stats,
        requestsPlanned: stats.requestsPlanned + event.requests,
        weightPlanned: stats.weightPlanned + event.weight,
      };
    case 'page-started':
      return { ...stats, currentSymbol: event.symbol, currentTimeframe: event.timeframe };
    case 'page-ended':
      return {
        ...stats,
        requestsDone: stats.requestsDone + 1,
        weightSpent: stats.weightSpent + event.weight,
      };
    case 'tick':
      return { ...stats, etaMs: event.etaMs };
    case 'pair-completed':
    case 'pair-failed':
    case 'pair-retried':
    case 'symbol-settled':
    case 'symbol-retried':
      return count(stats, event);
    case 'finished':
      return { ...end(stats, event.at), status: stats.failedPairs === 0 ? 'complete' : 'incomplete' };
    case 'stopped':
      return { ...end(stats, event.at), status: 'stopped' };
    case 'error':
      return {
        ...end(stats, event.at),
        status: 'error',
        error: { code: event.code, message: event.message },
      };
    default:
      return assertNever(event);
  }
}

function count(
  stats: WarmupStats,
  event: Extract<
    WarmupEvent,
    { type: 'pair-completed' | 'pair-failed' | 'pair-retried' | 'symbol-settled' | 'symbol-retried' }
  >,
): WarmupStats {
  switch (event.type) {
    case 'pair-completed':
      return { ...stats, completedPairs: stats.completedPairs + 1 };
    case 'pair-failed': {
      const failures = [...stats.failures, event.failure].slice(-HARDCODED_CONFIG.warmup.maxFailuresKept);
      return { ...stats, failedPairs: stats.failedPairs + 1, failures };
    }
    case 'pair-retried': {
      const isOther = (it: WarmupFailure) => it.symbol !== event.symbol || it.timeframe !== event.timeframe;
      return { ...stats, failedPairs: stats.failedPairs - 1, failures: stats.failures.filter(isOther) };
    }
    case 'symbol-settled':
      return { ...stats, remainingSymbols: stats.remainingSymbols - 1 };
    case 'symbol-retried':
      return { ...stats, remainingSymbols: stats.remainingSymbols + 1 };
    default:
      return assertNever(event);
  }
}

/** A run that is over is working on nothing and takes no more time. */
function end(stats: WarmupStats, at: number): WarmupStats {
  const { etaMs: _eta, currentSymbol: _symbol, currentTimeframe: _timeframe, ...rest } = stats;
  return { ...rest, finishedAt: at };
}

/** What follows from the counts, with every count inside its bounds whatever was reported. */
function consistent(stats: WarmupStats, before: WarmupStats): WarmupStats {
  const completedPairs = clamp(stats.completedPairs, before.completedPairs, stats.totalPairs);
  const failedPairs = clamp(stats.failedPairs, 0, stats.totalPairs - completedPairs);
  const percent = stats.totalPairs === 0 ? 0 : (100 * completedPairs) / stats.totalPairs;
  const isDone = stats.status === 'complete';
  return {
    ...stats,
    completedPairs,
    failedPairs,
    requestsPlanned: Math.max(stats.requestsPlanned, stats.requestsDone),
    weightPlanned: Math.max(stats.weightPlanned, stats.weightSpent),
    remainingPairs: stats.totalPairs - completedPairs - failedPairs,
    remainingSymbols: clamp(stats.remainingSymbols, 0, stats.totalSymbols),
    percentComplete: isDone ? 100 : Math.max(before.percentComplete, Math.floor(percent * 10) / 10),
  };
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(Math.min(value, most), Math.min(least, most));
}
