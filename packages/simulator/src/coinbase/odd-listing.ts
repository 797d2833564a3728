import type { ActiveFaults } from '../faults/active-faults';
import { ODDITIES } from '../faults/fault';

type Oddity = (typeof ODDITIES)[number];
type ProductObject = Readonly<Record<string, unknown>>;

const SPOILT: Readonly<Record<Oddity, (product: ProductObject) => readonly unknown[]>> = {
  'field-missing': (product) => [{ ...product, trading_disabled: undefined }],
  'field-null': (product) => [{ ...product, alias: null }],
  name: (product) => [':', ' '].map((sign) => ({ ...product, product_id: `ODD${sign}X-USD` })),
  types: (product) => [{ ...product, status: 1, is_disabled: 'no', base_currency_id: ['ODD'] }],
  null: () => [null],
};

/** The products with odd ones among them while such a fault lasts; only where the whole listing is asked for are some added. */
export function withOddProducts(
  products: readonly ProductObject[],
  faults: ActiveFaults,
  isWhole: boolean,
): readonly unknown[] {
  const fault = faults.find('listing-odd');
  const [model] = products;
  if (fault === undefined || model === undefined) return products;
  const oddities = fault.what === 'all' ? ODDITIES : [fault.what];
  const isMeant = (product: ProductObject) => product['product_id'] === fault.symbol;
  if (fault.symbol !== undefined) {
    if (!products.some(isMeant)) return products;
    faults.acted(fault);
    const [oddity = 'null'] = oddities;
    return products.map((product) => (isMeant(product) ? SPOILT[oddity](product)[0] : product));
  }
  if (!isWhole) return products;
  faults.acted(fault);
  // Not at the ends, where a reader that gives up half-way might go unnoticed.
  const middle = Math.ceil(products.length / 2);
  const odd = oddities.flatMap((oddity) => added(model, oddity));
  return [...products.slice(0, middle), ...odd, ...products.slice(middle)];
}

/** Entries beside the right ones, under ids that nothing else knows, and without any turnover. */
function added(model: ProductObject, oddity: Oddity): readonly unknown[] {
  const id = `ODD${oddity.replace('-', '').toUpperCase()}-USD`;
  const names = { product_id: id, display_name: id, base_currency_id: 'ODD', alias: '', alias_to: [] };
  const figures = { volume_24h: '0', approximate_quote_24h_volume: '0' };
  // One whose only oddity can be read past is not for trading, so that it takes no part either way.
  const flags = oddity === 'field-null' ? { trading_disabled: true } : {};
  return SPOILT[oddity]({ ...model, ...names, ...figures, ...flags });
}
