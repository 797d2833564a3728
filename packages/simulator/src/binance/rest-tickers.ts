import type { MarketSymbol } from '../market/market';
import { textToUnits, toFixedText, unitsToText } from '../market/units';
import { refusals } from './answers';
import { statusOf } from './exchange-info';
import { SIZE_SCALE } from './listing';
import { symbolsOf } from './parameters';
import type { ParameterSpec } from './parameters';
import type { Profile } from './profile';
import type { RestCall, RestContext, Route } from './rest-context';
import { dayFigures, fullTicker, miniTickerBody } from './ticker-bodies';

const STATUSES = ['TRADING', 'HALT', 'BREAK'];

const priceWeight: Route['weight'] = (query, { weights }) =>
  query.has('symbol') ? weights.priceOne : weights.priceMany;

/** `ticker/24hr`, `ticker/price`, `ticker/bookTicker`: one symbol gives an object, several or none an array. */
export function tickerRoutes(profile: Profile): Readonly<Record<string, Route>> {
  const common: ParameterSpec = {
    symbol: 'symbol',
    symbols: 'symbols',
    ...(profile.name === 'com' ? { symbolStatus: 'text' as const } : {}),
  };
  return {
    '/api/v3/ticker/24hr': {
      parameters: { ...common, type: 'text' },
      weight: dayWeight,
      answer: (call, context) => {
        const type = call.query.get('type') ?? 'FULL';
        if (type !== 'FULL' && type !== 'MINI') throw refusals.tickerType();
        const body = type === 'FULL' ? fullTicker : miniTickerBody;
        return perSymbol(call, context, ({ symbol }) =>
          body(symbol, figuresOf(symbol, type, call, context), call.unit),
        );
      },
    },
    '/api/v3/ticker/price': {
      parameters: common,
      weight: priceWeight,
      answer: (call, context) =>
        perSymbol(call, context, ({ symbol }) => ({
          symbol,
          price: toFixedText(context.quotes.price(symbol, call.now), context.listing.priceScale(symbol)),
        })),
    },
    '/api/v3/ticker/bookTicker': {
      parameters: common,
      weight: priceWeight,
      answer: (call, context) =>
        perSymbol(call, context, ({ symbol }) => bookBody(symbol, call.now, context)),
    },
    '/api/v3/avgPrice': {
      parameters: { symbol: 'symbol!' },
      weight: (_query, { weights }) => weights.avgPrice,
      answer: averagePrice,
    },
  };
}

/** The figures of a day, one of them odd while such a fault lasts. */
function figuresOf(symbol: string, type: 'FULL' | 'MINI', { now }: RestCall, context: RestContext) {
  const figures = dayFigures(context.quotes, context.listing, symbol, now);
  const odd = context.blemishes.ofTicker(symbol);
  if (odd === undefined) return figures;
  return odd.field === 'change' && type === 'FULL'
    ? { ...figures, percent: odd.value }
    : { ...figures, base: odd.value };
}

function bookBody(symbol: string, now: number, { quotes, listing }: RestContext): object {
  const book = quotes.book(symbol, now);
  const scale = listing.priceScale(symbol);
  return {
    symbol,
    bidPrice: toFixedText(book.bid, scale),
    bidQty: toFixedText(book.bidSize, SIZE_SCALE),
    askPrice: toFixedText(book.ask, scale),
    askQty: toFixedText(book.askSize, SIZE_SCALE),
  };
}

function dayWeight(query: URLSearchParams, { weights }: Profile): number {
  if (query.has('symbol')) return weights.tickerOne;
  const symbols = query.get('symbols');
  if (symbols === null) return weights.tickerMany[2];
  const count = symbols.split(',').length;
  return weights.tickerMany[count <= 20 ? 0 : count <= 100 ? 1 : 2];
}

function perSymbol(
  { query }: RestCall,
  { listing }: RestContext,
  bodyOf: (symbol: MarketSymbol) => object,
): unknown {
  const one = query.get('symbol');
  const many = query.get('symbols');
  const status = query.get('symbolStatus');
  const named = many === null ? undefined : symbolsOf(many);
  const find = (name: string): MarketSymbol => {
    const found = listing.find(name);
    if (found === undefined) throw refusals.symbol();
    return found;
  };
  const single = one === null ? undefined : find(one);
  const several = named?.map(find) ?? listing.symbols;
  if (one !== null && many !== null) throw refusals.combination();
  if (status !== null && !STATUSES.includes(status)) throw refusals.symbolStatus();
  const matches = (symbol: MarketSymbol) => status === null || statusOf(symbol) === status;
  if (single === undefined) return several.filter(matches).map(bodyOf);
  if (!matches(single)) throw refusals.statusMismatch();
  return bodyOf(single);
}

const AVERAGE_MINUTES = 5;

/** The mean price of the last five minutes, weighted by volume; the last price when nothing traded. */
function averagePrice({ query, now, unit }: RestCall, { market, listing, quotes }: RestContext): unknown {
  const symbol = query.get('symbol') ?? '';
  if (listing.find(symbol) === undefined) throw refusals.symbol();
  const trades = market.trades(symbol, now - AVERAGE_MINUTES * 60_000, now + 1);
  const base = trades.reduce((sum, trade) => sum + textToUnits(trade.size, 8), 0n);
  const worth = trades.reduce(
    (sum, trade) => sum + textToUnits(trade.size, 8) * textToUnits(trade.price, 8),
    0n,
  );
  const average = base === 0n ? quotes.price(symbol, now) : unitsToText(worth / base, 8);
  return {
    mins: AVERAGE_MINUTES,
    price: toFixedText(average, listing.priceScale(symbol)),
    closeTime: (trades.at(-1)?.time ?? now) * unit,
  };
}
