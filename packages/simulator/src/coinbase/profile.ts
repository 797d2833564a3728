/** What is switchable about the twin: facts on which sources conflict, or which differ by day and by customer. */

/** A key the venue knows: its name (`kid`, `sub`) and its public half, SPKI PEM; P-256 or Ed25519. */
export interface KnownKey {
  readonly name: string;
  readonly publicKey: string;
}

/** How throttling is worded: three bodies seen with 429, and a 401 seen in its place. */
export type ThrottleWording = 'errors' | 'resource-exhausted' | 'text' | 'unauthorized';

export interface CoinbaseProfile {
  readonly keys: readonly KnownKey[];
  /** Whether a request signed the retired way (`CB-ACCESS-*`) opens private routes; its signature is not checked. */
  readonly acceptsRetiredKeys: boolean;
  /** Public requests per second and address; private ones per second and key. */
  readonly publicPerSecond: number;
  readonly privatePerSecond: number;
  readonly throttleWording: ThrottleWording;
  readonly connectionsPerSecond: number;
  /** Messages without a valid JWT, per second and address. */
  readonly messagesPerSecond: number;
  readonly subscribeDeadlineMs: number;
  /** A connection without heartbeats is closed after this long without a frame, drawn per connection. */
  readonly idleCloseMs: readonly [number, number];
  /** Whether frames carry an empty `client_id`, as they did until 2024. */
  readonly clientId: boolean;
  readonly snapshotFirst: boolean;
  /** What a subscription to an unknown product meets: absence from the acknowledgement, or an error frame. */
  readonly unknownProduct: 'left-out' | 'error-frame';
  /** How long the CDN repeats an answer, ms. */
  readonly cdnFreshMs: number;
  /** Distance of two heartbeats, ms; a second on the real wire. */
  readonly heartbeatEveryMs: number;
  /** Price levels a side in the order book. */
  readonly bookLevels: number;
}

/** What the protocol sheet decided where sources conflict. */
export const DEFAULT_PROFILE: CoinbaseProfile = {
  keys: [],
  acceptsRetiredKeys: true,
  publicPerSecond: 10,
  privatePerSecond: 30,
  throttleWording: 'errors',
  connectionsPerSecond: 8,
  messagesPerSecond: 8,
  subscribeDeadlineMs: 5000,
  idleCloseMs: [60_000, 90_000],
  clientId: false,
  snapshotFirst: true,
  unknownProduct: 'left-out',
  cdnFreshMs: 1000,
  heartbeatEveryMs: 1000,
  bookLevels: 50,
};
