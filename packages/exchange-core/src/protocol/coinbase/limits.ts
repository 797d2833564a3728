import type { RestLimits, StreamLimits } from '../protocol';

/**
 * Every number Coinbase Advanced Trade publishes that we depend on.
 * Streams: https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-rate-limits
 * Candles: https://docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/public/get-public-product-candles
 */

/** Connection attempts, and unauthenticated frames, per address and second. */
const PER_SECOND = 8;

export const streamLimits: StreamLimits = {
  // Not published. 86 products on one connection were observed; a few hundred keep a frame a second each
  // and bound what one lost connection costs.
  topicsPerConnection: 300,
  // Not published either: keeps a frame near 1 kB and the snapshot that answers it within the frame limit.
  topicsPerFrame: 100,
  // Eight frames a second are shared by every connection of the address; 150 ms stays below seven.
  frameSpacingMs: 150,
  framesPerAddress: true,
  connectSpacingMs: 150,
  connects: { count: PER_SECOND, perMs: 1_000 },
  // Heartbeats come every second on every connection; ten missing ones are a dead connection.
  deadAfterMs: 10_000,
  // The venue itself closes channels that are quiet for 60 to 90 s, so silence past that is an acknowledged
  // subscription that does not deliver. Products without trades send nothing: hence not shorter.
  silentAfterMs: 120_000,
};

/** Topic of the heartbeat channel, in the acknowledgement's words: `{"heartbeats":["heartbeats"]}`. */
export const HEARTBEATS = 'heartbeats';

/** Every public route costs one request. */
export const REQUEST_WEIGHT = 1;

export const restLimits: RestLimits = {
  // 350 are accepted today, 300 were for years; 300 satisfies both.
  candlesPerPage: 300,
  // Ten requests a second per address by the older documentation, no longer stated: eight leave a reserve.
  budget: { weight: 8, perMs: 1_000, window: 'sliding', reserve: 0 },
  settleMs: 2_000,
  // The newest bucket may be missing or stale for up to about 60 s after its close.
  confirmMs: 75_000,
  // One to seven minutes behind were reported, by one to five buckets; most answers are right within two minutes.
  finality: { fromMs: 120_000, apartMs: 60_000 },
};
