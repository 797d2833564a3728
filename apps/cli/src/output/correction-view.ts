import type { Correction, StoredCandle } from '@livermore/cache';
import { MICROS_PER_MS, closeTimeOf } from '@livermore/schemas';
import { candleJson } from './candle-json';
import { duration, instant } from './format';

const VALUES = ['open', 'high', 'low', 'close', 'volume'] as const;
type Value = (typeof VALUES)[number];

export const CORRECTION_TITLES = [
  'changed (UTC)',
  'symbol',
  'tf',
  'bar (UTC)',
  'as of, after its close',
  'source',
  'cause',
  'old → new',
] as const;

/** Which of open, high, low, close and volume are not what they were; none where a bar was taken back. */
export function changedValues({ old, new: changed }: Correction): readonly Value[] {
  return changed === undefined ? [] : VALUES.filter((value) => old[value] !== changed[value]);
}

/** A correction as the cells of a line for people. */
export function correctionCells(correction: Correction): readonly string[] {
  const { at, series, openTime, old, new: changed, cause } = correction;
  const pair = (of: (candle: StoredCandle) => string) =>
    changed === undefined ? of(old) : `${of(old)} → ${of(changed)}`;
  return [
    instant(at),
    series.symbol,
    series.timeframe,
    instant(openTime),
    pair(sinceClose),
    pair(({ source }) => source ?? 'not said'),
    cause,
    saidOf(correction),
  ];
}

/** A correction for programs: both candles whole. `new` is null where the bar was taken back. */
export function correctionJson(correction: Correction) {
  const { id, at, series, openTime, old, new: changed, cause } = correction;
  return {
    id,
    at,
    ...series,
    openTime,
    kind: changed === undefined ? 'retracted' : 'changed',
    values: changedValues(correction),
    old: candleJson(old),
    new: changed === undefined ? null : candleJson(changed),
    cause,
  };
}

function saidOf(correction: Correction): string {
  const { old, new: changed } = correction;
  if (changed === undefined) return `taken back: ${old.close}, volume ${old.volume}`;
  return changedValues(correction)
    .map((value) => `${value} ${old[value]} → ${changed[value]}`)
    .join(', ');
}

/** How long after the close of its bar a state was true. */
function sinceClose({ timeframe, timestamp, sequenceNum }: StoredCandle): string {
  if (sequenceNum === undefined) return 'not said';
  return duration(sequenceNum / MICROS_PER_MS - closeTimeOf(timeframe, timestamp));
}
