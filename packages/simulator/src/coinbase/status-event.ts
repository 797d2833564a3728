import type { Product } from './catalogue';
import { fromUnits } from './wire';

/** The snapshot of the `status` channel, as JSON. */
export function statusEvent(products: readonly Product[]): string {
  return JSON.stringify({ type: 'snapshot', products: products.map(statusOf) });
}

function statusOf(product: Product): Readonly<Record<string, string>> {
  return {
    product_type: 'SPOT',
    id: product.id,
    base_currency: product.base,
    quote_currency: product.quote,
    base_increment: fromUnits(1n, product.symbol?.sizeDecimals ?? 8),
    quote_increment: fromUnits(1n, product.symbol?.priceDecimals ?? 4),
    display_name: `${product.base}/${product.quote}`,
    status: product.status === 'trading' ? 'online' : 'offline',
    status_message: '',
    min_market_funds: '1',
  };
}
