import type { OpenTimeRange, Series, Timeframe } from '@livermore/schemas';
import { COMPARED_FIELDS } from './compare';
import type { Comparison, Difference, TrueBar } from './compare';
import type { RevisedBar } from './revised';

/** What a replay found, for one series. */
export interface SeriesReport extends Series {
  readonly compared: number;
  readonly equal: number;
  readonly different: number;
  readonly missing: number;
  /** Of those compared, how many had a native recording; the rest are made of the shorter recorded ones. */
  readonly native: number;
  readonly revised: number;
  readonly quiet: number;
  readonly holes: number;
  readonly invented: number;
  readonly unannounced: number;
}

/** What a replay found. Times are ms since the epoch. */
export interface ReplayReport {
  readonly venue: string;
  readonly data: string;
  readonly from: number;
  readonly to: number;
  readonly speed: number | 'max';
  readonly symbols: readonly string[];
  readonly timeframes: readonly Timeframe[];
  readonly candles: Totals;
  readonly series: readonly SeriesReport[];
  readonly differences: readonly Difference[];
  readonly missing: readonly (Series & { readonly openTimes: readonly number[] })[];
  /** Bars the venue does not have and the cache does not either, as ranges: outages of the venue. */
  readonly holes: readonly (Series & { readonly ranges: readonly OpenTimeRange[] })[];
  /** Recorded bars that are not what their recorded parts come to: the venue revised them. */
  readonly revised: readonly (RevisedBar & { readonly symbol: string })[];
  readonly warmup: {
    readonly requests: number;
    readonly weight: number;
    /** What one page for each pair would have taken. */
    readonly naiveRequests: number;
    readonly status: string;
    readonly failures: number;
  };
  readonly requests: number;
  readonly weight: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly connections: number;
  /** Closes heard on the Redis channel, and how many of them announced a bar for a second or further time. */
  readonly closes: { readonly announced: number; readonly repeated: number };
  /** Replayed time, and what it took, ms. */
  readonly replayedMs: number;
  readonly tookMs: number;
}

export interface Totals {
  readonly compared: number;
  readonly equal: number;
  readonly different: number;
  readonly missing: number;
  /** Equal to what the venue had before it revised the bar; not counted as different. */
  readonly revised: number;
  readonly quiet: number;
  readonly holes: number;
  readonly invented: number;
  /** Closed while the exchange was live, in the cache, and never announced. */
  readonly unannounced: number;
}

const KEPT = 100;

/** Whether a report shows a cache that equals the venue. */
export function isFaithful(report: Pick<ReplayReport, 'candles'>): boolean {
  const { compared, different, missing, invented } = report.candles;
  return compared > 0 && different === 0 && missing === 0 && invented === 0;
}

type Values = RevisedBar['fromParts'];

/** What belongs to a comparison of one series over one range. */
export interface FoundIn {
  readonly series: Series;
  /** Length of a bar, ms. */
  readonly step: number;
  /** The bars as the venue had them before it revised any; several of one open time where it had several. */
  readonly formerly: readonly TrueBar[];
  /** Open times of bars nobody was told of. */
  readonly unannounced: readonly number[];
}

/** Gathers comparisons of the same series made one after the other. */
export class Findings {
  readonly #revised: ReadonlyMap<string, Values>;
  readonly #series = new Map<string, SeriesReport>();
  readonly #missing = new Map<string, { readonly series: Series; readonly openTimes: number[] }>();
  readonly #holes = new Map<string, { readonly series: Series; readonly ranges: OpenTimeRange[] }>();
  readonly #differences: Difference[] = [];

  /** `revised`: what revised bars were made of, by `symbol timeframe openTime`. */
  constructor(revised: ReadonlyMap<string, Values>) {
    this.#revised = revised;
  }

  add(found: Comparison, { series, step, formerly, unannounced }: FoundIn): void {
    const key = `${series.symbol} ${series.timeframe}`;
    const [revised, different] = this.#split(key, found.different, formerly);
    const before = this.#series.get(key) ?? { ...series, ...NOTHING };
    this.#series.set(key, {
      ...series,
      compared: before.compared + found.compared,
      equal: before.equal + found.equal,
      native: before.native + found.native,
      different: before.different + different.length,
      revised: before.revised + revised.length,
      missing: before.missing + found.missing.length,
      quiet: before.quiet + found.quiet.length,
      holes: before.holes + found.holes.length,
      invented: before.invented + found.invented.length,
      unannounced: before.unannounced + unannounced.length,
    });
    this.#differences.push(...different.slice(0, KEPT - this.#differences.length));
    if (found.missing.length > 0)
      listIn(this.#missing, key, { series, openTimes: [] }).openTimes.push(...found.missing);
    if (found.holes.length > 0)
      extend(listIn(this.#holes, key, { series, ranges: [] }).ranges, found.holes, step);
  }

  results(): Pick<ReplayReport, 'candles' | 'series' | 'differences' | 'missing' | 'holes'> {
    const series = [...this.#series.values()];
    return {
      candles: series.reduce<Totals>((sum, each) => added(sum, each), NOTHING),
      series,
      differences: this.#differences,
      missing: [...this.#missing.values()].map(({ series: one, openTimes }) => ({
        ...one,
        openTimes: openTimes.slice(0, KEPT),
      })),
      holes: [...this.#holes.values()].map(({ series: one, ranges }) => ({
        ...one,
        ranges: ranges.slice(0, KEPT),
      })),
    };
  }

  /** A bar that differs is no error of ours when it is what the venue itself said before it revised it. */
  #split(
    key: string,
    different: readonly Difference[],
    formerly: readonly TrueBar[],
  ): readonly [readonly Difference[], readonly Difference[]] {
    const isOld = ({ openTime, cached }: Difference) =>
      [this.#revised.get(`${key} ${openTime}`), ...formerly.filter((bar) => bar.openTime === openTime)].some(
        (old) => old !== undefined && COMPARED_FIELDS.every((field) => old[field] === cached[field]),
      );
    return [different.filter(isOld), different.filter((each) => !isOld(each))];
  }
}

const NOTHING = {
  compared: 0,
  equal: 0,
  different: 0,
  native: 0,
  missing: 0,
  revised: 0,
  quiet: 0,
  holes: 0,
  invented: 0,
  unannounced: 0,
};

function added(sum: Totals, each: SeriesReport): Totals {
  return {
    compared: sum.compared + each.compared,
    equal: sum.equal + each.equal,
    different: sum.different + each.different,
    missing: sum.missing + each.missing,
    revised: sum.revised + each.revised,
    quiet: sum.quiet + each.quiet,
    holes: sum.holes + each.holes,
    invented: sum.invented + each.invented,
    unannounced: sum.unannounced + each.unannounced,
  };
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
