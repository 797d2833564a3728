import type { ExchangeSymbol } from '@livermore/schemas';
import type { HttpResponse } from '../../transport';
import { readListed } from '../listing-entries';
import type { Listing } from '../protocol';
import { readEach } from '../unreadable';
import { parseJson, parseWith } from '../wire';
import type { Where } from '../wire';
import { ExchangeInfoSchema, ListedSymbolSchema, RateLimitSchema, TimeSchema } from './messages';

/** `GET /api/v3/time` and `/exchangeInfo`. https://developers.binance.com/docs/binance-spot-api-docs/rest-api/general-endpoints */

const WHERE = { venue: 'binance', path: '' };

const INTERVAL_MS: ReadonlyMap<string, number> = new Map([
  ['SECOND', 1_000],
  ['MINUTE', 60_000],
  ['HOUR', 3_600_000],
  ['DAY', 86_400_000],
]);

/** The venue's time, ms. @throws DecodeError */
export function serverTime(response: HttpResponse): number {
  return parseWith(TimeSchema, parseJson(WHERE.venue, response.body), WHERE).serverTime;
}

/**
 * Symbols and the weight limit of this address. An entry of either list that cannot be read is left out.
 * @throws DecodeError for what is no listing, or one without a single symbol that can be read
 */
export function listing(response: HttpResponse): Listing {
  const info = parseWith(ExchangeInfoSchema, parseJson(WHERE.venue, response.body), WHERE);
  const symbols = readListed(
    info.symbols,
    { ...WHERE, path: 'symbols' },
    symbolOf,
    (entry) => entry['symbol'],
  );
  const { weightLimit, unreadable } = weightLimitIn(info.rateLimits);
  return {
    symbols: symbols.values,
    unreadable: [...symbols.unreadable, ...unreadable],
    ...(weightLimit === undefined ? {} : { weightLimit }),
  };
}

function symbolOf(entry: unknown, where: Where): ExchangeSymbol {
  const wire = parseWith(ListedSymbolSchema, entry, where);
  return {
    symbol: wire.symbol,
    base: wire.baseAsset,
    quote: wire.quoteAsset,
    isTradable: wire.status === 'TRADING' && wire.isSpotTradingAllowed,
  };
}

/** Without a limit that can be read the constant holds. */
function weightLimitIn(rateLimits: unknown): Pick<Listing, 'weightLimit' | 'unreadable'> {
  const list: readonly unknown[] = Array.isArray(rateLimits) ? rateLimits : [rateLimits];
  const { values, unreadable } = readEach(
    list,
    (entry, at) => parseWith(RateLimitSchema, entry, { ...WHERE, path: `rateLimits.${at}.` }),
    () => ({}),
  );
  const weight = values.find((limit) => limit.rateLimitType === 'REQUEST_WEIGHT');
  const intervalMs = weight && INTERVAL_MS.get(weight.interval);
  if (weight === undefined || intervalMs === undefined) return { unreadable };
  return { weightLimit: { weight: weight.limit, perMs: intervalMs * weight.intervalNum }, unreadable };
}
