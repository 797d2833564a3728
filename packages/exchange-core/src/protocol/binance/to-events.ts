import { LATEST_OPEN_TIME_MS, MICROS_PER_MS, isTimeframe, timeframeMs } from '@livermore/schemas';
import type { MarketEvent, Timeframe } from '@livermore/schemas';
import { streamAsOf } from '../../as-of';
import { DecodeError } from '../../errors';
import type { DecodeContext, StreamMessage } from '../protocol';
import {
  amountAt,
  checkRange,
  finite,
  integerAt,
  isObject,
  parseJson,
  parseWith,
  priceAt,
  symbolAt,
} from '../wire';
import type { JsonObject, Where } from '../wire';
import {
  ControlReplySchema,
  FlatErrorSchema,
  MiniTickerSchema,
  NestedErrorSchema,
  ServerShutdownSchema,
} from './messages';

/**
 * Wire frames to stream messages. Data comes bare (`/ws`) or wrapped (`/stream`), control replies always bare:
 *
 *   {"e":"kline",…}   {"stream":"btcusdt@kline_1m","data":{"e":"kline",…}}   {"stream":"!miniTicker@arr","data":[…]}
 */

const LONGEST_NAME = 40;

/** Reads one frame. @throws DecodeError */
export function decode(text: string, context: DecodeContext): StreamMessage {
  const frame = parseJson(context.exchange, text);
  const wrapped = isObject(frame) && typeof frame['stream'] === 'string';
  const data = wrapped ? frame['data'] : frame;
  if (Array.isArray(data)) return eventsOf(data, context);
  if (isObject(data)) return messageOf(data, context);
  throw new DecodeError(context.exchange, wrapped ? 'data' : 'root', 'is neither an object nor an array');
}

/** The elements of an array stream, as one message. */
function eventsOf(elements: readonly unknown[], context: DecodeContext): StreamMessage {
  const events: MarketEvent[] = [];
  let venueTime: number | undefined;
  for (const [at, element] of elements.entries()) {
    if (!isObject(element)) throw new DecodeError(context.exchange, `[${at}]`, 'is not an object');
    const message = messageOf(element, context);
    if (message.kind !== 'data') continue;
    events.push(...message.events);
    venueTime = Math.max(venueTime ?? 0, message.venueTime ?? 0);
  }
  return { kind: 'data', events, ...(venueTime === undefined ? {} : { venueTime }) };
}

function messageOf(data: JsonObject, context: DecodeContext): StreamMessage {
  const type = data['e'];
  if (type === 'kline') return klineMessage(data, context);
  const where: Where = { venue: context.exchange, path: '' };
  if (type === '24hrMiniTicker') return tickerMessage(data, where, context);
  if (type === 'serverShutdown') return shutdownMessage(data, where);
  if (typeof type === 'string') return { kind: 'ignored', what: type.slice(0, LONGEST_NAME) };
  if (type !== undefined) throw new DecodeError(context.exchange, 'e', 'is not a text');
  return untypedMessage(data, where);
}

/** Frames without `e`: control replies, errors in two shapes, and the two data streams that lack it. */
function untypedMessage(data: JsonObject, where: Where): StreamMessage {
  if ('result' in data) {
    const { result, id } = parseWith(ControlReplySchema, data, where);
    return { kind: 'ack', ...requestIdOf(id), ...(Array.isArray(result) ? { active: result } : {}) };
  }
  if ('error' in data) {
    const { error, id } = parseWith(NestedErrorSchema, data, where);
    return { kind: 'error', message: `${error.code}: ${error.msg}`, ...requestIdOf(id) };
  }
  if ('code' in data && 'msg' in data) {
    const { code, msg, id } = parseWith(FlatErrorSchema, data, where);
    return { kind: 'error', message: `${code}: ${msg}`, ...requestIdOf(id) };
  }
  if ('u' in data && 's' in data) return { kind: 'ignored', what: 'bookTicker' };
  if ('lastUpdateId' in data) return { kind: 'ignored', what: 'depth' };
  throw new DecodeError(where.venue, 'e', 'is missing');
}

function requestIdOf(id: number | string | null | undefined): { readonly requestId?: number } {
  return typeof id === 'number' ? { requestId: id } : {};
}

function shutdownMessage(data: JsonObject, where: Where): StreamMessage {
  const { E } = parseWith(ServerShutdownSchema, data, where);
  return { kind: 'goodbye', reason: 'serverShutdown', ...(E === undefined ? {} : { venueTime: E }) };
}

const KLINE_RANGE = { high: 'k.h', low: 'k.l' };

