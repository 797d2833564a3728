import type { CandleSource, Timeframe, UnifiedCandle } from '@livermore/schemas';
import { CacheValueError } from './errors';

/**
 * How a candle lies in Redis: one member of a sorted set, 53 bytes, numbers big-endian. The score is the open
 * time in ms. docs/redis-layout.md is the same table for readers in other languages.
 *
 * | bytes | type         | what                                                            |
 * |-------|--------------|-----------------------------------------------------------------|
 * | 0     | u8           | layout, 1                                                       |
 * | 1     | u8           | source: 0 not said, 1 stream, 2 rest, 3 derived, 4 no-trades    |
 * | 2–8   | u56          | as-of, µs since the epoch; all ones when not said               |
 * | 9–12  | u32          | open time, minutes since the epoch                              |
 * | 13–52 | 5 × float64  | open, high, low, close, volume                                  |
 *
 * The open time is part of the member because members of a set are unique: two flat bars would be one.
 */

export const CANDLE_BYTES = 53;
const LAYOUT = 1;
const NO_AS_OF_BYTE = 0xff;
const MINUTE_MS = 60_000;
const SOURCE_OF_CODE: readonly (CandleSource | undefined)[] = [
  undefined,
  'stream',
  'rest',
  'derived',
  'no-trades',
];
const CODE_OF_SOURCE: Readonly<Record<CandleSource, number>> = {
  stream: 1,
  rest: 2,
  derived: 3,
  'no-trades': 4,
};

/** A candle as read back from a series: the key says the exchange, so the value does not repeat it. */
export type StoredCandle = Omit<UnifiedCandle, 'exchange'>;

/** The 53 bytes of a candle. */
export function encodeCandle(candle: Omit<UnifiedCandle, 'exchange' | 'symbol' | 'timeframe'>): Buffer {
  const bytes = Buffer.allocUnsafe(CANDLE_BYTES);
  bytes[0] = LAYOUT;
  bytes[1] = candle.source === undefined ? 0 : CODE_OF_SOURCE[candle.source];
  if (candle.sequenceNum === undefined) bytes.fill(NO_AS_OF_BYTE, 2, 9);
  else {
    bytes.writeUIntBE(Math.floor(candle.sequenceNum / 2 ** 32), 2, 3);
    bytes.writeUInt32BE(candle.sequenceNum % 2 ** 32, 5);
  }
  bytes.writeUInt32BE(candle.timestamp / MINUTE_MS, 9);
  bytes.writeDoubleBE(candle.open, 13);
  bytes.writeDoubleBE(candle.high, 21);
  bytes.writeDoubleBE(candle.low, 29);
  bytes.writeDoubleBE(candle.close, 37);
  bytes.writeDoubleBE(candle.volume, 45);
  return bytes;
}

/**
 * Reads a member back.
 * @throws CacheValueError for anything that is not a candle of this layout: foreign or damaged values are not guessed at
 */
export function decodeCandle(
  bytes: Buffer,
  series: { readonly symbol: string; readonly timeframe: Timeframe },
): StoredCandle {
  if (bytes.length !== CANDLE_BYTES || bytes[0] !== LAYOUT) {
    throw new CacheValueError(
      `candles of ${series.symbol} ${series.timeframe}`,
      'layout',
      'not a candle of layout 1',
    );
  }
  const source = SOURCE_OF_CODE[bytes[1] ?? 0];
  return {
    timestamp: bytes.readUInt32BE(9) * MINUTE_MS,
    open: finite(bytes, 13, 'open', series),
    high: finite(bytes, 21, 'high', series),
    low: finite(bytes, 29, 'low', series),
    close: finite(bytes, 37, 'close', series),
    volume: finite(bytes, 45, 'volume', series),
    symbol: series.symbol,
    timeframe: series.timeframe,
    ...(bytes[2] === NO_AS_OF_BYTE
      ? {}
      : { sequenceNum: bytes.readUIntBE(2, 3) * 2 ** 32 + bytes.readUInt32BE(5) }),
    ...(source === undefined ? {} : { source }),
  };
}

/** The source a code stands for; undefined for 0 and for codes of a later layout. */
export function sourceOfCode(code: number): CandleSource | undefined {
  return SOURCE_OF_CODE[code];
}

function finite(
  bytes: Buffer,
  at: number,
  field: string,
  series: { readonly symbol: string; readonly timeframe: Timeframe },
): number {
  const value = bytes.readDoubleBE(at);
  if (Number.isFinite(value)) return value;
  throw new CacheValueError(`candles of ${series.symbol} ${series.timeframe}`, field, 'not a finite number');
}
