import { CANDLE_SOURCES, UnifiedCandleSchema, openTimeOf } from '@livermore/schemas';
import type { CandleSource, CandleStanding, Series, UnifiedCandle } from '@livermore/schemas';
import { CacheValueError } from './errors';
import { parseJson } from './json-value';

/**
 * How a candle lies in Redis: one member of a sorted set, 81 bytes, numbers big-endian. The score is the open
 * time in ms. docs/redis-layout.md is the same table for readers in other languages.
 *
 * | bytes | type         | what                                                                               |
 * |-------|--------------|------------------------------------------------------------------------------------|
 * | 0     | u8           | layout, 2                                                                          |
 * | 1     | u8           | bits 0–3 source, bits 4–6 standing, bit 7: it was once closed with other values    |
 * | 2–8   | u56          | as-of, µs since the epoch; all ones when not said                                  |
 * | 9–12  | u32          | open time, minutes since the epoch                                                 |
 * | 13–52 | 5 × float64  | open, high, low, close, volume                                                     |
 * | 53–60 | float64      | quote volume; NaN when not said                                                    |
 * | 61–64 | u32          | number of trades; all ones when not said                                           |
 * | 65–80 | 2 × float64  | taker base volume, taker quote volume; NaN when not said                           |
 *
 * The open time is part of the member because members of a set are unique: two flat bars would be one.
 *
 * Two older layouts are read and never written: layout 1, which is the first 53 bytes with no more than a source in
 * byte 1, and a candle as JSON.
 */

export const CANDLE_BYTES = 81;
const LAYOUT = 2;
const LAYOUT_1 = 1;
const LAYOUT_1_BYTES = 53;
const JSON_OPENING = 0x7b;
const NO_AS_OF_BYTE = 0xff;
const NO_TRADES_COUNT = 0xff_ff_ff_ff;
const MINUTE_MS = 60_000;

const SOURCE_BITS = 0x0f;
const STANDING_SHIFT = 4;
const STANDING_BITS = 0x07;
const CORRECTED_BIT = 0x80;

/** The code of a source is its place in the list, from 1 on; 0 is not said. */
const SOURCE_OF_CODE: readonly (CandleSource | undefined)[] = [undefined, ...CANDLE_SOURCES];
const STANDING_OF_CODE: readonly (CandleStanding | undefined)[] = [
  undefined,
  'unwitnessed',
  'once',
  'settled',
  'final',
];
/** Codes that layout 1 knew. */
const LAYOUT_1_SOURCES = 5;

/** A candle as read back from a series: the key says the exchange, so the value does not repeat it. */
export type StoredCandle = Omit<UnifiedCandle, 'exchange'>;

/** The number that stands for a source in the bytes of a candle. */
export function codeOfSource(source: CandleSource): number {
  return SOURCE_OF_CODE.indexOf(source);
}

type Encodable = Omit<UnifiedCandle, 'exchange' | 'symbol' | 'timeframe'>;

/** The 81 bytes of a candle. */
export function encodeCandle(candle: Encodable): Buffer {
  return encodeCandles([candle]);
}

/** Candles in a row, 81 bytes each, as the commands that write take them. */
export function encodeCandles(candles: readonly Encodable[]): Buffer {
  const bytes = Buffer.allocUnsafe(candles.length * CANDLE_BYTES);
  for (const [index, candle] of candles.entries()) writeCandle(bytes, index * CANDLE_BYTES, candle);
  return bytes;
}

function writeCandle(bytes: Buffer, at: number, candle: Encodable): void {
  bytes[at] = LAYOUT;
  bytes[at + 1] = originByteOf(candle);
  if (candle.sequenceNum === undefined) bytes.fill(NO_AS_OF_BYTE, at + 2, at + 9);
  else {
    bytes.writeUIntBE(Math.floor(candle.sequenceNum / 2 ** 32), at + 2, 3);
    bytes.writeUInt32BE(candle.sequenceNum % 2 ** 32, at + 5);
  }
  bytes.writeUInt32BE(candle.timestamp / MINUTE_MS, at + 9);
  bytes.writeDoubleBE(candle.open, at + 13);
  bytes.writeDoubleBE(candle.high, at + 21);
  bytes.writeDoubleBE(candle.low, at + 29);
  bytes.writeDoubleBE(candle.close, at + 37);
  // Adding zero makes one zero of the two that float64 has: equal volumes are equal bytes.
  bytes.writeDoubleBE(candle.volume + 0, at + 45);
  bytes.writeDoubleBE((candle.quoteVolume ?? Number.NaN) + 0, at + 53);
  bytes.writeUInt32BE(candle.trades ?? NO_TRADES_COUNT, at + 61);
  bytes.writeDoubleBE((candle.takerBaseVolume ?? Number.NaN) + 0, at + 65);
  bytes.writeDoubleBE((candle.takerQuoteVolume ?? Number.NaN) + 0, at + 73);
}

function originByteOf({
  source,
  standing,
  corrected,
}: Pick<StoredCandle, 'source' | 'standing' | 'corrected'>) {
  const code = source === undefined ? 0 : codeOfSource(source);
  const standingCode = standing === undefined ? 0 : STANDING_OF_CODE.indexOf(standing);
  return code + (standingCode << STANDING_SHIFT) + (corrected === true ? CORRECTED_BIT : 0);
}

/**
 * Reads a member back, of this layout or an older one.
 * @throws CacheValueError for anything that is not a candle of this series: foreign or damaged values are not
 * guessed at
 */
