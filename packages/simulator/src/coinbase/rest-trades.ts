/** `GET /products/{id}/ticker`: recent trades and the best prices. */
import type { Trade } from '../market/market';
import type { SimRequest, SimResponse } from '../server/venue';
import type { Product } from './catalogue';
import { bookAt } from './order-book';
import type { RestContext } from './rest-context';
import { wholeNumber } from './rest-products';
import { errorAnswer, jsonAnswer, plainDecimal, wireTime } from './wire';

/** Most trades in an answer, whatever is asked for; from the second number on the back end fails. */
const MAX_TRADES = 100;
const FAILING_LIMIT = 1001;

export interface WireTrade {
  readonly trade_id: string;
  readonly product_id: string;
  readonly price: string;
  readonly size: string;
  readonly time: string;
  /** The maker's side: `BUY` means that the taker sold. */
  readonly side: 'BUY' | 'SELL';
}

/** Answers a request for recent trades, newest first. */
export function recentTrades(context: RestContext, request: SimRequest, product: Product): SimResponse {
  const limit = wholeNumber(request.query.get('limit'));
  if (limit === undefined || limit < 1)
    return errorAnswer(400, 'INVALID_ARGUMENT', 'limit argument is invalid');
  if (limit >= FAILING_LIMIT) return errorAnswer(500, 'INTERNAL', 'internal server error');
  const trades = tradesAsked(context, request.query, { product, count: Math.min(limit, MAX_TRADES) });
  const last = context.figures.lastPrice(product.symbol, context.now);
  const { bids, asks } = bookAt(product.symbol, last, 1);
  return jsonAnswer(200, {
    trades: trades
      .toReversed()
      .map((trade) => ({ ...wireTrade(trade, product.id), bid: '', ask: '', exchange: 'coinbase' })),
    best_bid: bids[0]?.price ?? '',
    best_ask: asks[0]?.price ?? '',
  });
}

/** The wire form of a trade, under the product id that was asked for. */
export function wireTrade(trade: Trade, productId: string): WireTrade {
  return {
    trade_id: String(trade.id),
    product_id: productId,
    price: plainDecimal(trade.price),
    size: plainDecimal(trade.size),
    time: wireTime(trade.time),
    side: trade.isBuyerMaker ? 'BUY' : 'SELL',
  };
}

function tradesAsked(
  context: RestContext,
  query: URLSearchParams,
  what: { readonly product: Product; readonly count: number },
): readonly Trade[] {
  const { symbol } = what.product;
  const start = wholeNumber(query.get('start'));
  const end = wholeNumber(query.get('end'));
  const until = end === undefined ? context.now : Math.min(context.now, end * 1000 + 999);
  // The newest of the window: a window of years costs no more than one of hours.
  const newest = context.figures.recentTrades(symbol, until, what.count);
  return start === undefined ? newest : newest.filter((trade) => trade.time >= start * 1000);
}
