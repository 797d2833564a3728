/** What tickers say: the last price, the day behind it, and a book of one level around it. */
import { hash32 } from '@livermore/utils';
import { bucketStart, DAY_MS, INTERVAL_MS } from '../market/intervals';
import type { Bar, Interval, Market, Trade } from '../market/market';
import { mergeBars } from '../market/merge';
import { textToUnits, unitsToText } from '../market/units';
import type { Listing } from './listing';

export interface Quote {
  readonly bid: string;
  readonly bidSize: string;
  readonly ask: string;
  readonly askSize: string;
}

/** The 24 hours before an instant, to the minute. */
export interface DayWindow {
  readonly bar: Bar;
  /** Last price before the window. */
  readonly before: string;
}

/** How far back the last trade is looked for, in steps. */
const LOOK_BACK_MS = [60_000, 3_600_000, DAY_MS] as const;
const WINDOWS_KEPT = 5000;

export class Quotes {
  readonly #market: Market;
  readonly #listing: Listing;
  /** The part of a day's window that no longer changes, until the next minute. */
  readonly #settled = new Map<
    string,
    { readonly until: number; readonly bar: Bar | undefined; readonly before: string }
  >();

  constructor(market: Market, listing: Listing) {
    this.#market = market;
    this.#listing = listing;
  }

  /** The last trade at or before `now`, within a day. */
  lastTrade(symbol: string, now: number): Trade | undefined {
    for (const back of LOOK_BACK_MS) {
      const last = this.#market.trades(symbol, now - back, now + 1).at(-1);
      if (last !== undefined) return last;
    }
    return undefined;
  }

  price(symbol: string, now: number): string {
    return this.#window(symbol, now, this.#finest(symbol)).bar.close;
  }

  /** The 24 hours before `now`; undefined where the symbol has no candles. */
  day(symbol: string, now: number): DayWindow | undefined {
    const finest = this.#finest(symbol);
    const window = this.#window(symbol, now, finest);
    return window.bar.openTime < 0 ? undefined : window;
  }

  /** One tick to either side of the last price, with sizes that move with it. */
  book(symbol: string, now: number): Quote {
    const listed = this.#listing.find(symbol);
    const window = this.day(symbol, now);
    const none = { bid: '0', bidSize: '0', ask: '0', askSize: '0' };
    if (listed === undefined || window === undefined || listed.status !== 'trading') return none;
    const last = textToUnits(window.bar.close, listed.priceDecimals);
    const bid = last > 1n ? last - 1n : last;
    const throwOf = (side: string) => 1 + (hash32(`${symbol}|${side}|${window.bar.lastTradeId}`) % 5000);
    const size = (side: string) => unitsToText(throwOf(side), Math.min(3, listed.sizeDecimals));
    return {
      bid: unitsToText(bid, listed.priceDecimals),
      bidSize: size('bid'),
      ask: unitsToText(last, listed.priceDecimals),
      askSize: size('ask'),
    };
  }

  #finest(symbol: string): Interval {
    return this.#market.intervals(symbol).find((interval) => interval !== '1s') ?? '1m';
  }

  #window(symbol: string, now: number, finest: Interval): DayWindow {
    const edge = bucketStart(finest, now);
    let settled = this.#settled.get(symbol);
    if (settled?.until !== edge) {
      settled = { until: edge, ...this.#settle(symbol, edge, finest) };
      this.#settled.delete(symbol);
      this.#settled.set(symbol, settled);
      if (this.#settled.size > WINDOWS_KEPT) this.#settled.delete(this.#settled.keys().next().value ?? '');
    }
    const forming = this.#market.bars(symbol, finest, edge, edge + 1, now);
    const parts = settled.bar === undefined ? forming : [settled.bar, ...forming];
    const bar = mergeBars(parts, now - DAY_MS, now) ?? EMPTY;
    return { bar, before: settled.before };
  }

  #settle(
    symbol: string,
    edge: number,
    finest: Interval,
  ): { readonly bar: Bar | undefined; readonly before: string } {
    const from = edge - DAY_MS;
    const bars = this.#cover(symbol, from, edge, finest);
    const [previous] = this.#market.bars(symbol, finest, from - INTERVAL_MS[finest], from, edge);
    return { bar: mergeBars(bars, from, edge), before: previous?.close ?? bars[0]?.open ?? '0' };
  }

  /** As few bars as cover a stretch: hours, and finer ones at its ends. */
  #cover(symbol: string, from: number, to: number, finest: Interval): readonly Bar[] {
    const hour = INTERVAL_MS['1h'];
    const firstHour = Math.ceil(from / hour) * hour;
    const lastHour = Math.floor(to / hour) * hour;
    if (!this.#market.intervals(symbol).includes('1h') || INTERVAL_MS[finest] >= hour)
      return this.#market.bars(symbol, finest, from, to, to);
    return [
      ...this.#market.bars(symbol, finest, from, firstHour, to),
      ...this.#market.bars(symbol, '1h', firstHour, lastHour, to),
      ...this.#market.bars(symbol, finest, lastHour, to, to),
    ];
  }
}

const EMPTY: Bar = {
  openTime: -1,
  closeTime: -1,
  open: '0',
  high: '0',
  low: '0',
  close: '0',
  volume: '0',
  quoteVolume: '0',
  trades: 0,
  takerBaseVolume: '0',
  takerQuoteVolume: '0',
  firstTradeId: -1,
  lastTradeId: -1,
};
