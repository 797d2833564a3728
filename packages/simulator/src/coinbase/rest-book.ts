/** `GET /product_book` and `GET /best_bid_ask`. */
import type { SimRequest, SimResponse } from '../server/venue';
import type { Product } from './catalogue';
import { bookAt } from './order-book';
import type { RestContext } from './rest-context';
import { wholeNumber } from './rest-products';
import { fromUnits, jsonAnswer, toUnits, wireTime } from './wire';

/** The venue shows at most about this many levels a side. */
const MAX_LEVELS = 1000;
const SCALE = 12;

/** The book of one product, with what is computed from its best prices. */
export function productBook(context: RestContext, request: SimRequest, product: Product): SimResponse {
  const levels = Math.min(wholeNumber(request.query.get('limit')) ?? context.bookLevels, MAX_LEVELS);
  const last = context.figures.lastPrice(product.symbol, context.now);
  const { bids, asks } = bookAt(product.symbol, last, levels);
  return jsonAnswer(200, {
    pricebook: { product_id: product.id, bids, asks, time: wireTime(context.now) },
    last,
    ...spread(bids[0]?.price, asks[0]?.price),
  });
}

/** The best level of each product asked for, of all when none is named. */
export function bestBidAsk(context: RestContext, request: SimRequest): SimResponse {
  const ids = request.query.getAll('product_ids');
  const products = [...context.products.values()].filter(({ id }) => ids.length === 0 || ids.includes(id));
  const pricebooks = products.map((product) => {
    const last = context.figures.lastPrice(product.symbol, context.now);
    return { product_id: product.id, ...bookAt(product.symbol, last, 1), time: wireTime(context.now) };
  });
  return jsonAnswer(200, { pricebooks });
}

function spread(bid: string | undefined, ask: string | undefined): Readonly<Record<string, string>> {
  if (bid === undefined || ask === undefined) return { mid_market: '', spread_bps: '', spread_absolute: '' };
  const [low, high] = [toUnits(bid, SCALE), toUnits(ask, SCALE)];
  const mid = (low + high) / 2n;
  return {
    mid_market: fromUnits(mid, SCALE),
    spread_bps: fromUnits(((high - low) * 10_000n * 10n ** 4n) / mid, 4),
    spread_absolute: fromUnits(high - low, SCALE),
  };
}
