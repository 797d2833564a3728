import { openTimeOf, timeframeMs, TIMEFRAMES } from '@livermore/schemas';
import type { Bar, Market } from '@livermore/simulator';

/** As many bars as a page holds. */
const REMEMBERED_BARS = 1000;

/**
 * A market whose recent bars are invented beforehand. A venue looks its history up; ours invents it when asked, which
 * costs more than all else of a request and would be what a race against it measures.
 */
export function rememberedMarket(market: Market, now: number): Market {
  const shelves = new Map<
    string,
    { readonly from: number; readonly to: number; readonly bars: readonly Bar[] }
  >();
  for (const { symbol } of market.symbols) {
    for (const timeframe of TIMEFRAMES) {
      const to = openTimeOf(timeframe, now);
      const from = to - REMEMBERED_BARS * timeframeMs(timeframe);
      shelves.set(`${symbol} ${timeframe}`, {
        from,
        to,
        bars: market.bars(symbol, timeframe, from, to, now),
      });
    }
  }
  return {
    ...market,
    bars(symbol, interval, from, to, at) {
      const shelf = shelves.get(`${symbol} ${interval}`);
      if (shelf === undefined || from < shelf.from) return market.bars(symbol, interval, from, to, at);
      const known = shelf.bars.filter((bar) => bar.openTime >= from && bar.openTime < to);
      return to <= shelf.to
        ? known
        : [...known, ...market.bars(symbol, interval, Math.max(from, shelf.to), to, at)];
    },
  };
}
