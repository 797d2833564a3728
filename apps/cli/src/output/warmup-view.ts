import type { WarmupSchedule, WarmupStats } from '@livermore/exchange-core';
import { count, duration } from './format';
import { styled } from './print';

/** What a warmup will do, in a sentence. */
export function planSentence(schedule: WarmupSchedule): string {
  const {
    totalPairs,
    sufficientPairs,
    needsFetching,
    requests = 0,
    weight = 0,
    naiveRequests = 0,
    etaMs = 0,
  } = schedule;
  if (needsFetching === 0) return `All ${count(totalPairs)} series are complete: nothing to fetch.`;
  const saved = naiveRequests > requests ? ` (one page per series would be ${count(naiveRequests)})` : '';
  const done = sufficientPairs > 0 ? ` ${count(sufficientPairs)} are complete.` : '';
  return `${count(needsFetching)} of ${count(totalPairs)} series need candles.${done} Plan: ${count(requests)} requests${saved}, weight ${count(weight)}, about ${duration(etaMs)}.`;
}

const BAR_WIDTH = 24;

/** A bar, a percentage, what is being done, what is left, and when it will be done. */
export function progressLine(stats: WarmupStats): string {
  const filled = Math.round((stats.percentComplete / 100) * BAR_WIDTH);
  const bar = styled('cyan', '█'.repeat(filled)) + styled('dim', '░'.repeat(BAR_WIDTH - filled));
  const current =
    stats.currentSymbol === undefined ? '' : ` ${stats.currentSymbol} ${stats.currentTimeframe ?? ''}`;
  const eta = stats.etaMs === undefined ? '' : `, ${duration(stats.etaMs)} left`;
  const failures = stats.failedPairs > 0 ? styled('red', `, ${count(stats.failedPairs)} failed`) : '';
  return `${bar} ${String(Math.floor(stats.percentComplete)).padStart(3)}%  ${count(stats.completedPairs)}/${count(stats.totalPairs)} series${eta}${failures}${styled('dim', current)}`;
}

/** How a warmup ended, in a sentence. */
export function endSentence(stats: WarmupStats, tookMs: number): string {
  const { status, completedPairs, totalPairs, failedPairs } = stats;
  if (status === 'complete') return `Warm: ${count(totalPairs)} series in ${duration(tookMs)}.`;
  const failed = failedPairs > 0 ? ` ${count(failedPairs)} failed.` : '';
  const why = stats.error === undefined ? '' : ` ${stats.error.message}`;
  return `${status === 'incomplete' ? 'Incomplete' : 'Stopped'} after ${duration(tookMs)}: ${count(completedPairs)} of ${count(totalPairs)} series.${failed}${why}`;
}

/** What a warmup had to leave open, in a sentence; empty when there was nothing. */
export function undecidedSentence(bars: number): string {
  if (bars === 0) return '';
  const which = bars === 1 ? '1 bar that is' : `${count(bars)} bars that are`;
  return ` But for ${which} not decided: the venue serves no row, and nothing proves that nothing traded. Ask again in two minutes; a node does.`;
}
