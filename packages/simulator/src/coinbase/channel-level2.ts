import type { ChannelSource, SourceContext } from './channel-source';
import { bookAt } from './order-book';
import type { BookLevel, OrderBook } from './order-book';
import { plainDecimal, wireTime } from './wire';

interface LevelUpdate {
  readonly side: 'bid' | 'offer';
  readonly event_time: string;
  readonly price_level: string;
  /** Absolute; zero removes the level. */
  readonly new_quantity: string;
}

/** The `level2` channel: the whole book in one frame, then what changed. */
export function level2Source(context: SourceContext): ChannelSource {
  const { market, figures, symbol } = context;
  const product_id = symbol.symbol;
  // Snapshots show the book of the last update, so that the next one continues every snapshot given out.
  let told: OrderBook | undefined;
  return {
    snapshot(now) {
      const book = bookAt(symbol, figures.lastPrice(symbol, now), context.bookLevels());
      if (told === undefined || context.bookLevels() !== told.bids.length) told = book;
      return JSON.stringify({ type: 'snapshot', product_id, updates: difference(EMPTY, told, now) });
    },
    update(since, now) {
      const last = market.trades(product_id, since + 1, now + 1).at(-1);
      if (last === undefined) return undefined;
      const book = bookAt(symbol, plainDecimal(last.price), context.bookLevels());
      const updates = difference(told ?? EMPTY, book, last.time);
      told = book;
      return updates.length === 0 ? undefined : JSON.stringify({ type: 'update', product_id, updates });
    },
  };
}

const EMPTY: OrderBook = { bids: [], asks: [] };

function difference(before: OrderBook, after: OrderBook, at: number): readonly LevelUpdate[] {
  return [
    ...sideDifference('bid', [before.bids, after.bids], at),
    ...sideDifference('offer', [before.asks, after.asks], at),
  ];
}

function sideDifference(
  side: LevelUpdate['side'],
  [before, after]: readonly [readonly BookLevel[], readonly BookLevel[]],
  at: number,
): LevelUpdate[] {
  const event_time = wireTime(at);
  const old = new Map(before.map(({ price, size }) => [price, size]));
  const added = after.filter(({ price, size }) => old.get(price) !== size);
  for (const { price } of after) old.delete(price);
  return [
    ...[...old.keys()].map((price_level) => ({ side, event_time, price_level, new_quantity: '0' })),
    ...added.map(({ price, size }) => ({ side, event_time, price_level: price, new_quantity: size })),
  ];
}
