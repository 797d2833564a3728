import type { Interval } from '../market/market';

export interface Granularity {
  readonly interval: Interval;
  readonly seconds: number;
}

const GRANULARITIES: ReadonlyMap<string, Granularity> = new Map([
  ['ONE_MINUTE', { interval: '1m', seconds: 60 }],
  ['FIVE_MINUTE', { interval: '5m', seconds: 300 }],
  ['FIFTEEN_MINUTE', { interval: '15m', seconds: 900 }],
  ['THIRTY_MINUTE', { interval: '30m', seconds: 1800 }],
  ['ONE_HOUR', { interval: '1h', seconds: 3600 }],
  ['TWO_HOUR', { interval: '2h', seconds: 7200 }],
  ['FOUR_HOUR', { interval: '4h', seconds: 14_400 }],
  ['SIX_HOUR', { interval: '6h', seconds: 21_600 }],
  ['ONE_DAY', { interval: '1d', seconds: 86_400 }],
  ['ONE_WEEK', { interval: '1w', seconds: 604_800 }],
]);

/** The granularity an enum name stands for; undefined for the zero value and for anything else. */
export function granularityOf(name: string): Granularity | undefined {
  return GRANULARITIES.get(name);
}
