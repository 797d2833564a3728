import type { ExchangeProtocol } from '../protocol';
import { candles } from './candles';
import { candleRequest, listingRequest, streamUrl, timeRequest } from './endpoints';
import * as frames from './frames';
import { REQUEST_WEIGHT, restLimits, streamLimits } from './limits';
import { listing, serverTime } from './listing';
import { decode } from './to-events';
import { usedWeight, verdict } from './verdict';

/**
 * Coinbase Advanced Trade, spot market data. It streams five-minute buckets only and its timeframes differ
 * slightly from each other, so what is rolled up stands in until the native bar is fetched.
 * https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/overview
 */
export const coinbaseProtocol: ExchangeProtocol = {
  name: 'coinbase',
  timeframes: { streamed: ['5m'], rolledUp: ['15m', '1h', '4h', '1d'], fetched: ['1m'] },
  closes: 'inferred',
  derivation: 'provisional',
  emptyBuckets: 'omitted',
  stream: {
    limits: streamLimits,
    standing: frames.standing,
    url: streamUrl,
    candles: frames.candles,
    ticker: frames.ticker,
    subscribeFrames: frames.subscribeFrames,
    unsubscribeFrames: frames.unsubscribeFrames,
    decode,
  },
  rest: {
    limits: restLimits,
    candleWeight: () => REQUEST_WEIGHT,
    timeRequest,
    serverTime,
    listingRequest,
    listing,
    candleRequest,
    candles,
    usedWeight,
    verdict,
  },
};
