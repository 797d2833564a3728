/** What the venue lists: the market's symbols, their USDC twins, and a few odd ones every client must cope with. */
import type { Market, MarketSymbol } from '../market/market';

export interface Product {
  readonly id: string;
  readonly base: string;
  readonly quote: string;
  /** What trades: the market's symbol, under which the socket reports it. A twin shares it; undefined: nothing ever did. */
  readonly symbol: MarketSymbol | undefined;
  readonly alias: string;
  readonly aliasTo: readonly string[];
  readonly status: MarketSymbol['status'] | 'delisted';
  readonly listedAt: number;
}

/** Bases whose USDC pair has a book of its own: no twins. */
const OWN_BOOKS = new Set(['USDC', 'USDT', 'EURC']);

/** Listed whatever the market holds: the pair that is no twin, one disabled, one view-only, one delisted. */
const ODD_ONES: readonly Pick<Product, 'id' | 'base' | 'quote' | 'status'>[] = [
  { id: 'USDT-USDC', base: 'USDT', quote: 'USDC', status: 'trading' },
  { id: 'WLUNA-USD', base: 'WLUNA', quote: 'USD', status: 'disabled' },
  { id: 'PAX-USD', base: 'PAX', quote: 'USD', status: 'view-only' },
  { id: 'REPV1-USD', base: 'REPV1', quote: 'USD', status: 'delisted' },
];

/** Every product of the venue, by id. */
export function catalogueOf(market: Market): ReadonlyMap<string, Product> {
  const products = new Map<string, Product>();
  const ids = new Set(market.symbols.map(({ symbol }) => symbol));
  for (const symbol of market.symbols) {
    const twin = `${symbol.base}-USDC`;
    const hasTwin = symbol.quote === 'USD' && !OWN_BOOKS.has(symbol.base) && !ids.has(twin);
    const own = ownProduct(symbol, hasTwin ? [twin] : []);
    products.set(own.id, own);
    if (hasTwin) products.set(twin, { ...own, id: twin, quote: 'USDC', alias: own.id, aliasTo: [] });
  }
  for (const odd of ODD_ONES) {
    if (!products.has(odd.id))
      products.set(odd.id, { ...odd, symbol: undefined, alias: '', aliasTo: [], listedAt: 0 });
  }
  return products;
}

function ownProduct(symbol: MarketSymbol, aliasTo: readonly string[]): Product {
  const { base, quote, status, listedAt } = symbol;
  return { id: symbol.symbol, base, quote, symbol, alias: '', aliasTo, status, listedAt };
}
