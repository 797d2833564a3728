import type { StoredCandle } from '@livermore/cache';
import { isClosed, timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Series } from '@livermore/schemas';
import type { Bar } from '@livermore/simulator';

/** A bar as the venue had it, in numbers. */
export interface TrueBar {
  readonly openTime: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  /** Recorded natively in this timeframe, or what the recording's shorter bars come to. */
  readonly isNative: boolean;
}

export const COMPARED_FIELDS = ['open', 'high', 'low', 'close', 'volume'] as const;
export type ComparedField = (typeof COMPARED_FIELDS)[number];

/** One candle that differs: both sides, so that nobody has to look them up. */
export interface Difference {
  readonly series: Series;
  readonly openTime: number;
  readonly fields: readonly ComparedField[];
  readonly cached: Pick<StoredCandle, 'open' | 'high' | 'low' | 'close' | 'volume' | 'source'>;
  readonly truth: Omit<TrueBar, 'openTime'>;
}

/** What comparing one series over one range found. */
export interface Comparison {
  readonly compared: number;
  readonly equal: number;
  /** Of those compared, how many had a native recording. */
  readonly native: number;
  readonly different: readonly Difference[];
  /** Open times the venue has and the cache has not as closed. */
  readonly missing: readonly number[];
  /** Open times cached as closed that the venue does not have and nobody proved empty. */
  readonly invented: readonly number[];
  /** Open times the venue does not have and the cache says were quiet. */
  readonly quiet: readonly number[];
  /** Open times the venue does not have, and the cache says so by having nothing. */
  readonly holes: readonly number[];
}

/**
 * Compares the closed candles of a series with the venue's own over a range of open times. Pure; every open time of
 * the range is in exactly one of the answers.
 */
export function compareSeries(
  series: Series,
  range: OpenTimeRange,
  sides: { readonly cached: readonly StoredCandle[]; readonly truth: readonly TrueBar[] },
): Comparison {
  const cached = new Map(sides.cached.filter(isClosed).map((candle) => [candle.timestamp, candle]));
  const truth = new Map(sides.truth.map((bar) => [bar.openTime, bar]));
  const found = { compared: 0, equal: 0, native: 0 };
  const different: Difference[] = [];
  const lists = {
    missing: [] as number[],
    invented: [] as number[],
    quiet: [] as number[],
    holes: [] as number[],
  };
  for (let openTime = range.from; openTime < range.to; openTime += timeframeMs(series.timeframe)) {
    const candle = cached.get(openTime);
    const bar = truth.get(openTime);
    if (bar === undefined) {
      lists[candle === undefined ? 'holes' : candle.source === 'no-trades' ? 'quiet' : 'invented'].push(
        openTime,
      );
    } else if (candle === undefined) {
      lists.missing.push(openTime);
    } else {
      found.compared += 1;
      found.native += bar.isNative ? 1 : 0;
      const fields = COMPARED_FIELDS.filter((field) => candle[field] !== bar[field]);
      if (fields.length === 0) found.equal += 1;
      else different.push(differenceOf(series, candle, bar, fields));
    }
  }
  return { ...found, different, ...lists };
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

function differenceOf(
  series: Series,
  candle: StoredCandle,
  bar: TrueBar,
  fields: readonly ComparedField[],
): Difference {
  const { open, high, low, close, volume, source } = candle;
  const { openTime, ...truth } = bar;
  return {
    series,
    openTime,
    fields,
    cached: { open, high, low, close, volume, ...(source === undefined ? {} : { source }) },
    truth,
  };
}
