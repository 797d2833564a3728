import type { Exchange } from '@livermore/schemas';
import { closeTimeOf, openTimeOf, timeframeMs } from '@livermore/schemas';
import { BODY_BYTES, join } from '../http-answer';
import type { CandlePage, PricedRequest } from '../protocol';
import { ALL_TICKERS_WEIGHT, EXCHANGE_INFO_WEIGHT, KLINES_WEIGHT, TIME_WEIGHT } from './limits';

/**
 * The combined stream endpoint: `wss://stream.binance.com:9443/stream`. Names are subscribed by frame; a URL
 * of a thousand names exceeds what proxies carry.
 * https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
 */
export function streamUrl(exchange: Exchange): string {
  return join(exchange.wsUrl, '/stream');
}

/** https://developers.binance.com/docs/binance-spot-api-docs/rest-api/general-endpoints */
export function timeRequest(exchange: Exchange): PricedRequest {
  return { url: join(exchange.restUrl, '/api/v3/time'), weight: TIME_WEIGHT, maxBodyBytes: BODY_BYTES.time };
}

/** https://developers.binance.com/docs/binance-spot-api-docs/rest-api/general-endpoints */
export function listingRequest(exchange: Exchange): PricedRequest {
  return {
    url: join(exchange.restUrl, '/api/v3/exchangeInfo'),
    weight: EXCHANGE_INFO_WEIGHT,
    maxBodyBytes: BODY_BYTES.listing,
  };
}

/** All tickers in their short form. https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints */
export function volumesRequest(exchange: Exchange): PricedRequest {
  return {
    url: join(exchange.restUrl, '/api/v3/ticker/24hr?type=MINI'),
    weight: ALL_TICKERS_WEIGHT,
    maxBodyBytes: BODY_BYTES.listing,
  };
}

/**
 * One page of klines. `startTime` and `endTime` are inclusive and compared with open times; parameters the
 * venue does not know are refused (-1104), so nothing is ever appended.
 * https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints
 */
export function candleRequest(exchange: Exchange, page: CandlePage): PricedRequest {
  const query = new URLSearchParams({
    symbol: page.symbol,
    interval: page.timeframe,
    startTime: String(page.from),
    endTime: String(page.to - 1),
    limit: String(barsOf(page)),
  });
  return {
    url: join(exchange.restUrl, `/api/v3/klines?${query.toString()}`),
    weight: KLINES_WEIGHT,
    maxBodyBytes: BODY_BYTES.candles,
  };
}

/** Open times inside a page; at least one, because the venue refuses a limit of zero. */
function barsOf(page: CandlePage): number {
  const first = firstOpenTime(page, page.from);
  const end = firstOpenTime(page, page.to);
  return Math.max(1, (end - first) / timeframeMs(page.timeframe));
}

function firstOpenTime(page: CandlePage, at: number): number {
  const open = openTimeOf(page.timeframe, at);
  return open === at ? open : closeTimeOf(page.timeframe, open);
}
