/** What each channel says of one product: a snapshot at a subscription, and updates of what happened since. */
import { candleSource } from './channel-candles';
import { level2Source } from './channel-level2';
import { tickerSource } from './channel-ticker';
import { tradesSource } from './channel-trades';
import type { ChannelSource, SourceContext } from './channel-source';

export interface Channel {
  /** The name in the envelope; requests and acknowledgements use the requested one. */
  readonly wireName: string;
  /** The venue's own least distance (ms) between two updates of one product. */
  readonly periodMs: number;
  /** Whether `updateEveryMs` of the simulator replaces that period. */
  readonly isPaced: boolean;
  /** What a fault that names a timeframe must name to concern this channel. */
  readonly timeframe: string;
  source(context: SourceContext): ChannelSource;
}

/** Every channel that is about products and changes with the market. `heartbeats` and `status` are apart. */
export const CHANNELS: ReadonlyMap<string, Channel> = new Map<string, Channel>([
  ['candles', { wireName: 'candles', periodMs: 1000, isPaced: true, timeframe: '5m', source: candleSource }],
  [
    'market_trades',
    {
      wireName: 'market_trades',
      periodMs: 250,
      isPaced: true,
      timeframe: 'market_trades',
      source: tradesSource,
    },
  ],
  [
    'ticker',
    {
      wireName: 'ticker',
      periodMs: 100,
      isPaced: true,
      timeframe: 'ticker',
      source: (context) => tickerSource(context, { hasBook: true }),
    },
  ],
  [
    'ticker_batch',
    {
      wireName: 'ticker_batch',
      periodMs: 5000,
      isPaced: false,
      timeframe: 'ticker_batch',
      source: (context) => tickerSource(context, { hasBook: false }),
    },
  ],
  [
    'level2',
    { wireName: 'l2_data', periodMs: 100, isPaced: true, timeframe: 'level2', source: level2Source },
  ],
]);
