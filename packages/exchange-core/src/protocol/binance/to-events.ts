import type { MarketEvent } from '@livermore/schemas';
import { DecodeError } from '../../errors';
import type { DecodeContext, StreamMessage } from '../protocol';
import { readEach, symbolKnown, told, unreadableBy } from '../unreadable';
import type { Known, UnreadableElement } from '../unreadable';
import { amountAt, finite, isObject, parseJson, parseWith } from '../wire';
import type { JsonObject, Where } from '../wire';
import { klineMessage, knownOfKline } from './kline';
import {
  ControlReplySchema,
  FlatErrorSchema,
  MiniTickerSchema,
  NestedErrorSchema,
  ServerShutdownSchema,
  TimedSchema,
} from './messages';

/**
 * Wire frames to stream messages. Data comes bare (`/ws`) or wrapped (`/stream`), control replies always bare:
 *
 *   {"e":"kline",…}   {"stream":"btcusdt@kline_1m","data":{"e":"kline",…}}   {"stream":"!miniTicker@arr","data":[…]}
 */

const LONGEST_NAME = 40;

/** Reads one frame. @throws DecodeError for what is no frame of the venue; a kline or ticker at fault is told instead */
export function decode(text: string, context: DecodeContext): StreamMessage {
  const frame = parseJson(context.exchange, text);
  const where: Where = { venue: context.exchange, path: '' };
  const stream = isObject(frame) ? frame['stream'] : undefined;
  if (!isObject(frame) || typeof stream !== 'string') return bodyOf(frame, 'root', where, context);
  try {
    return bodyOf(frame['data'], 'data', where, context);
  } catch (error) {
    const topics = stream.includes('@kline_') ? { topics: [stream] } : {};
    return { kind: 'unreadable', unreadable: [unreadableBy(error, topics)] };
  }
}

function bodyOf(data: unknown, name: string, where: Where, context: DecodeContext): StreamMessage {
  if (Array.isArray(data)) return eventsOf(data, context);
  if (isObject(data)) return messageOf(data, where, context);
  throw new DecodeError(where.venue, name, 'is neither an object nor an array');
}

/** The elements of an array stream, as one message. */
function eventsOf(elements: readonly unknown[], context: DecodeContext): StreamMessage {
  const events: MarketEvent[] = [];
  const unreadable: UnreadableElement[] = [];
  let venueTime: number | undefined;
  for (const [at, element] of elements.entries()) {
    const message = elementMessage(element, at, context);
    unreadable.push(...(message.unreadable ?? []));
    if (message.kind !== 'data') continue;
    events.push(...message.events);
    venueTime = Math.max(venueTime ?? 0, message.venueTime ?? 0);
  }
  return { kind: 'data', events, ...told(unreadable), ...(venueTime === undefined ? {} : { venueTime }) };
}

function elementMessage(element: unknown, at: number, context: DecodeContext): StreamMessage {
  const venue = context.exchange;
  try {
    if (!isObject(element)) throw new DecodeError(venue, `[${at}]`, 'is not an object');
    return messageOf(element, { venue, path: `[${at}].` }, context);
  } catch (error) {
    return { kind: 'unreadable', unreadable: [unreadableBy(error, knownOfTicker(element))] };
  }
}

function messageOf(data: JsonObject, where: Where, context: DecodeContext): StreamMessage {
  const type = data['e'];
  if (type === 'kline') {
    try {
      return klineMessage(data, where, context);
    } catch (error) {
      return unreadableMessage(error, data, knownOfKline(data));
    }
  }
  if (type === '24hrMiniTicker') {
    try {
      return tickerMessage(data, where, context);
    } catch (error) {
      return unreadableMessage(error, data, knownOfTicker(data));
    }
  }
  if (type === 'serverShutdown') return shutdownMessage(data, where);
  if (typeof type === 'string') return { kind: 'ignored', what: type.slice(0, LONGEST_NAME) };
  if (type !== undefined) throw new DecodeError(where.venue, `${where.path}e`, 'is not a text');
  return untypedMessage(data, where);
}

/** A kline or ticker that is not as documented, with its time where that can be read. */
function unreadableMessage(error: unknown, data: JsonObject, known: Known): StreamMessage {
  const time = TimedSchema.safeParse(data);
  return {
    kind: 'unreadable',
    unreadable: [unreadableBy(error, known)],
    ...(time.success ? { venueTime: time.data.E } : {}),
  };
}

function knownOfTicker(data: unknown): Known {
  return isObject(data) ? symbolKnown(data['s']) : {};
}

/** Frames without `e`: control replies, errors in two shapes, and the two data streams that lack it. */
function untypedMessage(data: JsonObject, where: Where): StreamMessage {
  if ('result' in data) {
    const { result, id } = parseWith(ControlReplySchema, data, where);
    if (!Array.isArray(result)) return { kind: 'ack', ...requestIdOf(id) };
    const { values: active, unreadable } = readEach(
      result,
      (name, at) => topicIn(name, at, where),
      () => ({}),
    );
    return { kind: 'ack', ...requestIdOf(id), active, ...told(unreadable) };
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
  throw new DecodeError(where.venue, `${where.path}e`, 'is missing');
}

/** A name in the list of what is subscribed. @throws DecodeError */
function topicIn(name: unknown, at: number, where: Where): string {
  if (typeof name === 'string') return name;
  throw new DecodeError(where.venue, `${where.path}result.${at}`, 'is not a text');
}

function requestIdOf(id: number | string | null | undefined): { readonly requestId?: number } {
  return typeof id === 'number' ? { requestId: id } : {};
}

function shutdownMessage(data: JsonObject, where: Where): StreamMessage {
  const { E } = parseWith(ServerShutdownSchema, data, where);
  return { kind: 'goodbye', reason: 'serverShutdown', ...(E === undefined ? {} : { venueTime: E }) };
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
