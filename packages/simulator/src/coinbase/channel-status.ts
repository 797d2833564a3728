import type { VenueOptions } from '../server/venue-options';
import type { Product } from './catalogue';
import { fromUnits } from './wire';

/** Distance of two updates, ms: the venue says "every few seconds". */
const STATUS_EVERY_MS = 5000;

/** The `status` channel of one connection: a snapshot at a subscription, then what is said of its products. */
export class StatusChannel {
  readonly #venue: Pick<VenueOptions, 'clock' | 'faults'>;
  readonly #write: (event: string) => void;
  readonly #products = new Map<string, Product>();
  #cancel: (() => void) | undefined;

  constructor(venue: Pick<VenueOptions, 'clock' | 'faults'>, write: (event: string) => void) {
    this.#venue = venue;
    this.#write = write;
  }

  /** Returns what stops the updates of this product. */
  join(product: Product): () => void {
    this.#products.set(product.id, product);
    if (this.#cancel === undefined) this.#arm();
    return () => {
      this.#products.delete(product.id);
      if (this.#products.size > 0) return;
      this.#cancel?.();
      this.#cancel = undefined;
    };
  }

  snapshot(products: readonly Product[]): void {
    this.#say('snapshot', products);
  }

  #arm(): void {
    this.#cancel = this.#venue.clock.setTimer(() => {
      this.#say('update', [...this.#products.values()]);
      this.#arm();
    }, STATUS_EVERY_MS);
  }

  #say(type: 'snapshot' | 'update', products: readonly Product[]): void {
    this.#write(JSON.stringify({ type, products: products.map((product) => this.#statusOf(product)) }));
  }

  #statusOf(product: Product): Readonly<Record<string, string>> {
    const isKnown = this.#venue.faults.find('bad-symbol', { symbol: product.id }) === undefined;
    return {
      product_type: 'SPOT',
      id: product.id,
      base_currency: product.base,
      quote_currency: product.quote,
      base_increment: fromUnits(1n, product.symbol?.sizeDecimals ?? 8),
      quote_increment: fromUnits(1n, product.symbol?.priceDecimals ?? 4),
      display_name: `${product.base}/${product.quote}`,
      status: isKnown && product.status === 'trading' ? 'online' : 'offline',
      status_message: '',
      min_market_funds: '1',
    };
  }
}
