import type { Timeframe } from '@livermore/schemas';
import { amountAt, checkRange, priceAt } from '../wire';
import type { JsonObject, Where } from '../wire';
import { openTimeAt } from './time';

/** What a bucket says, on the stream and in REST alike. */
export interface Bar {
  readonly timestamp: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

const RANGE = { high: 'high', low: 'low' };

/** Reads the six fields of a bucket. @throws DecodeError naming the field */
export function readBar(wire: JsonObject, timeframe: Timeframe, where: Where): Bar {
  const bar: Bar = {
    timestamp: openTimeAt(wire['start'], timeframe, where),
    open: priceAt(wire['open'], where, 'open'),
    high: priceAt(wire['high'], where, 'high'),
    low: priceAt(wire['low'], where, 'low'),
    close: priceAt(wire['close'], where, 'close'),
    volume: amountAt(wire['volume'], where, 'volume'),
  };
  checkRange(bar, where, RANGE);
  return bar;
}
