import { DAY_MS } from '../market/intervals';
import { textToUnits, toFixedText, unitsToText } from '../market/units';
import type { Listing } from './listing';
import { SIZE_SCALE } from './listing';
import type { Quotes } from './quotes';

const WORTH_SCALE = 8;

/** The figures of a rolling day as decimals of the venue's scale; everything zero where nothing is known. */
export interface DayFigures {
  readonly change: string;
  readonly percent: string;
  readonly average: string;
  readonly before: string;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly last: string;
  readonly lastSize: string;
  readonly base: string;
  readonly quote: string;
  readonly bid: string;
  readonly bidSize: string;
  readonly ask: string;
  readonly askSize: string;
  readonly opensAt: number;
  readonly closesAt: number;
  readonly firstId: number;
  readonly lastId: number;
  readonly count: number;
}

const size = (text: string): string => toFixedText(text, SIZE_SCALE);

/** The rolling day of a symbol as it stands at `now`. */
export function dayFigures(quotes: Quotes, listing: Listing, symbol: string, now: number): DayFigures {
  const scale = listing.priceScale(symbol);
  const price = (text: string) => toFixedText(text, scale);
  const window = quotes.day(symbol, now);
  const bar = window?.bar;
  const open = textToUnits(bar?.open ?? '0', WORTH_SCALE);
  const change = textToUnits(bar?.close ?? '0', WORTH_SCALE) - open;
  const base = textToUnits(bar?.volume ?? '0', WORTH_SCALE);
  const worth = textToUnits(bar?.quoteVolume ?? '0', 2 * WORTH_SCALE);
  const book = quotes.book(symbol, now);
  return {
    change: signed(change, scale),
    percent: open === 0n ? '0.000' : signed(((change * 100_000n) / open) * 10n ** 5n, 3),
    average: price(unitsToText(base === 0n ? 0n : worth / base, WORTH_SCALE)),
    before: price(window?.before ?? '0'),
    open: price(bar?.open ?? '0'),
    high: price(bar?.high ?? '0'),
    low: price(bar?.low ?? '0'),
    last: price(bar?.close ?? '0'),
    lastSize: size(quotes.lastTrade(symbol, now)?.size ?? '0'),
    base: size(bar?.volume ?? '0'),
    quote: price(bar?.quoteVolume ?? '0'),
    bid: price(book.bid),
    bidSize: size(book.bidSize),
    ask: price(book.ask),
    askSize: size(book.askSize),
    opensAt: now - DAY_MS,
    closesAt: now,
    firstId: bar?.firstTradeId ?? -1,
    lastId: bar?.lastTradeId ?? -1,
    count: bar?.trades ?? 0,
  };
}

function signed(units: bigint, scale: number): string {
  return toFixedText(unitsToText(units, WORTH_SCALE), scale);
}

/** `ticker/24hr`, `type=FULL`. */
export function fullTicker(symbol: string, figures: DayFigures, unit: 1 | 1000): object {
  return {
    symbol,
    priceChange: figures.change,
    priceChangePercent: figures.percent,
    weightedAvgPrice: figures.average,
    prevClosePrice: figures.before,
    lastPrice: figures.last,
    lastQty: figures.lastSize,
    bidPrice: figures.bid,
    bidQty: figures.bidSize,
    askPrice: figures.ask,
    askQty: figures.askSize,
    openPrice: figures.open,
    highPrice: figures.high,
    lowPrice: figures.low,
    volume: figures.base,
    quoteVolume: figures.quote,
    openTime: figures.opensAt * unit,
    closeTime: figures.closesAt * unit,
    firstId: figures.firstId,
    lastId: figures.lastId,
    count: figures.count,
  };
}

/** `ticker/24hr`, `type=MINI`. */
export function miniTickerBody(symbol: string, figures: DayFigures, unit: 1 | 1000): object {
  return {
    symbol,
    openPrice: figures.open,
    highPrice: figures.high,
    lowPrice: figures.low,
    lastPrice: figures.last,
    volume: figures.base,
    quoteVolume: figures.quote,
    openTime: figures.opensAt * unit,
    closeTime: figures.closesAt * unit,
    firstId: figures.firstId,
    lastId: figures.lastId,
    count: figures.count,
  };
}
