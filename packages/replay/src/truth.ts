import { timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Series } from '@livermore/schemas';
import type { Bar, Market } from '@livermore/simulator';
import type { BarValues } from './bar-values';
import { differingFields } from './bar-values';
import { trueBarOf } from './compare';
import type { TrueBar } from './compare';
import type { Recording } from './recording';

/** Long after the end of a range every bar of it is finished. */
const LATER_MS = timeframeMs('1d');

/**
 * What the cache must hold in the end: the recording's own text, and only where a script of faults changed what the
 * venue has (an outage took bars, a correction changed them) the venue's last word.
 */
export class Truth {
  readonly #recording: Recording;
  readonly #scripted: Scripted | undefined;

  constructor(recording: Recording, scripted?: Scripted) {
    this.#recording = recording;
    this.#scripted = scripted;
  }

  bars(series: Series, range: OpenTimeRange): readonly TrueBar[] {
    const recorded = this.#recording.bars(series, range);
    if (this.#scripted === undefined) return recorded;
    const changes = changesOf(this.#scripted, series, range, this.#recording.omitsQuiet(series));
    if (changes.size === 0) return recorded;
    const bars = new Map(recorded.map((bar) => [bar.openTime, bar]));
    for (const [openTime, change] of changes) {
      if (change === undefined) bars.delete(openTime);
      else bars.set(openTime, { ...change, isNative: bars.get(openTime)?.isNative ?? false });
    }
    return [...bars.values()].toSorted((a, b) => a.openTime - b.openTime);
  }

  /** The close of the last bar before an open time: an outage of the script may have taken many before it. */
  closeBefore(series: Series, openTime: number): number | undefined {
    if (this.#scripted === undefined) return this.#recording.closeBefore(series, openTime);
    const step = timeframeMs(series.timeframe);
    let to = openTime;
    for (let bars = NEAR_BARS; to > this.#recording.span.from; bars *= NEAR_BARS) {
      const near = this.bars(series, { from: to - bars * step, to }).at(-1);
      if (near !== undefined) return near.close;
      to -= bars * step;
    }
    return this.#recording.closeBefore(series, to);
  }

  /** What other native recordings say of a bar that the script left alone; one it changed has one truth. */
  readings(series: Series, openTime: number): readonly BarValues[] {
    const range = { from: openTime, to: openTime + timeframeMs(series.timeframe) };
    return this.#isChanged(series, range) ? [] : this.#recording.readings(series, range);
  }

  /** What a bar was before the script changed it; undefined for one it left alone. */
  formerly(series: Series, openTime: number): BarValues | undefined {
    const range = { from: openTime, to: openTime + timeframeMs(series.timeframe) };
    return this.#isChanged(series, range) ? this.#recording.bars(series, range)[0] : undefined;
  }

  #isChanged(series: Series, range: OpenTimeRange): boolean {
    if (this.#scripted === undefined) return false;
    return changesOf(this.#scripted, series, range, this.#recording.omitsQuiet(series)).size > 0;
  }
}

/** The recording as a simulated venue serves it, without its script of faults and at the end of it. */
export interface Scripted {
  readonly before: Market;
  readonly after: Market;
}

/** How far back the close before a quiet bar is looked for at first; then ten times as far. */
const NEAR_BARS = 10;

/** Bars that a script changed, by open time; undefined for one that no longer exists. */
function changesOf(
  { before, after }: Scripted,
  { symbol, timeframe }: Series,
  { from, to }: OpenTimeRange,
  omitsQuiet: boolean,
): ReadonlyMap<number, TrueBar | undefined> {
  const served = (market: Market) =>
    new Map(
      market
        .bars(symbol, timeframe, from, to, to + LATER_MS)
        .filter((bar) => bar.trades > 0 || !omitsQuiet)
        .map((bar) => [bar.openTime, bar]),
    );
  const [was, is] = [served(before), served(after)];
  const changed = [...new Set([...was.keys(), ...is.keys()])].filter(
    (openTime) => !isSame(was.get(openTime), is.get(openTime)),
  );
  return new Map(
    changed.map((openTime) => {
      const bar = is.get(openTime);
      return [openTime, bar === undefined ? undefined : trueBarOf(bar, false)];
    }),
  );
}

function isSame(one: Bar | undefined, other: Bar | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return differingFields(trueBarOf(one, false), trueBarOf(other, false)).length === 0;
}
