/** Streams of trades and of how symbols stand. */
import type { Trade } from '../market/market';
import { withSpoilt } from '../faults/blemish';
import { textToUnits, toFixedText, unitsToText } from '../market/units';
import type { Feed, FeedContext, Subscriber } from './feed';
import { Frame } from './frame';
import { SIZE_SCALE } from './listing';
import { spoiltTicker } from './spoilt';
import { dayFigures } from './ticker-bodies';

/** `@trade`, `@aggTrade`: one event per trade. */
export class TradeFeed implements Feed {
  readonly name: string;
  readonly subscribers = new Set<Subscriber>();
  readonly #symbol: string;
  readonly #context: FeedContext;
  readonly #isAggregate: boolean;

  constructor(context: FeedContext, name: string, symbol: string, isAggregate: boolean) {
    this.name = name;
    this.#context = context;
    this.#symbol = symbol;
    this.#isAggregate = isAggregate;
  }

  emit(now: number, since: number): void {
    if (this.#context.faults.isSilent(this.#symbol)) return;
    for (const trade of this.#context.market.trades(this.#symbol, since + 1, now + 1)) {
      const frame = new Frame(this.name, (unit) => JSON.stringify(this.#event(trade, now, unit)));
      for (const subscriber of this.subscribers) subscriber.deliver(frame);
    }
  }

  #event(trade: Trade, now: number, unit: 1 | 1000): object {
    const price = toFixedText(trade.price, this.#context.listing.priceScale(this.#symbol));
    const size = toFixedText(trade.size, SIZE_SCALE);
    const tail = { T: trade.time * unit, m: trade.isBuyerMaker, M: true };
    const head = { E: now * unit, s: this.#symbol };
    if (this.#isAggregate)
      return { e: 'aggTrade', ...head, a: trade.id, p: price, q: size, f: trade.id, l: trade.id, ...tail };
    const orders = this.#context.profile.hasOrderIds ? { b: 2 * trade.id, a: 2 * trade.id + 1 } : {};
    return { e: 'trade', ...head, t: trade.id, p: price, q: size, ...orders, ...tail };
  }
}

export type TickerKind = 'miniTicker' | 'ticker' | 'bookTicker' | 'avgPrice';

/** Streams that tell how a symbol stands, whenever that changed. */
export class TickerFeed implements Feed {
  readonly name: string;
  readonly subscribers = new Set<Subscriber>();
  readonly #symbol: string;
  readonly #context: FeedContext;
  readonly #kind: TickerKind;

  constructor(context: FeedContext, name: string, symbol: string, kind: TickerKind) {
    this.name = name;
    this.#context = context;
    this.#symbol = symbol;
    this.#kind = kind;
  }

  emit(now: number): void {
    if (this.#context.faults.isSilent(this.#symbol)) return;
    const frame = new Frame(this.name, (unit) =>
      JSON.stringify(tickerEvent(this.#context, this.#symbol, this.#kind, now, unit)),
    );
    for (const subscriber of this.subscribers) subscriber.deliver(frame);
  }
}

const AVERAGE_MS = 300_000;

/** The event of a ticker stream as things stand at `now`. */
export function tickerEvent(
  context: FeedContext,
  symbol: string,
  kind: TickerKind,
  now: number,
  unit: 1 | 1000,
): object {
  const { quotes, listing, blemishes } = context;
  if (kind === 'bookTicker') return bookEvent(context, symbol, now);
  if (kind === 'avgPrice') return averageEvent(context, symbol, now, unit);
  const day = dayFigures(quotes, listing, symbol, now);
  const odd = blemishes.ofTicker(symbol);
  const head = { E: now * unit, s: symbol };
  if (kind === 'miniTicker')
    return {
      e: '24hrMiniTicker',
      ...head,
      c: day.last,
      o: day.open,
      h: day.high,
      l: day.low,
      v: odd?.value ?? day.base,
      q: day.quote,
    };
  return {
    e: '24hrTicker',
    ...head,
    p: day.change,
    P: odd?.field === 'change' ? odd.value : day.percent,
    w: day.average,
    x: day.before,
    c: day.last,
    Q: day.lastSize,
    b: day.bid,
    B: day.bidSize,
    a: day.ask,
    A: day.askSize,
    o: day.open,
    h: day.high,
    l: day.low,
    v: odd?.field === 'volume' ? odd.value : day.base,
    q: day.quote,
    O: day.opensAt * unit,
    C: day.closesAt * unit,
    F: day.firstId,
    L: day.lastId,
    n: day.count,
  };
}

function bookEvent({ quotes, listing }: FeedContext, symbol: string, now: number): object {
  const book = quotes.book(symbol, now);
  const scale = listing.priceScale(symbol);
  return {
    u: now,
    s: symbol,
    b: toFixedText(book.bid, scale),
    B: toFixedText(book.bidSize, SIZE_SCALE),
    a: toFixedText(book.ask, scale),
    A: toFixedText(book.askSize, SIZE_SCALE),
  };
}

function averageEvent(
  { market, quotes, listing }: FeedContext,
  symbol: string,
  now: number,
  unit: 1 | 1000,
): object {
  const trades = market.trades(symbol, now - AVERAGE_MS, now + 1);
  const base = trades.reduce((sum, trade) => sum + textToUnits(trade.size, 8), 0n);
  const worth = trades.reduce(
    (sum, trade) => sum + textToUnits(trade.size, 8) * textToUnits(trade.price, 8),
    0n,
  );
  const average = base === 0n ? quotes.price(symbol, now) : unitsToText(worth / base, 8);
  return {
    e: 'avgPrice',
    E: now * unit,
    s: symbol,
    i: '5m',
    w: toFixedText(average, listing.priceScale(symbol)),
    T: (trades.at(-1)?.time ?? now) * unit,
  };
}

/** `!miniTicker@arr`, `!ticker@arr`: every symbol that traded since the last time, as one array. */
export class AllTickersFeed implements Feed {
  readonly name: string;
  readonly subscribers = new Set<Subscriber>();
  readonly #context: FeedContext;
  readonly #kind: 'miniTicker' | 'ticker';

  constructor(context: FeedContext, name: string, kind: 'miniTicker' | 'ticker') {
    this.name = name;
    this.#context = context;
    this.#kind = kind;
  }

  emit(now: number, since: number): void {
    const { listing, market, faults } = this.#context;
    const changed = listing.symbols.filter(({ symbol, status }) => {
      if (status !== 'trading' || faults.isSilent(symbol)) return false;
      const next = market.nextTradeAt(symbol, since);
      return next !== undefined && next <= now;
    });
    if (changed.length === 0) return;
    const spoilt = this.#context.blemishes.ofFrame(changed.length);
    const events = (unit: 1 | 1000) =>
      changed.map(({ symbol }) => tickerEvent(this.#context, symbol, this.#kind, now, unit));
    const frame = new Frame(this.name, (unit) =>
      JSON.stringify(withSpoilt(events(unit), spoilt, spoiltTicker)),
    );
    for (const subscriber of this.subscribers) subscriber.deliver(frame);
  }
}