/**
 * A kline frame, field by field: this is the hot path, and a schema library costs several times the parse.
 *
 *   {"e":"kline","E":1795312802016,"s":"BTCUSDT","k":{"t":1795312800000,"T":1795312859999,"s":"BTCUSDT","i":"1m",
 *    "f":5203000001,"L":5203000131,"o":"91680.00000000","c":"91688.01000000","h":"91690.00000000",
 *    "l":"91671.30000000","v":"0.80110000","n":131,"x":false,"q":"73449.02000000","V":"0.41000000",
 *    "Q":"37590.11000000","B":"0"}}
 *
 * https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
 */
function klineMessage(data: JsonObject, context: DecodeContext): StreamMessage {
  const where: Where = { venue: context.exchange, path: '' };
  const kline = data['k'];
  if (!isObject(kline)) throw new DecodeError(where.venue, 'k', 'is not an object');
  const venueTime = eventTimeOf(data, where);
  const streamedAs = symbolAt(data['s'], where, 's');
  if (kline['s'] !== streamedAs) throw new DecodeError(where.venue, 'k.s', 'is not the symbol of the event');
  const timeframe = kline['i'];
  if (typeof timeframe !== 'string') throw new DecodeError(where.venue, 'k.i', 'is not a text');
  if (!isTimeframe(timeframe)) {
    return { kind: 'ignored', what: `kline_${timeframe}`.slice(0, LONGEST_NAME) };
  }
  const isFinal = kline['x'];
  if (typeof isFinal !== 'boolean') throw new DecodeError(where.venue, 'k.x', 'is not a boolean');
  const timestamp = openTimeOfKline(kline, timeframe, where);
  const candle = {
    timestamp,
    open: priceAt(kline['o'], where, 'k.o'),
    high: priceAt(kline['h'], where, 'k.h'),
    low: priceAt(kline['l'], where, 'k.l'),
    close: priceAt(kline['c'], where, 'k.c'),
    volume: amountAt(kline['v'], where, 'k.v'),
    symbol: streamedAs,
    timeframe,
    exchange: context.exchange,
    sequenceNum: streamAsOf(timeframe, timestamp, venueTime * MICROS_PER_MS, isFinal),
    source: 'stream' as const,
  };
  checkRange(candle, where, KLINE_RANGE);
  const type = isFinal ? 'candle:close' : 'candle:update';
  const events = context
    .symbolsOf(streamedAs)
    .map((symbol) => ({ type, candle: symbol === streamedAs ? candle : { ...candle, symbol } }) as const);
  return { kind: 'data', venueTime, events };
}

/** A time (ms) whose microseconds are an exact integer. */
function eventTimeOf(data: JsonObject, where: Where): number {
  const time = integerAt(data['E'], where, 'E');
  if (time <= LATEST_OPEN_TIME_MS) return time;
  throw new DecodeError(where.venue, 'E', 'is not a time in milliseconds');
}

/** `t`, on the grid, with `T` one millisecond before the next open. */
function openTimeOfKline(kline: JsonObject, timeframe: Timeframe, where: Where): number {
  const openTime = integerAt(kline['t'], where, 'k.t');
  const length = timeframeMs(timeframe);
  if (openTime % length !== 0 || openTime > LATEST_OPEN_TIME_MS) {
    throw new DecodeError(where.venue, 'k.t', `is not an open time of ${timeframe}`);
  }
  if (kline['T'] !== openTime + length - 1) {
    throw new DecodeError(where.venue, 'k.T', `is not the last millisecond of the ${timeframe} bar`);
  }
  return openTime;
}

/** A symbol that has no trade in the window reports zeros: then there is no price to announce. */
function tickerMessage(data: JsonObject, where: Where, context: DecodeContext): StreamMessage {
  const wire = parseWith(MiniTickerSchema, data, where);
  const price = amountAt(wire.c, where, 'c');
  const open = amountAt(wire.o, where, 'o');
  const high = amountAt(wire.h, where, 'h');
  const low = amountAt(wire.l, where, 'l');
  const volume24h = amountAt(wire.v, where, 'v');
  const events: MarketEvent[] = [];
  if (Math.min(price, open, high, low) > 0) {
    const figures = {
      price,
      change24h: price - open,
      changePercent24h: finite(((price - open) / open) * 100, where, 'c'),
      high24h: high,
      low24h: low,
      volume24h,
      timestamp: wire.E,
    };
    for (const symbol of context.symbolsOf(wire.s)) {
      events.push({ type: 'ticker:update', ticker: { symbol, ...figures } });
    }
  }
  return { kind: 'data', venueTime: wire.E, events };
}
