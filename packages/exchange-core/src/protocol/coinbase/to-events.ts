import { MICROS_PER_MS } from '@livermore/schemas';
import { DecodeError } from '../../errors';
import type { DecodeContext, StreamMessage } from '../protocol';
import { told, unreadableBy } from '../unreadable';
import type { Known, UnreadableElement } from '../unreadable';
import { isObject, parseJson, parseWith } from '../wire';
import type { JsonObject, Where } from '../wire';
import { bucketsMessage } from './buckets';
import { productsNamed } from './entries';
import { topicOf } from './frames';
import {
  CANDLE_ENTRIES,
  CounterSchema,
  ErrorFrameSchema,
  ProductsListSchema,
  SubscriptionsSchema,
} from './messages';
import { tickersMessage } from './tickers';
import { microsOf } from './time';

/** Wire frames to stream messages. https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-channels */

const LONGEST_NAME = 40;

/**
 * Reads one frame, its counter first.
 * @throws DecodeError for what is no frame of the venue, or one without its counter: the next frame then shows a gap,
 * rightly, for nobody knows what this one said
 */
export function decode(text: string, context: DecodeContext): StreamMessage {
  const where: Where = { venue: context.exchange, path: '' };
  const frame = parseJson(context.exchange, text);
  if (isObject(frame) && !('channel' in frame) && typeof frame['type'] === 'string') {
    return bareMessage(frame['type'], frame, where);
  }
  const { sequence_num: sequence } = parseWith(CounterSchema, frame, where);
  const body = isObject(frame) ? frame : {};
  const micros = microsOf(body['timestamp']);
  const time = Number.isNaN(micros) ? {} : { venueTime: Math.floor(micros / MICROS_PER_MS) };
  try {
    return { sequence, ...time, ...messageOf(body, micros, context) };
  } catch (error) {
    return { sequence, ...time, kind: 'unreadable', unreadable: [unreadableBy(error, knownOf(body))] };
  }
}

/** A frame without an envelope: an error, or of a type this system does not know. */
function bareMessage(type: string, frame: JsonObject, where: Where): StreamMessage {
  if (type !== 'error') return { kind: 'ignored', what: type.slice(0, LONGEST_NAME) };
  return { kind: 'error', message: parseWith(ErrorFrameSchema, frame, where).message };
}

function messageOf(body: JsonObject, micros: number, context: DecodeContext): StreamMessage {
  const where: Where = { venue: context.exchange, path: '' };
  const channel = body['channel'];
  switch (channel) {
    case 'candles':
      return bucketsMessage(eventsIn(body, micros, where), micros, context);
    case 'ticker':
    case 'ticker_batch':
      return tickersMessage(eventsIn(body, micros, where), micros, context);
    case 'heartbeats':
      return { kind: 'heartbeat' };
    case 'subscriptions':
      return acknowledgement(body, where);
    default:
      if (isNameOfChannel(channel)) return { kind: 'ignored', what: channel.slice(0, LONGEST_NAME) };
      throw new DecodeError(where.venue, 'channel', 'is not the name of a channel');
  }
}

/** The events of a data frame, which mean nothing without the frame's time. */
function eventsIn(body: JsonObject, micros: number, where: Where): readonly unknown[] {
  if (Number.isNaN(micros)) throw new DecodeError(where.venue, 'timestamp', 'is not RFC 3339 in UTC');
  const events = body['events'];
  if (Array.isArray(events)) return events;
  throw new DecodeError(where.venue, 'events', 'is not an array');
}

/** Whose bars a frame would have told of: that of no channel may have told of any. */
function knownOf({ channel, events }: JsonObject): Known {
  if (channel !== 'candles') return isNameOfChannel(channel) ? {} : { topics: 'any' };
  const products = productsNamed(events, CANDLE_ENTRIES);
  return { topics: products?.map((product) => topicOf('candles', product)) ?? 'any' };
}

function isNameOfChannel(channel: unknown): channel is string {
  return typeof channel === 'string' && channel !== '';
}

/**
 * The acknowledgement is the whole map of subscriptions, keyed by channel, never a delta. What of it cannot be read is
 * left out: then that is not subscribed, as far as we know.
 */
function acknowledgement(body: JsonObject, where: Where): StreamMessage {
  const { events } = parseWith(SubscriptionsSchema, body, where);
  const active: string[] = [];
  const unreadable: UnreadableElement[] = [];
  for (const [at, { subscriptions }] of events.entries()) {
    for (const [channel, products] of Object.entries(subscriptions)) {
      const field = `events.${at}.subscriptions.${channel}`;
      const texts = ProductsListSchema.safeParse(products);
      if (texts.success) active.push(...texts.data.map((product) => topicOf(channel, product)));
      else unreadable.push(unreadableBy(new DecodeError(where.venue, field, 'is not a list of products')));
    }
  }
  return { kind: 'ack', active, ...told(unreadable) };
}
