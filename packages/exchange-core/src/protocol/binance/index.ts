import { TIMEFRAMES } from '@livermore/schemas';
import type { ExchangeProtocol } from '../protocol';
import { candles } from './candles';
import { candleRequest, listingRequest, streamUrl, timeRequest, volumesRequest } from './endpoints';
import * as frames from './frames';
import { KLINES_WEIGHT, restLimits, streamLimits } from './limits';
import { listing, serverTime } from './listing';
import { decode } from './to-events';
import { volumes } from './volumes';
import { usedWeight, verdict } from './verdict';

/**
 * Binance spot: binance.com and binance.us, which differ only by their URLs and stated limits.
 * https://developers.binance.com/docs/binance-spot-api-docs, https://docs.binance.us
 */
export const binanceProtocol: ExchangeProtocol = {
  name: 'binance',
  timeframes: { streamed: TIMEFRAMES, rolledUp: [], fetched: [] },
  closes: 'flagged',
  derivation: 'exact',
  emptyBuckets: 'flat',
  stream: { limits: streamLimits, standing: [], url: streamUrl, ...frames, decode },
  rest: {
    limits: restLimits,
    candleWeight: () => KLINES_WEIGHT,
    timeRequest,
    serverTime,
    listingRequest,
    listing,
    volumes: { request: volumesRequest, read: volumes },
    candleRequest,
    candles,
    usedWeight,
    verdict,
  },
};
