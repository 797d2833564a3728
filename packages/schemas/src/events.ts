import type { Series, UnifiedCandle } from './candle';
import type { Ticker } from './ticker';

/** What a venue's stream says about the market. Immutable; candles carry the exchange's time as their as-of. */
export type MarketEvent =
  | { readonly type: 'candle:update'; readonly candle: UnifiedCandle }
  | { readonly type: 'candle:close'; readonly candle: UnifiedCandle }
  | { readonly type: 'ticker:update'; readonly ticker: Ticker };

/** What a feed says about itself. */
export type FeedEvent =
  | { readonly type: 'feed:connected'; readonly connection: string }
  | { readonly type: 'feed:live'; readonly connection: string }
  | { readonly type: 'feed:disconnected'; readonly connection: string; readonly reason: string }
  | {
      readonly type: 'feed:reconnecting';
      readonly connection: string;
      readonly attempt: number;
      readonly delayMs: number;
    }
  /** A hole in a per-connection counter: between `expected` and `received` frames were lost. */
  | {
      readonly type: 'feed:gap';
      readonly connection: string;
      readonly expected: number;
      readonly received: number;
    }
  /** Something may have been missed on these series since `since` (ms, venue time): repair them. */
  | {
      readonly type: 'feed:repair';
      readonly series: readonly Series[];
      readonly since: number;
      readonly reason: string;
    }
  /**
   * A frame, or one entry of it, that could not be read: counted, named, never written. `symbol` where known, as the
   * venue spelt it: it may be the very thing that is wrong. `series`: whose bars it would have told of, where it would.
   */
  | {
      readonly type: 'feed:decode-error';
      readonly field: string;
      readonly message: string;
      readonly symbol?: string;
      readonly series?: readonly Series[];
    }
  | { readonly type: 'feed:error'; readonly connection: string; readonly message: string };
