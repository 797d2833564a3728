import type { Clock } from '@livermore/utils';

/**
 * What is parsed to be timed: a text that says the same of one field again and again. Parsing it leaves nothing behind, so
 * that no round pays for memory which the next one finds at hand.
 */
const ENTRIES = 2_400;
const TEXT = `{${Array.from({ length: ENTRIES }, (_, at) => `"a":${1_000_000 + at}`).join(',')}}`;
const ROUNDS = 15;

/**
 * A candle of an answer is read, judged and stored in the time in which so many entries are parsed: measured in processes
 * that had just been started, beside a Redis and a simulated venue on the same two cores. It ages with the code, not with
 * the machine: the bench of a warmup's ETA shows when it is due.
 */
const ENTRIES_A_CANDLE = 280;

/**
 * What a candle of an answer costs on this machine, ms: to be read, judged and stored. Machines differ threefold, and one
 * by the hour; parsing JSON is compiled code that nothing has to warm up, so a few milliseconds of it tell how fast the
 * machine is now.
 */
export function measureCandleMs(clock: Pick<Clock, 'monotonicMs'>): number {
  const times = Array.from({ length: ROUNDS }, () => timeToParse(clock)).toSorted((a, b) => a - b);
  return ((times[Math.floor(ROUNDS / 2)] ?? 0) / ENTRIES) * ENTRIES_A_CANDLE;
}

function timeToParse(clock: Pick<Clock, 'monotonicMs'>): number {
  const startedAt = clock.monotonicMs();
  const parsed: unknown = JSON.parse(TEXT);
  const tookMs = clock.monotonicMs() - startedAt;
  // Asked what came of it, nobody can leave the work out.
  return parsed === undefined ? 0 : tookMs;
}
