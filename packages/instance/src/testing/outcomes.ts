import type { WriteOutcome } from '@livermore/cache';

/** What a write of a closed bar came to that was there already and says the same, with differences. */
export function someOutcome(different: Partial<WriteOutcome> = {}): WriteOutcome {
  return {
    written: false,
    replaced: true,
    changed: false,
    wasClosed: true,
    settled: false,
    doubted: false,
    agrees: false,
    corrected: false,
    ...different,
  };
}
