import type { RecordedBar, RecordedSeries } from './recorded-series';
import { recordedWithin } from './recorded-series';

/** A time (ms, half-open) in which one recorded series tells what happened: the shortest there is. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly series: RecordedSeries;
}

/**
 * Which recording tells what, ascending: the shortest bars at every time. Longer ones tell where shorter ones have not
 * begun or have ended; a longer bar inside which shorter ones begin is told by itself to its end.
 */
export function layStretches(recorded: readonly RecordedSeries[]): readonly Stretch[] {
  let stretches: readonly Stretch[] = [];
  for (const series of recorded.toSorted((a, b) => b.stepMs - a.stepMs)) {
    const from = beginOf(series, stretches);
    if (from >= series.to) continue;
    stretches = [
      ...stretches.flatMap((each) => withoutTime(each, from, series.to)),
      { from, to: series.to, series },
    ].toSorted((a, b) => a.from - b.from);
  }
  return stretches;
}

/** The recorded bars that come to the bar of [from, to); undefined where the recording cannot tell. */
export function partsOf(
  stretches: readonly Stretch[],
  from: number,
  to: number,
): readonly RecordedBar[] | undefined {
  const parts: RecordedBar[] = [];
  let at = from;
  for (const stretch of stretches) {
    if (stretch.to <= at || at >= to) continue;
    const { stepMs } = stretch.series;
    const until = Math.min(to, stretch.to);
    if (stretch.from > at || at % stepMs !== 0 || until % stepMs !== 0) return undefined;
    parts.push(...recordedWithin(stretch.series, at, until));
    at = until;
  }
  return at < to ? undefined : parts;
}

function beginOf(series: RecordedSeries, stretches: readonly Stretch[]): number {
  const told = stretches.find((each) => each.from <= series.from && series.from < each.to);
  if (told === undefined) return series.from;
  const { stepMs, bars } = told.series;
  const opened = Math.floor(series.from / stepMs) * stepMs;
  return opened < series.from && bars.has(opened) ? opened + stepMs : series.from;
}

function withoutTime(stretch: Stretch, from: number, to: number): readonly Stretch[] {
  const { stepMs } = stretch.series;
  const after = Math.max(stretch.from, Math.ceil(to / stepMs) * stepMs);
  return [
    { ...stretch, to: Math.min(stretch.to, from) },
    { ...stretch, from: after },
  ].filter((each) => each.from < each.to);
}
