import type { HttpResponse } from '../../transport';
import type { Listing } from '../protocol';
import { parseJson, parseWith } from '../wire';
import { ExchangeInfoSchema, TimeSchema } from './messages';

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

/** Symbols and the weight limit of this address. @throws DecodeError */
export function listing(response: HttpResponse): Listing {
  const info = parseWith(ExchangeInfoSchema, parseJson(WHERE.venue, response.body), WHERE);
  const symbols = info.symbols.map((symbol) => ({
    symbol: symbol.symbol,
    base: symbol.baseAsset,
    quote: symbol.quoteAsset,
    isTradable: symbol.status === 'TRADING' && symbol.isSpotTradingAllowed,
  }));
  const weight = info.rateLimits.find((limit) => limit.rateLimitType === 'REQUEST_WEIGHT');
  const intervalMs = weight && INTERVAL_MS.get(weight.interval);
  if (weight === undefined || intervalMs === undefined) return { symbols };
  return { symbols, weightLimit: { weight: weight.limit, perMs: intervalMs * weight.intervalNum } };
}
