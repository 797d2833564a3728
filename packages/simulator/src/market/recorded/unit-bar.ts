import type { Bar } from '../market';
import { unitsToText } from '../units';
import type { Scales } from './read-series';

/** A bar in ticks and units; worths in ticks × units. */
export interface UnitBar {
  readonly open: bigint;
  readonly high: bigint;
  readonly low: bigint;
  readonly close: bigint;
  readonly volume: bigint;
  readonly quote: bigint;
  readonly takerBase: bigint;
  readonly takerQuote: bigint;
  readonly trades: number;
  readonly firstTradeId: number;
}

/** The same as decimals. */
export function unitBarText(scales: Scales, openTime: number, closeTime: number, bar: UnitBar): Bar {
  const { price, size } = scales;
  return {
    openTime,
    closeTime,
    open: unitsToText(bar.open, price),
    high: unitsToText(bar.high, price),
    low: unitsToText(bar.low, price),
    close: unitsToText(bar.close, price),
    volume: unitsToText(bar.volume, size),
    quoteVolume: unitsToText(bar.quote, price + size),
    trades: bar.trades,
    takerBaseVolume: unitsToText(bar.takerBase, size),
    takerQuoteVolume: unitsToText(bar.takerQuote, price + size),
    firstTradeId: bar.firstTradeId,
    lastTradeId: bar.firstTradeId < 0 ? -1 : bar.firstTradeId + bar.trades - 1,
  };
}
