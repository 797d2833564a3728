import type { ExchangeSymbol } from '@livermore/schemas';
import type { HttpResponse } from '../../transport';
import { readListed } from '../listing-entries';
import type { Listing } from '../protocol';
import { figureOf, parseJson, parseWith } from '../wire';
import type { Where } from '../wire';
import { ProductSchema, ProductsSchema, TimeSchema } from './messages';
import type { Product } from './messages';

/** `GET /time` and `/market/products`. https://docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/public/list-public-products */

const WHERE = { venue: 'coinbase', path: '' };

/** The venue's time, ms. @throws DecodeError */
export function serverTime(response: HttpResponse): number {
  return Number(parseWith(TimeSchema, parseJson(WHERE.venue, response.body), WHERE).epochMillis);
}

/**
 * Products; the venue states no weight limit. One that cannot be read is left out.
 * @throws DecodeError for what is no listing, or one without a single product that can be read
 */
export function listing(response: HttpResponse): Listing {
  const { products } = parseWith(ProductsSchema, parseJson(WHERE.venue, response.body), WHERE);
  const list = { ...WHERE, path: 'products' };
  const { values, unreadable } = readListed(products, list, symbolOf, (product) => product['product_id']);
  return { symbols: values, unreadable };
}

/**
 * `BTC-USDC` shares the book of `BTC-USD`, its `alias`, and is streamed under that name; `USDT-USDC` and
 * `EURC-USDC` have books of their own and no alias.
 */
function symbolOf(entry: unknown, where: Where): ExchangeSymbol {
  const product = parseWith(ProductSchema, entry, where);
  const volume = figureOf(product.approximate_quote_24h_volume);
  return {
    symbol: product.product_id,
    base: product.base_currency_id,
    quote: product.quote_currency_id,
    isTradable: isTradable(product),
    ...(product.alias ? { streamedAs: product.alias } : {}),
    ...(volume === undefined ? {} : { quoteVolume24h: volume }),
  };
}

function isTradable(product: Product): boolean {
  const isClosed = product.is_disabled || product.trading_disabled || product.view_only;
  return product.status === 'online' && !isClosed;
}
