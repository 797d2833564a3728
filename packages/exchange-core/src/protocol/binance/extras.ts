import { MAX_TRADES } from '@livermore/schemas';
import type { SourcedCandle } from '@livermore/schemas';
import { decimalOf } from '../decimal-text';

/**
 * Figures of a kline beyond OHLCV. One that is absent or cannot be read is no reason to lose the bar: it is read as NaN,
 * and left out of the candle afterwards. So nearly all candles are made in one go, which is what makes it cheap.
 */

/** A volume; NaN for anything else. */
export function extraVolume(value: unknown): number {
  return decimalOf(value);
}

/** A number of trades that a candle can hold; NaN for anything else. */
export function extraCount(value: unknown): number {
  return typeof value === 'number' && value >= 0 && value <= MAX_TRADES && Number.isInteger(value)
    ? value
    : NaN;
}

/** The candle without those extra figures that could not be read. Changes the one it is given, which was just made. */
export function withoutUnread(candle: SourcedCandle): SourcedCandle {
  const { quoteVolume, trades, takerBaseVolume, takerQuoteVolume } = candle;
  if (!isKnown(quoteVolume)) delete candle.quoteVolume;
  if (!isKnown(trades)) delete candle.trades;
  if (!isKnown(takerBaseVolume)) delete candle.takerBaseVolume;
  if (!isKnown(takerQuoteVolume)) delete candle.takerQuoteVolume;
  return candle;
}

function isKnown(value: number | undefined): boolean {
  return value !== undefined && value < Infinity;
}
