import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { startThrowAwayRedis } from '@livermore/embedded/testing';
import type { ProofVenue } from '../data';
import { barsPage } from './page';
import { planOf } from './plan';
import { readRuns, writeRuns } from './record';
import type { RunRecord } from './record';
import { runBars } from './run';
import { comparedIn, problemsOf } from './sums';

export interface BarsOptions {
  /** Bars to be compared, all calls together. */
  readonly bars: number;
  /** No run is begun later than this after the start of the call; no bound when absent. */
  readonly minutes?: number;
  readonly venues: readonly ProofVenue[];
  /** What the runs so far came to; made when it is not there. */
  readonly stateFile: string;
  /** Where the page goes. */
  readonly out: string;
  /** A line of progress. */
  readonly tell: (line: string) => void;
}

const MINUTE_MS = 60_000;

/**
 * Goes on comparing bars, seed after seed and venue after venue, until as many as wanted are: a call that is killed or out
 * of time goes on where it was. @returns the runs so far
 */
export async function proveBars(options: BarsOptions): Promise<readonly RunRecord[]> {
  const { bars, minutes = Infinity, venues, stateFile, out, tell } = options;
  const deadline = performance.now() + minutes * MINUTE_MS;
  let runs = readRuns(stateFile);
  const redis = await startThrowAwayRedis({ env: process.env });
  try {
    while (comparedIn(runs) < bars && performance.now() < deadline) {
      const { venue, seed } = nextOf(runs, venues);
      const run = await runBars(planOf(venue, seed), redis.url);
      // Another call may have gone on with another venue meanwhile.
      runs = [...readRuns(stateFile), run];
      writeRuns(stateFile, runs);
      tell(lineOf(run, comparedIn(runs)));
    }
  } finally {
    await redis.stop();
  }
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, barsPage(runs, bars));
  return runs;
}

/** The venue with the fewest runs, and the first seed it has not lived through. */
function nextOf(runs: readonly RunRecord[], venues: readonly ProofVenue[]) {
  const seedsOf = (venue: ProofVenue) => runs.filter((run) => run.venue === venue).map(({ seed }) => seed);
  const [venue = 'binance'] = venues.toSorted((a, b) => seedsOf(a).length - seedsOf(b).length);
  return { venue, seed: Math.max(0, ...seedsOf(venue)) + 1 };
}

function lineOf(run: RunRecord, compared: number): string {
  const problems = problemsOf(run);
  const { candles, venue, seed, tookMs } = run;
  const rate = Math.round((candles.compared / tookMs) * 1000);
  const verdict = problems.length === 0 ? 'all equal' : problems.join('; ');
  return `${venue} seed ${seed}: ${candles.compared} bars, ${candles.lived} lived, ${(tookMs / 1000).toFixed(1)} s (${rate} a second), ${verdict}; ${compared.toLocaleString('en')} in all`;
}
