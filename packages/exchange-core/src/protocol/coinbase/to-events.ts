import { MICROS_PER_MS } from '@livermore/schemas';
import { DecodeError } from '../../errors';
import type { DecodeContext, StreamMessage } from '../protocol';
import { unreadableBy } from '../unreadable';
import type { Known } from '../unreadable';
import { isObject, parseJson, parseWith } from '../wire';
import type { JsonObject, Where } from '../wire';
import { bucketsMessage } from './buckets';
import { productsNamed } from './entries';
import { topicOf } from './frames';
import { CANDLE_ENTRIES, EnvelopeSchema, ErrorFrameSchema, SubscriptionsSchema } from './messages';
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
  const { channel, sequence_num: sequence } = parseWith(EnvelopeSchema, frame, where);
  const body = isObject(frame) ? frame : {};
  const micros = microsOf(body['timestamp']);
  const time = Number.isNaN(micros) ? {} : { venueTime: Math.floor(micros / MICROS_PER_MS) };
  try {
    return { sequence, ...time, ...messageOf(channel, body, micros, context) };
  } catch (error) {
    const unreadable = [unreadableBy(error, knownOf(channel, body))];
    return { sequence, ...time, kind: 'unreadable', unreadable };
  }
}

/** A frame without an envelope: an error, or of a type this system does not know. */
function bareMessage(type: string, frame: JsonObject, where: Where): StreamMessage {
  if (type !== 'error') return { kind: 'ignored', what: type.slice(0, LONGEST_NAME) };
  return { kind: 'error', message: parseWith(ErrorFrameSchema, frame, where).message };
}

function messageOf(channel: string, body: JsonObject, micros: number, context: DecodeContext): StreamMessage {
  const where: Where = { venue: context.exchange, path: '' };
  switch (channel) {
    case 'candles':
      return bucketsMessage(eventsIn(body, micros, where), micros, context);
    case 'ticker':
    case 'ticker_batch':
      return tickersMessage(eventsIn(body, micros, where), micros, context);
    case 'heartbeats':
      return { kind: 'heartbeat' };
    case 'subscriptions':
      return { kind: 'ack', active: activeTopics(body, where) };
    default:
      return { kind: 'ignored', what: channel.slice(0, LONGEST_NAME) };
  }
}

/** The events of a data frame, which mean nothing without the frame's time. */
function eventsIn(body: JsonObject, micros: number, where: Where): readonly unknown[] {
  if (Number.isNaN(micros)) throw new DecodeError(where.venue, 'timestamp', 'is not RFC 3339 in UTC');
  const events = body['events'];
  if (Array.isArray(events)) return events;
  throw new DecodeError(where.venue, 'events', 'is not an array');
}

/** Whose bars a frame would have told of. */
function knownOf(channel: string, body: JsonObject): Known {
  if (channel !== 'candles') return {};
  const topics = productsNamed(body['events'], CANDLE_ENTRIES).map((product) => topicOf(channel, product));
  return topics.length === 0 ? {} : { topics };
}

/** The acknowledgement is the whole map of subscriptions, keyed by channel, never a delta. */
function activeTopics(body: JsonObject, where: Where): readonly string[] {
  const { events } = parseWith(SubscriptionsSchema, body, where);
  return events.flatMap((event) =>
    Object.entries(event.subscriptions).flatMap(([channel, products]) =>
      products.map((product) => topicOf(channel, product)),
    ),
  );
}
