import type { Blemish } from '../faults/blemish';
import type { WireCandle } from './rest-candles';

const CANDLES: Readonly<Record<Blemish, (candle: WireCandle) => unknown>> = {
  'zero-low': (candle) => ({ ...candle, low: '0' }),
  nan: (candle) => ({ ...candle, open: 'NaN' }),
  'negative-volume': (candle) => ({ ...candle, volume: `-${candle.volume}1` }),
  'high-below-open': (candle) => ({ ...candle, high: String(Number(candle.open) / 2) }),
  short: (candle) => ({ ...candle, volume: undefined }),
  null: () => null,
};

/** A candle that no longer is what the venue documents. */
export function spoiltCandle(candle: WireCandle, how: Blemish): unknown {
  return CANDLES[how](candle);
}
