import type { Bar } from './market';
import { textToUnits, unitsToText } from './units';

/** Digits that hold every price and size; a worth has twice as many. */
const SCALE = 10;

/**
 * One bar out of consecutive ones: those without trades leave open, high, low and close alone, and count only when
 * nothing traded at all. Undefined for an empty list.
 */
export function mergeBars(bars: readonly Bar[], openTime: number, closeTime: number): Bar | undefined {
  const traded = bars.filter((bar) => bar.trades > 0);
  const used = traded.length > 0 ? traded : bars;
  const first = used[0];
  const last = used.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const total = (pick: (bar: Bar) => string, scale: number): string =>
    unitsToText(
      traded.reduce((sum, bar) => sum + textToUnits(pick(bar), scale), 0n),
      scale,
    );
  return {
    openTime,
    closeTime,
    open: first.open,
    high: extreme(used, (bar) => bar.high, 1),
    low: extreme(used, (bar) => bar.low, -1),
    close: last.close,
    volume: total((bar) => bar.volume, SCALE),
    quoteVolume: total((bar) => bar.quoteVolume, 2 * SCALE),
    trades: traded.reduce((sum, bar) => sum + bar.trades, 0),
    takerBaseVolume: total((bar) => bar.takerBaseVolume, SCALE),
    takerQuoteVolume: total((bar) => bar.takerQuoteVolume, 2 * SCALE),
    firstTradeId: traded[0]?.firstTradeId ?? -1,
    lastTradeId: traded.at(-1)?.lastTradeId ?? -1,
  };
}

function extreme(bars: readonly Bar[], pick: (bar: Bar) => string, sign: 1 | -1): string {
  let best = '';
  let most: number | undefined;
  for (const bar of bars) {
    const text = pick(bar);
    const value = Number(text) * sign;
    if (most !== undefined && value <= most) continue;
    best = text;
    most = value;
  }
  return best;
}
