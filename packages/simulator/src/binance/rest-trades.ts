import type { Trade } from '../market/market';
import { textToUnits, toFixedText, unitsToText } from '../market/units';
import { refusals } from './answers';
import { SIZE_SCALE } from './listing';
import { instantOf, integerOf } from './parameters';
import type { RestCall, RestContext, Route } from './rest-context';

const LIMIT_DEFAULT = 500;
const LIMIT_MAX = 1000;
/** How far back recent trades are looked for, in growing steps, ms. */
const LOOK_BACK_MS = [60_000, 600_000, 3_600_000, 86_400_000, 7 * 86_400_000] as const;

export const tradeRoutes: Readonly<Record<string, Route>> = {
  '/api/v3/trades': {
    parameters: { symbol: 'symbol!', limit: 'integer' },
    weight: (_query, { weights }) => weights.trades,
    answer: (call, context) => {
      const { symbol, limit } = readCommon(call, context);
      return recent(context, symbol, call.now, limit).map((trade) => tradeBody(trade, call, context));
    },
  },
  '/api/v3/aggTrades': {
    parameters: {
      symbol: 'symbol!',
      fromId: 'integer',
      startTime: 'integer',
      endTime: 'integer',
      limit: 'integer',
    },
    weight: (_query, { weights }) => weights.aggTrades,
    answer: (call, context) => {
      const { symbol, limit } = readCommon(call, context);
      const from = instantOf(call.query, 'startTime', 'up');
      const to = instantOf(call.query, 'endTime', 'down') ?? call.now;
      const fromId = integerOf(call.query, 'fromId');
      const trades =
        from === undefined
          ? recent(context, symbol, Math.min(to, call.now), LIMIT_MAX)
          : context.market.trades(symbol, from, Math.min(to, call.now, from + 3_600_000) + 1);
      const wanted = fromId === undefined ? trades : trades.filter((trade) => trade.id >= fromId);
      const cut = from === undefined && fromId === undefined ? wanted.slice(-limit) : wanted.slice(0, limit);
      return cut.map((trade) => aggBody(trade, call, context));
    },
  },
};

function readCommon(
  call: RestCall,
  context: RestContext,
): { readonly symbol: string; readonly limit: number } {
  const symbol = call.query.get('symbol') ?? '';
  if (context.listing.find(symbol) === undefined) throw refusals.symbol();
  const limit = integerOf(call.query, 'limit') ?? LIMIT_DEFAULT;
  if (limit < 1) throw refusals.invalid('limit');
  return { symbol, limit: Math.min(limit, LIMIT_MAX) };
}

function recent({ market }: RestContext, symbol: string, now: number, limit: number): readonly Trade[] {
  let trades: readonly Trade[] = [];
  for (const back of LOOK_BACK_MS) {
    trades = market.trades(symbol, now - back, now + 1);
    if (trades.length >= limit) break;
  }
  return trades.slice(-limit);
}

function tradeBody(trade: Trade, { query, unit }: RestCall, { listing }: RestContext): object {
  const scale = listing.priceScale(query.get('symbol') ?? '');
  const worth = textToUnits(trade.price, 8) * textToUnits(trade.size, 8);
  return {
    id: trade.id,
    price: toFixedText(trade.price, scale),
    qty: toFixedText(trade.size, SIZE_SCALE),
    quoteQty: toFixedText(unitsToText(worth, 16), scale),
    time: trade.time * unit,
    isBuyerMaker: trade.isBuyerMaker,
    isBestMatch: true,
  };
}

function aggBody(trade: Trade, { query, unit }: RestCall, { listing }: RestContext): object {
  return {
    a: trade.id,
    p: toFixedText(trade.price, listing.priceScale(query.get('symbol') ?? '')),
    q: toFixedText(trade.size, SIZE_SCALE),
    f: trade.id,
    l: trade.id,
    T: trade.time * unit,
    m: trade.isBuyerMaker,
    M: true,
  };
}
