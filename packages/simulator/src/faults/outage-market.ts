import type { Bar, Market, Trade } from '../market/market';
import { textToUnits, unitsToText } from '../market/units';

/** A stretch without trading; `to` is Infinity while it lasts. */
export interface Outage {
  readonly from: number;
  readonly to: number;
}

/** Decimals that hold every price and size of any market here, recorded ones included. */
const SCALE = 24;
const DAY_MS = 86_400_000;
/** Running sums kept for bars that an outage touches. */
const SUMS_KEPT = 2000;

interface Sum {
  upTo: number;
  open: bigint | undefined;
  high: bigint;
  low: bigint;
  close: bigint;
  base: bigint;
  quote: bigint;
  takerBase: bigint;
  takerQuote: bigint;
  count: number;
  firstId: number;
  lastId: number;
}

/**
 * A market in which nothing trades during outages: buckets wholly inside one never exist, those partly inside hold
 * only what traded outside. `outages` is asked each time, since one may be going on.
 */
export function withOutages(market: Market, outages: () => readonly Outage[]): Market {
  const sums = new Map<string, Sum>();
  const isDown = (at: number) => outages().some(({ from, to }) => at >= from && at < to);
  const trades = (symbol: string, from: number, to: number): readonly Trade[] => {
    const all = market.trades(symbol, from, to);
    return outages().length === 0 ? all : all.filter((trade) => !isDown(trade.time));
  };
  const priceBefore = (symbol: string, at: number, fallback: string): string =>
    trades(symbol, at - DAY_MS, at).at(-1)?.price ?? fallback;

  const rebuilt = (symbol: string, interval: string, bar: Bar, until: number): Bar => {
    const key = `${symbol}|${interval}|${bar.openTime}`;
    let sum = sums.get(key);
    if (sum === undefined || sum.upTo > until) sum = emptySum(bar.openTime);
    for (const trade of trades(symbol, sum.upTo, until)) add(sum, trade);
    sum.upTo = until;
    sums.set(key, sum);
    if (sums.size > SUMS_KEPT) sums.delete(sums.keys().next().value ?? '');
    return sum.count === 0 ? flat(bar, priceBefore(symbol, bar.openTime, bar.open)) : barOf(bar, sum);
  };

  const seen = (symbol: string, interval: string, bar: Bar, now: number): readonly Bar[] => {
    const until = Math.min(bar.closeTime, now + 1);
    const touching = outages().filter(({ from, to }) => from < until && to > bar.openTime);
    if (touching.some(({ from, to }) => from <= bar.openTime && to >= until)) return [];
    if (touching.length > 0) return [rebuilt(symbol, interval, bar, until)];
    const isAfter = outages().some(({ to }) => to <= bar.openTime && bar.openTime - to < DAY_MS);
    return [bar.trades === 0 && isAfter ? flat(bar, priceBefore(symbol, bar.openTime, bar.open)) : bar];
  };

  return {
    get symbols() {
      return market.symbols;
    },
    bars: (symbol, interval, from, to, now) => {
      const bars = market.bars(symbol, interval, from, to, now);
      return outages().length === 0 ? bars : bars.flatMap((bar) => seen(symbol, interval, bar, now));
    },
    trades,
    nextTradeAt: (symbol, after) => {
      let next = market.nextTradeAt(symbol, after);
      for (let outage = downAt(outages(), next); outage !== undefined; outage = downAt(outages(), next)) {
        if (outage.to === Infinity) return undefined;
        next = market.nextTradeAt(symbol, outage.to - 1);
      }
      return next;
    },
    isOut: (symbol, at) => isDown(at) || market.isOut(symbol, at),
    intervals: (symbol) => market.intervals(symbol),
  };
}

function downAt(outages: readonly Outage[], at: number | undefined): Outage | undefined {
  return at === undefined ? undefined : outages.find(({ from, to }) => at >= from && at < to);
}

function emptySum(upTo: number): Sum {
  return {
    upTo,
    open: undefined,
    high: 0n,
    low: 0n,
    close: 0n,
    base: 0n,
    quote: 0n,
    takerBase: 0n,
    takerQuote: 0n,
    count: 0,
    firstId: -1,
    lastId: -1,
  };
}

function add(sum: Sum, trade: Trade): void {
  const price = textToUnits(trade.price, SCALE);
  const size = textToUnits(trade.size, SCALE);
  if (sum.open === undefined) {
    sum.open = price;
    sum.high = price;
    sum.low = price;
    sum.firstId = trade.id;
  }
  if (price > sum.high) sum.high = price;
  if (price < sum.low) sum.low = price;
  sum.close = price;
  sum.base += size;
  sum.quote += price * size;
  if (!trade.isBuyerMaker) {
    sum.takerBase += size;
    sum.takerQuote += price * size;
  }
  sum.count += 1;
  sum.lastId = trade.id;
}

function barOf(bar: Bar, sum: Sum): Bar {
  return {
    ...bar,
    open: unitsToText(sum.open ?? sum.close, SCALE),
    high: unitsToText(sum.high, SCALE),
    low: unitsToText(sum.low, SCALE),
    close: unitsToText(sum.close, SCALE),
    volume: unitsToText(sum.base, SCALE),
    quoteVolume: unitsToText(sum.quote, 2 * SCALE),
    takerBaseVolume: unitsToText(sum.takerBase, SCALE),
    takerQuoteVolume: unitsToText(sum.takerQuote, 2 * SCALE),
    trades: sum.count,
    firstTradeId: sum.firstId,
    lastTradeId: sum.lastId,
  };
}

function flat(bar: Bar, price: string): Bar {
  return {
    ...bar,
    open: price,
    high: price,
    low: price,
    close: price,
    volume: '0',
    quoteVolume: '0',
    takerBaseVolume: '0',
    takerQuoteVolume: '0',
    trades: 0,
    firstTradeId: -1,
    lastTradeId: -1,
  };
}
