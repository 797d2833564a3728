import { MICROS_PER_MS } from '@livermore/schemas';
import type { MarketEvent, Ticker } from '@livermore/schemas';
import { DecodeError } from '../../errors';
import { decimalOf, signedDecimalOf } from '../decimal-text';
import type { DecodeContext, StreamMessage } from '../protocol';
import { symbolKnown, told } from '../unreadable';
import { finite, symbolAt } from '../wire';
import type { JsonObject, Where } from '../wire';
import { readEntries } from './entries';
import { TICKER_ENTRIES } from './messages';

/** Tickers of `ticker` and `ticker_batch` frames. One with an odd figure costs that ticker and nothing else. */
export function tickersMessage(
  events: readonly unknown[],
  micros: number,
  context: DecodeContext,
): StreamMessage {
  const timestamp = Math.floor(micros / MICROS_PER_MS);
  const { values, unreadable } = readEntries(events, context.exchange, {
    list: TICKER_ENTRIES,
    read: ({ wire, where }) => ({
      product: symbolAt(wire['product_id'], where, 'product_id'),
      figures: figuresOf(wire, where),
    }),
    knownOf: (wire) => symbolKnown(wire?.['product_id']),
  });
  const updates = values.flatMap(({ product, figures }): readonly MarketEvent[] => {
    if (figures === undefined) return [];
    return context
      .symbolsOf(product)
      .map((symbol) => ({ type: 'ticker:update', ticker: { ...figures, symbol, timestamp } }));
  });
  return { kind: 'data', events: updates, ...told(unreadable) };
}

type Figures = Omit<Ticker, 'symbol' | 'timestamp'>;

/** Undefined where the product has no price yet: then there is nothing to announce. @throws DecodeError */
function figuresOf(wire: JsonObject, where: Where): Figures | undefined {
  const price = figureAt(wire, where, 'price');
  const high24h = figureAt(wire, where, 'high_24_h');
  const low24h = figureAt(wire, where, 'low_24_h');
  const bid = wire['best_bid'] === undefined ? 0 : figureAt(wire, where, 'best_bid');
  const ask = wire['best_ask'] === undefined ? 0 : figureAt(wire, where, 'best_ask');
  const volume24h = figureAt(wire, where, 'volume_24_h');
  const percent = percentAt(wire['price_percent_chg_24_h'], where);
  if (Math.min(price, high24h, low24h) === 0) return undefined;
  return {
    price,
    // The venue tells the percentage: the price of 24 h ago follows from it.
    change24h: finite(price - price / (1 + percent / 100), where, 'price_percent_chg_24_h'),
    changePercent24h: percent,
    high24h,
    low24h,
    volume24h,
    ...(bid > 0 ? { bid } : {}),
    ...(ask > 0 ? { ask } : {}),
  };
}

/** A decimal, or zero for an absent one, which the venue writes as an empty text. A number is as good as its text. */
function figureAt(wire: JsonObject, where: Where, name: string): number {
  const value = wire[name];
  if (value === '') return 0;
  const figure = typeof value === 'number' ? value : decimalOf(value);
  if (figure >= 0 && figure < Infinity) return figure;
  throw new DecodeError(where.venue, where.path + name, 'is not a decimal of zero or more');
}

const LOWEST_PERCENT = -100;

function percentAt(value: unknown, where: Where): number {
  if (value === '') return 0;
  const percent = typeof value === 'number' ? value : signedDecimalOf(value);
  if (percent > LOWEST_PERCENT && percent < Infinity) return percent;
  throw new DecodeError(where.venue, `${where.path}price_percent_chg_24_h`, 'is not a percentage above -100');
}
