import { closeTimeOf, openTimeOf, timeframeMs } from '@livermore/schemas';
import type { Exchange, Timeframe } from '@livermore/schemas';
import { BODY_BYTES, join } from '../http-answer';
import type { CandlePage, PricedRequest } from '../protocol';
import { REQUEST_WEIGHT } from './limits';

/** Public market data of the Advanced Trade API. https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/rest-api */
const BASE = '/api/v3/brokerage';

/**
 * Public answers come through a cache that says `max-age=14400` and is fresh for a second; this header is the
 * documented way past it.
 * https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/rest-api
 */
const HEADERS = { 'cache-control': 'no-cache' };

/**
 * `FOUR_HOUR` is served live and is in the newer documentation only. It is used because the venue's longer
 * candles are not exact sums of its shorter ones: the native bar is the one to be equal to.
 * https://docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/public/get-public-product-candles
 */
const GRANULARITY: Readonly<Record<Timeframe, string>> = {
  '1m': 'ONE_MINUTE',
  '5m': 'FIVE_MINUTE',
  '15m': 'FIFTEEN_MINUTE',
  '1h': 'ONE_HOUR',
  '4h': 'FOUR_HOUR',
  '1d': 'ONE_DAY',
};

const MS_PER_SECOND = 1000;

/** The one endpoint of market data: `wss://advanced-trade-ws.coinbase.com`. */
export function streamUrl(exchange: Exchange): string {
  return exchange.wsUrl;
}

export function timeRequest(exchange: Exchange): PricedRequest {
  return request(exchange, '/time', BODY_BYTES.time);
}

/** Spot products, all of them: without `limit` the listing is not paged. */
export function listingRequest(exchange: Exchange): PricedRequest {
  return request(exchange, '/market/products?product_type=SPOT', BODY_BYTES.listing);
}

/** One page of candles. `start` and `end` are seconds, both inclusive, compared with bucket starts. */
export function candleRequest(exchange: Exchange, page: CandlePage): PricedRequest {
  const first = firstOpenTime(page, page.from);
  const last = firstOpenTime(page, page.to) - timeframeMs(page.timeframe);
  const query = new URLSearchParams({
    start: String(first / MS_PER_SECOND),
    end: String(last / MS_PER_SECOND),
    granularity: GRANULARITY[page.timeframe],
  });
  const path = `/market/products/${encodeURIComponent(page.symbol)}/candles?${query.toString()}`;
  return request(exchange, path, BODY_BYTES.candles);
}

function firstOpenTime(page: CandlePage, at: number): number {
  const open = openTimeOf(page.timeframe, at);
  return open === at ? open : closeTimeOf(page.timeframe, open);
}

function request(exchange: Exchange, path: string, maxBodyBytes: number): PricedRequest {
  return { url: join(exchange.restUrl, BASE + path), headers: HEADERS, weight: REQUEST_WEIGHT, maxBodyBytes };
}