export function decodeCandle(bytes: Buffer, series: Series): StoredCandle {
  if (bytes[0] === JSON_OPENING) return decodeJson(bytes, series);
  const isLayout1 = bytes[0] === LAYOUT_1 && bytes.length === LAYOUT_1_BYTES;
  if (!isLayout1 && (bytes[0] !== LAYOUT || bytes.length !== CANDLE_BYTES)) {
    throw unreadable(series, 'layout', 'is none of 1, 2 and JSON');
  }
  const timestamp = bytes.readUInt32BE(9) * MINUTE_MS;
  if (timestamp !== openTimeOf(series.timeframe, timestamp)) {
    throw unreadable(series, 'open time', `${timestamp} is not on the grid`);
  }
  const candle: Mutable<StoredCandle> = {
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
  // In place, and always in the same order: thousands are read at once, and objects of few shapes are cheap.
  readAsOf(bytes, candle);
  if (isLayout1) return Object.assign(candle, formerOriginOf(bytes[1] ?? 0, series));
  readOrigin(bytes[1] ?? 0, candle);
  readFigures(bytes, candle);
  return candle;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Puts what byte 1 says into a candle. @throws CacheValueError for codes that have no meaning */
function readOrigin(code: number, candle: Mutable<StoredCandle>): void {
  const sourceCode = code & SOURCE_BITS;
  const standingCode = (code >> STANDING_SHIFT) & STANDING_BITS;
  if (sourceCode >= SOURCE_OF_CODE.length || standingCode >= STANDING_OF_CODE.length) {
    throw unreadable(candle, 'source', `has no meaning for code ${code}`);
  }
  const source = SOURCE_OF_CODE[sourceCode];
  const standing = STANDING_OF_CODE[standingCode];
  if (source !== undefined) candle.source = source;
  if (standing !== undefined) candle.standing = standing;
  if ((code & CORRECTED_BIT) !== 0) candle.corrected = true;
}

/** What is older than layout 2 cannot tell whether a reading was witnessed, so only what the stream closed counts for more. */
function formerOriginOf(code: number, series: Series): Pick<StoredCandle, 'source' | 'standing'> {
  if (code >= LAYOUT_1_SOURCES) throw unreadable(series, 'source', `has no meaning for code ${code}`);
  const source = SOURCE_OF_CODE[code];
  if (source === undefined) return {};
  return { source, ...standingUnsaid(source) };
}

function standingUnsaid(source: CandleSource | undefined): Pick<StoredCandle, 'standing'> {
  return source === 'rest' || source === 'derived' ? { standing: 'unwitnessed' } : {};
}

type Ohlcv = Pick<StoredCandle, 'open' | 'high' | 'low' | 'close' | 'volume'>;

/** The first field a candle of the schema could not have. Written so that NaN is a fault too. */
function faultOf({ open, high, low, close, volume }: Ohlcv): keyof Ohlcv | undefined {
  if (!(low > 0 && low <= Math.min(open, close))) return 'low';
  if (!(high >= Math.max(open, close) && Number.isFinite(high))) return 'high';
  return volume >= 0 && Number.isFinite(volume) ? undefined : 'volume';
}

function readAsOf(bytes: Buffer, candle: Mutable<StoredCandle>): void {
  if (bytes[2] === NO_AS_OF_BYTE) return;
  const sequenceNum = bytes.readUIntBE(2, 3) * 2 ** 32 + bytes.readUInt32BE(5);
  if (!Number.isSafeInteger(sequenceNum)) throw unreadable(candle, 'as-of', 'is not an exact integer');
  candle.sequenceNum = sequenceNum;
}

function readFigures(bytes: Buffer, candle: Mutable<StoredCandle>): void {
  readAmount(bytes, 53, 'quoteVolume', candle);
  const trades = bytes.readUInt32BE(61);
  if (trades !== NO_TRADES_COUNT) candle.trades = trades;
  readAmount(bytes, 65, 'takerBaseVolume', candle);
  readAmount(bytes, 73, 'takerQuoteVolume', candle);
}

function readAmount(
  bytes: Buffer,
  at: number,
  field: 'quoteVolume' | 'takerBaseVolume' | 'takerQuoteVolume',
  candle: Mutable<StoredCandle>,
): void {
  const amount = bytes.readDoubleBE(at);
  if (Number.isNaN(amount)) return;
  if (!(amount >= 0 && Number.isFinite(amount))) throw unreadable(candle, field, 'is damaged');
  candle[field] = amount;
}

/** A candle as JSON names its own series, which must be this one. */
function decodeJson(bytes: Buffer, series: Series): StoredCandle {
  const where = nameOf(series);
  const {
    exchange: _,
    standing: __,
    ...candle
  } = parseJson(where, bytes.toString('utf8'), UnifiedCandleSchema);
  if (candle.symbol !== series.symbol) throw unreadable(series, 'symbol', `is ${candle.symbol}`);
  if (candle.timeframe !== series.timeframe) throw unreadable(series, 'timeframe', `is ${candle.timeframe}`);
  return { ...candle, ...standingUnsaid(candle.source) };
}

function nameOf({ symbol, timeframe }: Series): string {
  return `a candle of ${symbol} ${timeframe}`;
}

function unreadable(series: Series, field: string, problem: string): CacheValueError {
  return new CacheValueError(nameOf(series), field, problem);
}
