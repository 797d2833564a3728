/**
 * What happened on an imaginary exchange: a pure function of a seed (or of a folder of recorded candles) and
 * of time. Venues only dress it in their wire formats: REST, streams and
 * trades disagree only where a fault orders it.
 */

/** Every interval any simulated venue serves. `1M` is a calendar month. */
export const INTERVALS = [
  '1s',
  '1m',
  '3m',
  '5m',
  '15m',
  '30m',
  '1h',
  '2h',
  '4h',
  '6h',
  '8h',
  '12h',
  '1d',
  '3d',
  '1w',
  '1M',
] as const;
export type Interval = (typeof INTERVALS)[number];

export interface MarketSymbol {
  /** The venue's spelling: `BTCUSDT`, `BTC-USD`. */
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  /** Decimals of the smallest price and size step. */
  readonly priceDecimals: number;
  readonly sizeDecimals: number;
  /** First instant (ms) at which the symbol traded; nothing is served before. */
  readonly listedAt: number;
  readonly status: 'trading' | 'halted' | 'view-only' | 'disabled';
}

/** One bar. Decimals are text, as on the wire, without a fixed scale; a venue pads them to its own. */
export interface Bar {
  readonly openTime: number;
  /** First instant after the bar, ms. */
  readonly closeTime: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  readonly quoteVolume: string;
  readonly trades: number;
  readonly takerBaseVolume: string;
  readonly takerQuoteVolume: string;
  /** -1 where nothing traded. */
  readonly firstTradeId: number;
  readonly lastTradeId: number;
}

export interface Trade {
  readonly id: number;
  readonly time: number;
  readonly price: string;
  readonly size: string;
  readonly isBuyerMaker: boolean;
}

/** All functions are pure in their arguments: the same call gives the same answer for ever. */
export interface Market {
  readonly symbols: readonly MarketSymbol[];
  /**
   * Bars that opened in [from, to) and not after `now`, ascending. The one that contains `now` is as it stood
   * at `now`. A bucket without trades is a flat bar with `trades: 0`; an outage is no bar at all.
   */
  bars(symbol: string, interval: Interval, from: number, to: number, now: number): readonly Bar[];
  /** Trades with from ≤ time < to, ascending by id. The bars are made of exactly these trades. */
  trades(symbol: string, from: number, to: number): readonly Trade[];
  /** The first instant after `after` (ms) at which a trade happens, or undefined where none will. */
  nextTradeAt(symbol: string, after: number): number | undefined;
  /** Whether the whole market stands still at `at` (an outage): nothing trades and no bucket exists. */
  isOut(symbol: string, at: number): boolean;
  /** Intervals this market can serve for a symbol: a recording of 15m bars knows nothing of 1m. */
  intervals(symbol: string): readonly Interval[];
}
