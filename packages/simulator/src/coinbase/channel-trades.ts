import type { Trade } from '../market/market';
import type { ChannelSource, SourceContext } from './channel-source';
import { wireTrade } from './rest-trades';

/** Trades before the subscription in a snapshot. */
const SNAPSHOT_TRADES = 100;
/** After a pause of the machine the venue tells no more than this of what happened meanwhile, as it does to slow clients. */
const MOST_BACK_MS = 60_000;

/** The `market_trades` channel: newest first, maker's side. */
export function tradesSource({ market, figures, symbol }: SourceContext): ChannelSource {
  const event = (type: string, trades: readonly Trade[]) =>
    JSON.stringify({ type, trades: trades.toReversed().map((trade) => wireTrade(trade, symbol.symbol)) });
  return {
    snapshot: (now) => event('snapshot', figures.recentTrades(symbol, now, SNAPSHOT_TRADES)),
    update(since, now) {
      const trades = market.trades(symbol.symbol, Math.max(since, now - MOST_BACK_MS) + 1, now + 1);
      return trades.length === 0 ? undefined : event('update', trades);
    },
  };
}
