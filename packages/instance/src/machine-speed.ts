import type { Clock } from '@livermore/utils';

/** A row of candles as a venue sends it, and as many of them as a text needs to be timed. */
const ROW =
  '[1795312740000,"91650.00000000","91702.10000000","91640.00000000","91680.00000000","12.34500000",1795312799999,"1131790.22000000",2411,"6.10000000","559232.10000000","0"]';
const ROWS = 200;
const TEXT = `[${Array.from({ length: ROWS }, () => ROW).join(',')}]`;
const ROUNDS = 15;

/**
 * A candle of an answer is read, judged and stored in the time in which so many rows of text are parsed: measured in
 * processes that had just been started, beside a Redis and a simulated venue on the same two cores.
 */
const ROWS_A_CANDLE = 38;

/**
 * What a candle of an answer costs on this machine, ms: to be read, judged and stored. Machines differ threefold, and one
 * by the hour; parsing JSON is compiled code, as fast in the first millisecond of a process as later, so a few milliseconds
 * of it tell how fast the machine is now. On a clock that does not pass by itself a machine costs nothing: 0.
 */
export function measureCandleMs(clock: Pick<Clock, 'monotonicMs'>): number {
  const times = Array.from({ length: ROUNDS }, () => timeToParse(clock)).toSorted((a, b) => a - b);
  return ((times[Math.floor(ROUNDS / 2)] ?? 0) / ROWS) * ROWS_A_CANDLE;
}

function timeToParse(clock: Pick<Clock, 'monotonicMs'>): number {
  const startedAt = clock.monotonicMs();
  const rows: unknown = JSON.parse(TEXT);
  const tookMs = clock.monotonicMs() - startedAt;
  // Asked what came of it, nobody can leave the work out.
  return Array.isArray(rows) ? tookMs : 0;
}
