import type { OpenTimeRange } from '@livermore/schemas';

/** Arithmetic on lists of half-open ranges. Every list here is ascending and disjoint, and so is every result. */

/** What is in either list; ranges that touch become one. */
export function unionOf(a: readonly OpenTimeRange[], b: readonly OpenTimeRange[]): readonly OpenTimeRange[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const merged: { from: number; to: number }[] = [];
  for (const range of [...a, ...b].toSorted((x, y) => x.from - y.from)) {
    const last = merged.at(-1);
    if (last !== undefined && range.from <= last.to) last.to = Math.max(last.to, range.to);
    else merged.push({ from: range.from, to: range.to });
  }
  return merged;
}

/** What is in `ranges` and not in `removed`. */
export function subtract(
  ranges: readonly OpenTimeRange[],
  removed: readonly OpenTimeRange[],
): readonly OpenTimeRange[] {
  if (ranges.length === 0 || removed.length === 0) return ranges;
  const rest: OpenTimeRange[] = [];
  for (const range of ranges) {
    let at = range.from;
    for (const gone of removed) {
      if (gone.to <= at || gone.from >= range.to) continue;
      if (gone.from > at) rest.push({ from: at, to: gone.from });
      at = gone.to;
    }
    if (at < range.to) rest.push({ from: at, to: range.to });
  }
  return rest;
}

/** How many bars of `step` ms there are. */
export function countBars(ranges: readonly OpenTimeRange[], step: number): number {
  return ranges.reduce((sum, range) => sum + (range.to - range.from) / step, 0);
}

/** Open times of `step` ms bars. */
export function openTimesOf(ranges: readonly OpenTimeRange[], step: number): number[] {
  return ranges.flatMap((range) =>
    Array.from({ length: (range.to - range.from) / step }, (_, at) => range.from + at * step),
  );
}

/** Consecutive open times (ascending) as ranges. */
export function rangesOf(openTimes: readonly number[], step: number): readonly OpenTimeRange[] {
  const ranges: { from: number; to: number }[] = [];
  for (const openTime of openTimes) {
    const last = ranges.at(-1);
    if (last?.to === openTime) last.to = openTime + step;
    else ranges.push({ from: openTime, to: openTime + step });
  }
  return ranges;
}
