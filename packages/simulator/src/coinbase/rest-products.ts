/** Listing routes: the product object with all its fields, and the pages of it. */
import type { SimRequest, SimResponse } from '../server/venue';
import type { Product } from './catalogue';
import { percentChange } from './figures';
import type { DayFigures } from './figures';
import { bookAt } from './order-book';
import { withOddProducts } from './odd-listing';
import type { RestContext } from './rest-context';
import { fromUnits, jsonAnswer, plainDecimal, wireTime } from './wire';

const NAMES: Readonly<Record<string, string>> = {
  BTC: 'Bitcoin',
  ETH: 'Ethereum',
  SOL: 'Solana',
  USD: 'US Dollar',
  USDC: 'USDC',
  USDT: 'Tether',
};

/** `GET /products` and its public twin. Expired products only with `get_all_products=true`. */
export function listProducts(context: RestContext, request: SimRequest): SimResponse {
  const { query } = request;
  const isSpot = ['', 'SPOT', 'UNKNOWN_PRODUCT_TYPE'].includes(query.get('product_type') ?? '');
  const ids = query.getAll('product_ids');
  const matching = [...context.products.values()].filter(
    (product) =>
      isSpot &&
      context.now >= product.listedAt &&
      (ids.length === 0 || ids.includes(product.id)) &&
      (product.status !== 'delisted' || query.get('get_all_products') === 'true'),
  );
  const limit = wholeNumber(query.get('limit'));
  const offset = wholeNumber(query.get('offset')) ?? 0;
  const page = matching.slice(offset, limit === undefined ? undefined : offset + limit);
  const pagination =
    limit === undefined
      ? null
      : {
          prev_cursor: '',
          next_cursor: '',
          has_prev: offset > 0,
          has_next: offset + page.length < matching.length,
        };
  const objects = page.map((product) => productObject(context, product));
  const products = withOddProducts(objects, context.faults, ids.length === 0);
  return jsonAnswer(200, { products, num_products: matching.length, pagination });
}

/** `GET /products/{id}` and its public twin: the bare object. */
export function oneProduct(context: RestContext, product: Product): SimResponse {
  return jsonAnswer(200, productObject(context, product));
}

function productObject(context: RestContext, product: Product): Readonly<Record<string, unknown>> {
  const last = context.figures.lastPrice(product.symbol, context.now);
  const day = context.figures.day(product.symbol, context.now);
  return {
    ...identity(product),
    ...figuresOf(last, day),
    ...oddFigure(context, product),
    ...steps(product),
    ...flags(product),
    ...bookFields(context, product, last),
    ...presentation(product),
  };
}

function identity(product: Product): Readonly<Record<string, unknown>> {
  const { base, quote } = product;
  return {
    product_id: product.id,
    base_name: NAMES[base] ?? base,
    quote_name: NAMES[quote] ?? quote,
    display_name: product.id,
    base_currency_id: base,
    quote_currency_id: quote,
    base_display_symbol: base,
    quote_display_symbol: quote === 'USDC' && product.alias !== '' ? 'USD' : quote,
    alias: product.alias,
    alias_to: product.aliasTo,
    product_type: 'SPOT',
    product_venue: 'CBE',
    new_at: wireTime(product.listedAt),
  };
}

function figuresOf(last: string, day: DayFigures): Readonly<Record<string, unknown>> {
  return {
    price: last,
    price_percentage_change_24h: percentChange(day.open, last),
    volume_24h: day.volume,
    volume_percentage_change_24h: '',
    high_24h: plainDecimal(day.high),
    low_24h: plainDecimal(day.low),
    approximate_quote_24h_volume: day.quoteVolume,
    market_cap: '',
  };
}

/** The one figure that cannot be read, while such a fault lasts. */
function oddFigure({ blemishes }: RestContext, product: Product): Readonly<Record<string, string>> {
  const odd = product.symbol === undefined ? undefined : blemishes.ofTicker(product.symbol.symbol);
  if (odd === undefined) return {};
  return { [odd.field === 'change' ? 'price_percentage_change_24h' : 'volume_24h']: odd.value };
}

function steps(product: Product): Readonly<Record<string, unknown>> {
  const price = fromUnits(1n, product.symbol?.priceDecimals ?? 4);
  const base = fromUnits(1n, product.symbol?.sizeDecimals ?? 8);
  return {
    base_increment: base,
    quote_increment: price,
    price_increment: price,
    base_min_size: base,
    base_max_size: '3400',
    quote_min_size: '1',
    quote_max_size: '150000000',
  };
}

function flags(product: Product): Readonly<Record<string, unknown>> {
  const isShut = product.status === 'disabled' || product.status === 'delisted';
  return {
    status: product.status === 'delisted' ? 'delisted' : 'online',
    is_disabled: isShut,
    trading_disabled: isShut || product.status === 'halted',
    view_only: product.status === 'view-only',
    cancel_only: product.status === 'halted',
    limit_only: false,
    post_only: false,
    auction_mode: false,
    new: false,
    watched: false,
    is_alpha_testing: false,
  };
}

/** Empty on the public listing; the authenticated one knows them. */
function bookFields(context: RestContext, product: Product, last: string): Readonly<Record<string, unknown>> {
  if (context.area === 'public') return { mid_market_price: '', best_bid_price: '', best_ask_price: '' };
  const { bids, asks } = bookAt(product.symbol, last, 1);
  const [bid, ask] = [bids[0]?.price ?? '', asks[0]?.price ?? ''];
  return { mid_market_price: last, best_bid_price: bid, best_ask_price: ask };
}

/** Fields of no use to market data, among them some no documentation names: a client must not mind. */
function presentation(product: Product): Readonly<Record<string, unknown>> {
  return {
    fcm_trading_session_details: null,
    future_product_details: null,
    base_cbrn: '',
    quote_cbrn: '',
    product_cbrn: '',
    icon_color: '',
    icon_url: '',
    display_name_overwrite: '',
    about_description: '',
    settlement_layer_hint: '',
    listing_tier: { rank: product.base.length, labels: [] },
  };
}

/** A whole number of a query, or undefined where there is none. */
export function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
