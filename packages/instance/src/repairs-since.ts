import type { RepairRequest } from '@livermore/exchange-core';
import { openTimeOf, seriesKey } from '@livermore/schemas';
import type { Series } from '@livermore/schemas';

/** A series as a venue's feed names it: it may be one that is not kept. */
export interface SeriesName {
  readonly symbol: string;
  readonly timeframe: string;
}

/** What is to be fetched of the series that are kept, where bars of some may have been missed since an instant (ms). */
export function repairsSince(
  kept: readonly Series[],
  missed: readonly SeriesName[],
  { since, now, reason }: { readonly since: number; readonly now: number; readonly reason: string },
): readonly RepairRequest[] {
  const keys = new Set(missed.map(seriesKey));
  return kept
    .filter((each) => keys.has(seriesKey(each)))
    .map((series) => {
      const { timeframe } = series;
      const range = { from: openTimeOf(timeframe, since), to: openTimeOf(timeframe, now) };
      return { series, ...range, reason, lane: 'repair' };
    });
}
