import type { WarmedUp } from './virtual-warmup';

/** How wrong a warmup was about its own duration. */
export interface EtaError {
  readonly plannedMs: number;
  readonly tookMs: number;
  /** What the plan was off by, as a share of what it took. */
  readonly error: number;
  /** At a quarter, a half and three quarters: what the end it foretold was off by, as a share of what it took. */
  readonly running: readonly number[];
}

const POINTS = [0.25, 0.5, 0.75];

export function etaErrorOf({ plannedMs, tookMs, progress }: WarmedUp): EtaError {
  const running = POINTS.map((point) => {
    const told = progress.findLast((each) => each.atMs <= point * tookMs && each.stats.etaMs !== undefined);
    const end = told === undefined ? plannedMs : told.atMs + (told.stats.etaMs ?? 0);
    return (end - tookMs) / tookMs;
  });
  return { plannedMs, tookMs, error: (plannedMs - tookMs) / tookMs, running };
}
