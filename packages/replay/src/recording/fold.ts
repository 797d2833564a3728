import type { BarValues } from '../bar-values';
import { sumOfTexts } from './decimal-text';
import type { RecordedBar } from './recorded-series';

/** A recorded bar in numbers: each the float64 nearest to what the file says. */
export function recordedValues(bar: RecordedBar): BarValues {
  return {
    open: Number(bar.open),
    high: Number(bar.high),
    low: Number(bar.low),
    close: Number(bar.close),
    volume: Number(bar.volume),
  };
}

/**
 * What recorded bars come to as one longer bar: volumes are summed exactly; parts without trades leave open, high, low
 * and close alone, unless nothing traded at all. Undefined for none.
 */
export function foldRecorded(parts: readonly RecordedBar[]): BarValues | undefined {
  const traded = parts.filter((bar) => Number(bar.volume) > 0);
  const shape = traded.length > 0 ? traded : parts;
  const [first, last] = [shape[0], shape.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  return {
    open: Number(first.open),
    high: shape.reduce((most, bar) => Math.max(most, Number(bar.high)), 0),
    low: shape.reduce((least, bar) => Math.min(least, Number(bar.low)), Infinity),
    close: Number(last.close),
    volume: sumOfTexts(parts.map((bar) => bar.volume)),
  };
}
