import type { Blemishes } from '../faults/blemish';
import type { Bar, Market, MarketSymbol } from '../market/market';
import type { Figures } from './figures';

/** One product on one channel. Both functions give the JSON of one element of `events`. */
export interface ChannelSource {
  snapshot(now: number): string;
  /** What happened in (since, now]; undefined where there is nothing to say. */
  update(since: number, now: number): string | undefined;
}

export interface SourceContext {
  readonly market: Market;
  readonly figures: Figures;
  readonly symbol: MarketSymbol;
  /** Levels a side of an order book, asked at each snapshot. */
  readonly bookLevels: () => number;
  /** Whether buckets that have ended are left out of updates. */
  readonly hidesEnded: () => boolean;
  readonly blemishes: Blemishes;
  /** Ended buckets that have changed in (since, now] and are told again. */
  readonly revised: (since: number, now: number) => readonly Bar[];
  /** Hears of bars that changed long after their close, and are in an update. */
  readonly shown: (bars: readonly Bar[]) => void;
  /** What a snapshot of candles shows of these buckets: all, while no fault makes it lossy or short. */
  readonly spoilSnapshot: (bars: readonly Bar[]) => readonly Bar[];
}
