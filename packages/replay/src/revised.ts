import { TIMEFRAMES, timeframeMs } from '@livermore/schemas';
import type { Timeframe } from '@livermore/schemas';
import { sumDecimals } from '@livermore/utils';
import type { TrueBar } from './compare';

/** A recorded bar that is not what its recorded parts come to: the venue revised one of them later. */
export interface RevisedBar {
  readonly timeframe: Timeframe;
  readonly openTime: number;
  /** The shorter timeframe it disagrees with. */
  readonly parts: Timeframe;
  readonly volume: number;
  readonly partsVolume: number;
  /** What the parts come to: the other value a cache may rightly hold. */
  readonly fromParts: Pick<TrueBar, 'open' | 'high' | 'low' | 'close' | 'volume'>;
}

/**
 * Finds recorded bars that disagree with the next shorter recorded timeframe, over whole sets of parts only. This
 * looks at the recording alone, not at what the replay made of it.
 */
export function findRevised(recorded: ReadonlyMap<Timeframe, readonly TrueBar[]>): readonly RevisedBar[] {
  const present = TIMEFRAMES.filter((timeframe) => (recorded.get(timeframe)?.length ?? 0) > 0);
  return present.slice(1).flatMap((timeframe, at) => {
    const parts = present[at] ?? timeframe;
    return revisedAgainst(recorded.get(timeframe) ?? [], timeframe, recorded.get(parts) ?? [], parts);
  });
}

/**
 * What recorded bars would be if they were made of any shorter recorded timeframe, where that is something else: a
 * venue that revised its 5m bars has 1h bars that agree with those, and not with its 1m bars.
 */
export function otherReadings(
  recorded: ReadonlyMap<Timeframe, readonly TrueBar[]>,
): ReadonlyMap<Timeframe, readonly TrueBar[]> {
  const present = TIMEFRAMES.filter((timeframe) => (recorded.get(timeframe)?.length ?? 0) > 0);
  return new Map(
    present.map((timeframe, at) => [
      timeframe,
      present.slice(0, at).flatMap((parts) => {
        const bars = recorded.get(timeframe) ?? [];
        return revisedAgainst(bars, timeframe, recorded.get(parts) ?? [], parts).map(
          ({ openTime, fromParts }) => ({ openTime, ...fromParts, isNative: false }),
        );
      }),
    ]),
  );
}

function revisedAgainst(
  bars: readonly TrueBar[],
  timeframe: Timeframe,
  partBars: readonly TrueBar[],
  parts: Timeframe,
): readonly RevisedBar[] {
  const byOpenTime = new Map(partBars.map((bar) => [bar.openTime, bar]));
  const step = timeframeMs(parts);
  const size = timeframeMs(timeframe) / step;
  const revised: RevisedBar[] = [];
  for (const bar of bars) {
    const inside: TrueBar[] = [];
    for (let at = 0; at < size; at += 1) {
      const part = byOpenTime.get(bar.openTime + at * step);
      if (part !== undefined) inside.push(part);
    }
    if (inside.length < size) continue;
    const fromParts = totalOf(inside);
    const agrees =
      fromParts.open === bar.open &&
      fromParts.high === bar.high &&
      fromParts.low === bar.low &&
      fromParts.close === bar.close &&
      fromParts.volume === bar.volume;
    if (agrees) continue;
    revised.push({
      timeframe,
      openTime: bar.openTime,
      parts,
      volume: bar.volume,
      partsVolume: fromParts.volume,
      fromParts,
    });
  }
  return revised;
}

function totalOf(inside: readonly TrueBar[]): RevisedBar['fromParts'] {
  const traded = inside.filter((bar) => bar.volume > 0);
  const shape = traded.length > 0 ? traded : inside.slice(0, 1);
  return {
    open: shape[0]?.open ?? 0,
    high: Math.max(...shape.map((bar) => bar.high)),
    low: Math.min(...shape.map((bar) => bar.low)),
    close: shape.at(-1)?.close ?? 0,
    volume: sumDecimals(inside.map((bar) => bar.volume)),
  };
}
