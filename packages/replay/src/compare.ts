import type { StoredCandle } from '@livermore/cache';
import { isClosed, timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Series } from '@livermore/schemas';
import type { Bar } from '@livermore/simulator';
import { differingFields, flatAt, valuesOf } from './bar-values';
import type { BarValues, ComparedField } from './bar-values';

export { COMPARED_FIELDS } from './bar-values';
export type { BarValues, ComparedField } from './bar-values';

/** A bar as the venue had it, in numbers. */
export interface TrueBar extends BarValues {
  readonly openTime: number;
  /** Recorded natively in this timeframe, or what the recording's shorter bars come to. */
  readonly isNative: boolean;
}

/** One candle that differs: both sides, so that nobody has to look them up. */
export interface Difference {
  readonly series: Series;
  readonly openTime: number;
  readonly fields: readonly ComparedField[];
  readonly cached: BarValues & Pick<StoredCandle, 'source'>;
  readonly truth: Omit<TrueBar, 'openTime'>;
}

/** What comparing one series over one range found. Every open time of its grid is in exactly one of the answers. */
export interface Comparison {
  /** Equal and different ones. */
  readonly compared: number;
  readonly equal: number;
  /** Of those compared, how many had a native recording. */
  readonly native: number;
  readonly different: readonly Difference[];
  /** Open times the venue has and the cache has not as closed. */
  readonly missing: readonly number[];
  /** Open times cached as closed that the venue does not have, off its grid too, but for quiet ones it omits. */
  readonly invented: readonly number[];
  /** Open times at which the venue, which omits quiet bars, has none, and the cache has one flat at the close before. */
  readonly quiet: readonly number[];
  /** Open times at which the cache says that nothing traded, and the venue has a bar that did. */
  readonly falselyQuiet: readonly number[];
  /** Open times the venue does not have, and the cache says so by having nothing. */
  readonly holes: readonly number[];
}

/** What is compared with what. */
export interface Sides {
  readonly cached: readonly StoredCandle[];
  /** Ascending. */
  readonly truth: readonly TrueBar[];
  /** Whether the venue serves no row for a time without trades; it serves flat rows when absent. */
  readonly omitsQuiet?: boolean;
  /** The last close before the range: what a quiet bar at its begin is flat at; unknown when absent. */
  readonly closeBefore?: number | undefined;
}

/** Compares the closed candles of a series with the venue's own over a range of open times. Pure. */
export function compareSeries(series: Series, range: OpenTimeRange, sides: Sides): Comparison {
  const cached = new Map(sides.cached.filter(isClosed).map((candle) => [candle.timestamp, candle]));
  const truth = new Map(sides.truth.map((bar) => [bar.openTime, bar]));
  const tally = new Tally(series);
  const step = timeframeMs(series.timeframe);
  for (const openTime of cached.keys()) if (openTime % step !== 0) tally.put('invented', openTime);
  let { closeBefore } = sides;
  for (let openTime = range.from; openTime < range.to; openTime += step) {
    const bar = truth.get(openTime);
    const candle = cached.get(openTime);
    if (candle === undefined) tally.put(bar === undefined ? 'holes' : 'missing', openTime);
    else if (bar !== undefined) tally.compare(candle, bar);
    else if (candle.source === 'no-trades' && sides.omitsQuiet === true) tally.quiet(candle, closeBefore);
    else tally.put('invented', openTime);
    closeBefore = bar?.close ?? closeBefore;
  }
  return tally.found;
}

/** A market's bar in numbers. */
export function trueBarOf(bar: Bar, isNative: boolean): TrueBar {
  return {
    openTime: bar.openTime,
    open: Number(bar.open),
    high: Number(bar.high),
    low: Number(bar.low),
    close: Number(bar.close),
    volume: Number(bar.volume),
    isNative,
  };
}

type ListName = 'missing' | 'invented' | 'quiet' | 'falselyQuiet' | 'holes';

class Tally {
  readonly #series: Series;
  readonly #different: Difference[] = [];
  readonly #lists: Readonly<Record<ListName, number[]>> = {
    missing: [],
    invented: [],
    quiet: [],
    falselyQuiet: [],
    holes: [],
  };
  #counts = { compared: 0, equal: 0, native: 0 };

  constructor(series: Series) {
    this.#series = series;
  }

  get found(): Comparison {
    return { ...this.#counts, different: this.#different, ...this.#lists };
  }

  put(list: ListName, openTime: number): void {
    this.#lists[list].push(openTime);
  }

  compare(candle: StoredCandle, bar: TrueBar): void {
    if (candle.source === 'no-trades' && bar.volume > 0) {
      this.put('falselyQuiet', bar.openTime);
      return;
    }
    const fields = differingFields(candle, bar);
    const { compared, equal, native } = this.#counts;
    this.#counts = {
      compared: compared + 1,
      equal: equal + (fields.length === 0 ? 1 : 0),
      native: native + (bar.isNative ? 1 : 0),
    };
    if (fields.length > 0) this.#different.push(differenceOf(this.#series, candle, bar, fields));
  }

  /** No row tells the price of a quiet bar where the venue omits them: the close before does. */
  quiet(candle: StoredCandle, closeBefore: number | undefined): void {
    const flat = flatAt(closeBefore ?? candle.close);
    if (differingFields(candle, flat).length === 0) this.put('quiet', candle.timestamp);
    else this.compare(candle, { openTime: candle.timestamp, ...flat, isNative: false });
  }
}

function differenceOf(
  series: Series,
  candle: StoredCandle,
  bar: TrueBar,
  fields: readonly ComparedField[],
): Difference {
  const { source } = candle;
  const { openTime, ...truth } = bar;
  const cached = { ...valuesOf(candle), ...(source === undefined ? {} : { source }) };
  return { series, openTime, fields, cached, truth };
}
