import type { RestLimits, StreamLimits } from '../protocol';

/**
 * Every number Binance publishes that we depend on. Spot, binance.com and binance.us.
 * Streams: https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
 * REST: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/limits
 */

/** Streams a connection may listen to; the next one costs all of them. */
const MAX_STREAMS = 1024;
/** Names in one SUBSCRIBE: larger requests are accepted, this keeps a frame near 4 kB. */
const TOPICS_PER_FRAME = 200;
/** Connection attempts per address and 5 minutes. */
const MAX_CONNECTS = 300;
const CONNECT_WINDOW_MS = 300_000;
/** Share of a published allowance we leave for other programs behind the same address. */
const RESERVE = 0.1;
/**
 * Of the request weight, less: what others behind this address spend is read from the venue's own counter, so this
 * only covers what is in flight.
 */
const WEIGHT_RESERVE = 0.05;
/** The slowest server ping: binance.us before its upgrade pings every 3 minutes, others every 20 s. */
const SLOWEST_PING_MS = 180_000;
/** The venue cuts every connection at 24 h; leaving at 23 h gives the successor time to take over. */
const ROTATE_AFTER_MS = 23 * 3_600_000;

export const streamLimits: StreamLimits = {
  // Room for one whole frame beyond a full connection, with a margin, so that a subscribe sent before an
  // unsubscribe is acknowledged can never be the 1025th stream.
  topicsPerConnection: MAX_STREAMS - TOPICS_PER_FRAME - 24,
  topicsPerFrame: TOPICS_PER_FRAME,
  // Five frames a second are allowed, pongs included, yet one per 250 ms was seen to be closed; 500 ms held.
  frameSpacingMs: 500,
  connectSpacingMs: 250,
  connects: { count: MAX_CONNECTS * (1 - RESERVE), perMs: CONNECT_WINDOW_MS },
  // A healthy connection whose symbols do not trade shows nothing but pings, so this must exceed the slowest
  // ping. It is not what notices a death: data normally comes every 2 s, and `silentAfterMs` watches data.
  deadAfterMs: SLOWEST_PING_MS + 20_000,
  // Updates come every 2 s; where nothing trades there is still the closing frame of each 1m bar. So a minute,
  // and five seconds for that frame to be late.
  silentAfterMs: 65_000,
  endOfBarMs: 5_000,
  rotateAfterMs: ROTATE_AFTER_MS,
};

/**
 * Weight of one klines request, whatever its `limit`: 2 on binance.com; on binance.us 1 before its upgrade, and not
 * published since. The larger is charged on both: the used-weight header corrects the pace, and what the ETA makes of it.
 * https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints
 */
export const KLINES_WEIGHT = 2;
/** https://developers.binance.com/docs/binance-spot-api-docs/rest-api/general-endpoints */
export const EXCHANGE_INFO_WEIGHT = 20;
export const TIME_WEIGHT = 1;
/**
 * Tickers of all symbols: 80 on binance.com, 40 on binance.us before its upgrade. The larger is charged on both.
 * https://developers.binance.com/docs/binance-spot-api-docs/rest-api/market-data-endpoints
 */
export const ALL_TICKERS_WEIGHT = 80;

/** A ban whose end is not told: the shortest ban the venue documents is two minutes. */
export const SHORTEST_BAN_MS = 120_000;

export const restLimits: RestLimits = {
  candlesPerPage: 1000,
  // Per address and UTC clock minute. A start value: the listing states the real one.
  budget: { weight: 6000, perMs: 60_000, window: 'fixed', reserve: WEIGHT_RESERVE },
  // REST is served from a database that lags the stream for up to about 2 s after a boundary.
  settleMs: 2_000,
  confirmMs: 2_000,
  // Replicas were reported to show the newest bar as it was for 2 to 15 s after a close.
  finality: { fromMs: 30_000, apartMs: 30_000 },
};
