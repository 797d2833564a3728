import type { ChannelSource, SourceContext } from './channel-source';
import { higher, lower, percentChange } from './figures';
import { bookAt } from './order-book';
import { plainDecimal } from './wire';

/** `ticker` (with the best prices) and `ticker_batch` (without): fires on trades, several at once merged into one. */
export function tickerSource(context: SourceContext, options: { readonly hasBook: boolean }): ChannelSource {
  const { market, figures, symbol } = context;
  const event = (type: string, last: string, now: number) => {
    const tickers = [{ ...rolling(context, last, now), ...(options.hasBook ? best(context, last) : {}) }];
    return JSON.stringify({ type, tickers });
  };
  return {
    snapshot: (now) => event('snapshot', figures.lastPrice(symbol, now), now),
    update(since, now) {
      const last = market.trades(symbol.symbol, since + 1, now + 1).at(-1);
      return last === undefined ? undefined : event('update', plainDecimal(last.price), now);
    },
  };
}

function rolling({ figures, symbol, blemishes }: SourceContext, last: string, now: number) {
  const day = figures.day(symbol, now);
  const odd = blemishes.ofTicker(symbol.symbol);
  const year = figures.year(symbol, now);
  return {
    type: 'ticker',
    product_id: symbol.symbol,
    price: last,
    volume_24_h: odd?.field === 'volume' ? odd.value : day.volume,
    low_24_h: lower(day.low, last),
    high_24_h: higher(day.high, last),
    low_52_w: lower(year.low, lower(day.low, last)),
    high_52_w: higher(year.high, higher(day.high, last)),
    price_percent_chg_24_h: odd?.field === 'change' ? odd.value : percentChange(day.open, last),
  };
}

function best({ symbol }: SourceContext, last: string) {
  const { bids, asks } = bookAt(symbol, last, 1);
  return {
    best_bid: bids[0]?.price ?? '',
    best_bid_quantity: bids[0]?.size ?? '',
    best_ask: asks[0]?.price ?? '',
    best_ask_quantity: asks[0]?.size ?? '',
  };
}
