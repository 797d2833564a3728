import { openTimeOf } from '@livermore/schemas';
import type { CandleSource, Series, UnifiedCandle } from '@livermore/schemas';
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
  // Adding zero makes one zero of the two that float64 has: equal volumes are equal bytes.
  bytes.writeDoubleBE(candle.volume + 0, 45);
  return bytes;
}

/**
 * Reads a member back.
 * @throws CacheValueError for anything that is not a candle of this layout and series: foreign or damaged values
 * are not guessed at
 */
export function decodeCandle(bytes: Buffer, series: Series): StoredCandle {
  if (bytes.length !== CANDLE_BYTES || bytes[0] !== LAYOUT) throw unreadable(series, 'layout', 'is not 1');
  const timestamp = bytes.readUInt32BE(9) * MINUTE_MS;
  if (timestamp !== openTimeOf(series.timeframe, timestamp)) {
    throw unreadable(series, 'open time', `${timestamp} is not on the grid`);
  }
  const candle = {
    timestamp,
    open: bytes.readDoubleBE(13),
    high: bytes.readDoubleBE(21),
    low: bytes.readDoubleBE(29),
    close: bytes.readDoubleBE(37),
    volume: bytes.readDoubleBE(45),
    symbol: series.symbol,
    timeframe: series.timeframe,
  };
  const fault = faultOf(candle);
  if (fault !== undefined) throw unreadable(series, fault, `is damaged at ${timestamp}`);
  return { ...candle, ...asOfAt(bytes, series), ...sourceAt(bytes, series) };
}

/** The source a code stands for; undefined for 0 and for codes of a later layout. */
export function sourceOfCode(code: number): CandleSource | undefined {
  return SOURCE_OF_CODE[code];
}

type Ohlcv = Pick<StoredCandle, 'open' | 'high' | 'low' | 'close' | 'volume'>;

/** The first field a candle of the schema could not have. Written so that NaN is a fault too. */
function faultOf({ open, high, low, close, volume }: Ohlcv): keyof Ohlcv | undefined {
  if (!(low > 0 && low <= Math.min(open, close))) return 'low';
  if (!(high >= Math.max(open, close) && Number.isFinite(high))) return 'high';
  return volume >= 0 && Number.isFinite(volume) ? undefined : 'volume';
}

function asOfAt(bytes: Buffer, series: Series): { readonly sequenceNum?: number } {
  if (bytes[2] === NO_AS_OF_BYTE) return {};
  const sequenceNum = bytes.readUIntBE(2, 3) * 2 ** 32 + bytes.readUInt32BE(5);
  if (!Number.isSafeInteger(sequenceNum)) throw unreadable(series, 'as-of', 'is not an exact integer');
  return { sequenceNum };
}

function sourceAt(bytes: Buffer, series: Series): { readonly source?: CandleSource } {
  const code = bytes[1] ?? 0;
  if (code >= SOURCE_OF_CODE.length) throw unreadable(series, 'source', `has no meaning for code ${code}`);
  const source = SOURCE_OF_CODE[code];
  return source === undefined ? {} : { source };
}

function unreadable(series: Series, field: string, problem: string): CacheValueError {
  return new CacheValueError(`a candle of ${series.symbol} ${series.timeframe}`, field, problem);
}
