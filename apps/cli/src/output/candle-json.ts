import type { StoredCandle } from '@livermore/cache';
import { candleStateOf, closeTimeOf, isClosed } from '@livermore/schemas';

/** A candle for programs: everything that is stored of it, when it closes, and what may be expected of it. */
export function candleJson(candle: StoredCandle) {
  const { symbol: _symbol, timeframe, ...stored } = candle;
  return {
    ...stored,
    closeTime: closeTimeOf(timeframe, candle.timestamp),
    closed: isClosed(candle),
    state: candleStateOf(candle),
  };
}
