import { INTERVALS } from '../market/market';
import type { Interval } from '../market/market';
import type { Profile } from './profile';

/** What a stream's name asks for; undefined for a name the venue accepts and never serves. */
export type StreamKind =
  | { readonly kind: 'kline'; readonly symbol: string; readonly interval: Interval; readonly shift: number }
  | {
      readonly kind: 'miniTicker' | 'ticker' | 'bookTicker' | 'trade' | 'aggTrade' | 'avgPrice';
      readonly symbol: string;
    }
  | { readonly kind: 'allMiniTickers' | 'allTickers' };

const NAME = /^[!\p{L}\p{N}_.\-@+:]{1,100}$/u;
const KLINE = /^([^@]+)@kline_([0-9]+[smhdwM])(@\+08:00)?$/u;
const PLAIN = /^([^@]+)@(miniTicker|ticker|bookTicker|trade|aggTrade|avgPrice)$/u;
const EIGHT_HOURS_MS = 8 * 3_600_000;

/** Whether a name could be one: letters, digits and a few signs. */
export function isStreamName(name: string): boolean {
  return NAME.test(name);
}

/** Reads a stream's name; only lowercase symbols are served. @example parseStream('btcusdt@kline_1m', profile) */
export function parseStream(name: string, profile: Profile): StreamKind | undefined {
  if (name === '!miniTicker@arr') return { kind: 'allMiniTickers' };
  if (name === '!ticker@arr') return profile.hasAllTickers ? { kind: 'allTickers' } : undefined;
  const kline = KLINE.exec(name);
  if (kline !== null) return klineOf(kline, profile);
  const [, lower = '', type] = PLAIN.exec(name) ?? [];
  const symbol = symbolOf(lower);
  if (symbol === undefined) return undefined;
  switch (type) {
    case 'miniTicker':
    case 'ticker':
    case 'bookTicker':
    case 'trade':
    case 'aggTrade':
    case 'avgPrice':
      return { kind: type, symbol };
    default:
      return undefined;
  }
}

function klineOf([, lower = '', text, zone]: RegExpExecArray, profile: Profile): StreamKind | undefined {
  const symbol = symbolOf(lower);
  const interval = INTERVALS.find((one) => one === text);
  if (symbol === undefined || interval === undefined) return undefined;
  if ((interval === '1s' && !profile.hasSeconds) || (zone !== undefined && !profile.hasTimeZone))
    return undefined;
  return { kind: 'kline', symbol, interval, shift: zone === undefined ? 0 : EIGHT_HOURS_MS };
}

function symbolOf(lower: string): string | undefined {
  return lower !== '' && lower === lower.toLowerCase() ? lower.toUpperCase() : undefined;
}
