import type { RedisClient } from '@livermore/cache';
import type { Transport, WarmupStats } from '@livermore/exchange-core';
import type { Exchange, Timeframe } from '@livermore/schemas';
import type { Clock, Logger, Random } from '@livermore/utils';
import type { SymbolChoice } from './choose-symbols';
import type { InstanceState } from './facts';
import type { NodeMetrics } from './metrics';

export interface ExchangeInstanceOptions {
  readonly exchange: Exchange;
  readonly redis: RedisClient;
  readonly transport: Transport;
  readonly symbols: SymbolChoice;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly timeframes?: readonly Timeframe[];
  /** Candles each series is brought to. */
  readonly target?: number;
  /** Whether longer bars may be derived from shorter ones; by default where that is exact. */
  readonly derive?: boolean;
  /** What a candle of an answer costs this machine, ms; measured where absent. For the ETA of warmups. */
  readonly candleMs?: number;
  readonly audit?: boolean;
  /** Whether tickers are kept as well; yes unless said otherwise. */
  readonly tickers?: boolean;
  /** Whether the start fails when the venue refuses this location at the first request; else it is asked again. */
  readonly endsIfBlocked?: boolean;
  readonly ownerUserId?: number;
  readonly metrics?: NodeMetrics;
  readonly onProgress?: (stats: WarmupStats) => void;
  readonly onState?: (state: InstanceState) => void;
}
