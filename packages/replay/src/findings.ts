import { seriesKey, TIMEFRAMES } from '@livermore/schemas';
import type { OpenTimeRange, Series } from '@livermore/schemas';
import { NOTHING_ANNOUNCED, added as addedAnnounced } from './announced';
import type { AnnouncedCounts } from './announced';
import { differingFields } from './bar-values';
import type { BarValues } from './bar-values';
import type { Comparison, Difference } from './compare';
import type { AnnouncedReport, ReplayReport, SeriesReport, Totals } from './report';

/** What belongs to a comparison of one series over one range. */
export interface FoundIn {
  readonly series: Series;
  /** Length of a bar, ms. */
  readonly step: number;
  /** What other native recordings say of a bar: one that differs and equals one of these is revised. */
  readonly readingsOf?: (openTime: number) => readonly BarValues[];
  /** What a bar was before a script of faults corrected it. */
  readonly formerlyOf?: (openTime: number) => BarValues | undefined;
  /** Of the bars compared, how many closed while the exchange was live (0). */
  readonly lived?: number;
  /** Open times of bars nobody was told of. */
  readonly unannounced: readonly number[];
  readonly announced?: AnnouncedCounts;
}

/** The most that is kept one by one of anything wrong; all are counted. */
const KEPT = 100;

/** Gathers comparisons of the same series made one after the other. */
export class Findings {
  readonly #series = new Map<string, SeriesReport>();
  readonly #missing: OpenTimes = new Map();
  readonly #falselyQuiet: OpenTimes = new Map();
  readonly #holes = new Map<string, { readonly series: Series; readonly ranges: OpenTimeRange[] }>();
  readonly #differences: Difference[] = [];

  add(found: Comparison, about: FoundIn): void {
    const { series, step, unannounced, lived = 0, announced = NOTHING_ANNOUNCED } = about;
    const key = seriesKey(series);
    const isRevised = ({ openTime, cached }: Difference) =>
      about.readingsOf?.(openTime).some((reading) => isSame(reading, cached)) ?? false;
    const different = found.different.filter((each) => !isRevised(each));
    const pending = different.filter((each) => isSame(about.formerlyOf?.(each.openTime), each.cached));
    const before = this.#series.get(key) ?? { ...series, ...NOTHING, native: 0 };
    this.#series.set(key, {
      ...series,
      native: before.native + found.native,
      ...added(before, {
        compared: found.compared,
        lived,
        equal: found.equal,
        different: different.length,
        pending: pending.length,
        revised: found.different.length - different.length,
        missing: found.missing.length,
        quiet: found.quiet.length,
        falselyQuiet: found.falselyQuiet.length,
        holes: found.holes.length,
        invented: found.invented.length,
        unannounced: unannounced.length,
        ...announced,
      }),
    });
    this.#differences.push(...different.slice(0, KEPT - this.#differences.length));
    keep(this.#missing, key, series, found.missing);
    keep(this.#falselyQuiet, key, series, found.falselyQuiet);
    if (found.holes.length > 0)
      extend(listIn(this.#holes, key, { series, ranges: [] }).ranges, found.holes, step);
  }

  results(): Pick<
    ReplayReport,
    'candles' | 'series' | 'announced' | 'differences' | 'missing' | 'falselyQuiet' | 'holes'
  > {
    const series = [...this.#series.values()];
    return {
      candles: series.reduce<Totals>(added, NOTHING),
      series,
      announced: byTimeframe(series),
      differences: this.#differences,
      missing: listed(this.#missing),
      falselyQuiet: listed(this.#falselyQuiet),
      holes: [...this.#holes.values()].map(({ series: one, ranges }) => ({ ...one, ranges })),
    };
  }
}

type OpenTimes = Map<string, { readonly series: Series; readonly openTimes: number[] }>;

const NOTHING: Totals = {
  compared: 0,
  lived: 0,
  equal: 0,
  different: 0,
  pending: 0,
  missing: 0,
  revised: 0,
  quiet: 0,
  falselyQuiet: 0,
  holes: 0,
  invented: 0,
  unannounced: 0,
  ...NOTHING_ANNOUNCED,
};

function added(sum: Totals, each: Totals): Totals {
  return {
    compared: sum.compared + each.compared,
    lived: sum.lived + each.lived,
    equal: sum.equal + each.equal,
    different: sum.different + each.different,
    pending: sum.pending + each.pending,
    missing: sum.missing + each.missing,
    revised: sum.revised + each.revised,
    quiet: sum.quiet + each.quiet,
    falselyQuiet: sum.falselyQuiet + each.falselyQuiet,
    holes: sum.holes + each.holes,
    invented: sum.invented + each.invented,
    unannounced: sum.unannounced + each.unannounced,
    ...addedAnnounced(sum, each),
  };
}

function byTimeframe(series: readonly SeriesReport[]): readonly AnnouncedReport[] {
  return TIMEFRAMES.filter((timeframe) => series.some((each) => each.timeframe === timeframe)).map(
    (timeframe) => {
      const own = series.filter((each) => each.timeframe === timeframe);
      const counts = own.reduce<AnnouncedCounts>(addedAnnounced, NOTHING_ANNOUNCED);
      const { announced, announcedRight } = counts;
      return { timeframe, ...counts, shareRight: announced === 0 ? undefined : announcedRight / announced };
    },
  );
}

function isSame(one: BarValues | undefined, other: BarValues): boolean {
  return one !== undefined && differingFields(one, other).length === 0;
}

function keep(lists: OpenTimes, key: string, series: Series, openTimes: readonly number[]): void {
  if (openTimes.length === 0) return;
  const kept = listIn(lists, key, { series, openTimes: [] }).openTimes;
  kept.push(...openTimes.slice(0, KEPT - kept.length));
}

function listed(lists: OpenTimes): readonly (Series & { readonly openTimes: readonly number[] })[] {
  return [...lists.values()].map(({ series, openTimes }) => ({ ...series, openTimes }));
}

function listIn<T>(lists: Map<string, T>, key: string, empty: T): T {
  const known = lists.get(key) ?? empty;
  lists.set(key, known);
  return known;
}

function extend(ranges: OpenTimeRange[], openTimes: readonly number[], step: number): void {
  for (const openTime of openTimes) {
    const last = ranges.at(-1);
    if (last?.to === openTime) ranges[ranges.length - 1] = { from: last.from, to: openTime + step };
    else ranges.push({ from: openTime, to: openTime + step });
  }
}
