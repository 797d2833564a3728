import type { FeedEvent, MarketEvent, Timeframe } from '@livermore/schemas';

/** Everything an adapter can say. The plain names are thin aliases of the feed's events. */
export type AdapterEvent =
  | MarketEvent
  | FeedEvent
  | { readonly type: 'connected' }
  | { readonly type: 'disconnected'; readonly reason: string }
  | { readonly type: 'reconnecting'; readonly attempt: number; readonly delayMs: number }
  | { readonly type: 'error'; readonly message: string };

export type AdapterListener<T extends AdapterEvent['type']> = (
  event: Extract<AdapterEvent, { type: T }>,
) => void;

/**
 * The port: an exchange, seen from outside. Subscriptions are desired state: `subscribe` before `connect` is
 * legal, and a reconnect restores what is desired, not what was sent. Adapters know nothing of Redis.
 */
export interface IExchangeAdapter {
  /** Resolves when the first connection is open and subscribed; keeps trying for ever until `disconnect`. */
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  subscribe(symbols: readonly string[], timeframe: Timeframe): void;
  unsubscribe(symbols: readonly string[], timeframe: Timeframe): void;
  subscribeTickers(symbols: readonly string[]): void;
  isConnected(): boolean;
  /** Listens; returns what stops listening. */
  on<T extends AdapterEvent['type']>(type: T, listener: AdapterListener<T>): () => void;
}
