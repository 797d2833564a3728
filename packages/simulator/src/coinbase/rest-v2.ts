/** The App API routes that generic clients read before anything else: `/v2/…`. */
import type { SimResponse } from '../server/venue';
import type { RestContext } from './rest-context';
import { errorAnswer, jsonAnswer, wireTime } from './wire';

const FIAT = [
  { id: 'USD', name: 'US Dollar', min_size: '0.01' },
  { id: 'EUR', name: 'Euro', min_size: '0.01' },
];

/** Answers a `/v2` route; undefined where there is none. */
export function appApi(context: RestContext, path: string): SimResponse {
  switch (path) {
    case '/v2/time':
      return jsonAnswer(200, {
        data: { iso: wireTime(Math.floor(context.now / 1000) * 1000), epoch: Math.floor(context.now / 1000) },
      });
    case '/v2/currencies':
      return jsonAnswer(200, { data: FIAT });
    case '/v2/currencies/crypto':
      return jsonAnswer(200, { data: cryptos(context) });
    case '/v2/exchange-rates':
      return jsonAnswer(200, { data: { currency: 'USD', rates: rates(context) } });
    default:
      return errorAnswer(404, 'NOT_FOUND', `no such route: ${path}`);
  }
}

function cryptos(context: RestContext): readonly unknown[] {
  const codes = [...new Set([...context.products.values()].map(({ base }) => base))];
  return codes.map((code, at) => ({
    code,
    name: code,
    color: '#000000',
    sort_index: 100 + at,
    exponent: 8,
    type: 'crypto',
    address_regex: '',
    asset_id: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
  }));
}

/** How much of each asset one US dollar buys. */
function rates(context: RestContext): Readonly<Record<string, string>> {
  const pairs = [...context.products.values()].flatMap(({ base, quote, symbol }) => {
    const price = quote === 'USD' ? Number(context.figures.lastPrice(symbol, context.now)) : 0;
    return price > 0 ? [[base, (1 / price).toFixed(16)]] : [];
  });
  return { USD: '1', ...Object.fromEntries(pairs) };
}
