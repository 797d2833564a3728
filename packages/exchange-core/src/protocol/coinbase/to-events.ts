import { MICROS_PER_MS, closeAsOf } from '@livermore/schemas';
import type { MarketEvent, Ticker } from '@livermore/schemas';
import { streamAsOf } from '../../as-of';
import { DecodeError } from '../../errors';
import { signedDecimalOf } from '../decimal-text';
import type { DecodeContext, StreamMessage } from '../protocol';
import { amountAt, finite, isObject, parseJson, parseWith } from '../wire';
import type { JsonObject, Where } from '../wire';
import { readBar } from './bar';
import type { Bar } from './bar';
import { topicOf } from './frames';
import {
  CandlesEventsSchema,
  EnvelopeSchema,
  ErrorFrameSchema,
  SubscriptionsEventsSchema,
  TickersEventsSchema,
} from './messages';
import type { Envelope, WireTicker } from './messages';
import { microsOf } from './time';

/** Wire frames to stream messages. https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-channels */

const LONGEST_NAME = 40;
const EVENTS = 'events.';

/** Reads one frame. @throws DecodeError */
export function decode(text: string, context: DecodeContext): StreamMessage {
  const where: Where = { venue: context.exchange, path: '' };
  const frame = parseJson(context.exchange, text);
  if (isObject(frame) && !('channel' in frame) && typeof frame['type'] === 'string') {
    return bareMessage(frame['type'], frame, where);
  }
  const envelope = parseWith(EnvelopeSchema, frame, where);
  const micros = microsOf(envelope.timestamp);
  if (Number.isNaN(micros)) throw new DecodeError(context.exchange, 'timestamp', 'is not RFC 3339 in UTC');
  const head = { sequence: envelope.sequence_num, venueTime: Math.floor(micros / MICROS_PER_MS) };
  return { ...head, ...bodyOf(envelope, micros, context) };
}

/** A frame without an envelope: an error, or of a type this system does not know. */
function bareMessage(type: string, frame: JsonObject, where: Where): StreamMessage {
  if (type !== 'error') return { kind: 'ignored', what: type.slice(0, LONGEST_NAME) };
  return { kind: 'error', message: parseWith(ErrorFrameSchema, frame, where).message };
}

function bodyOf(envelope: Envelope, micros: number, context: DecodeContext): StreamMessage {
  switch (envelope.channel) {
    case 'candles':
      return { kind: 'data', events: candleEvents(envelope, micros, context) };
    case 'ticker':
    case 'ticker_batch':
      return { kind: 'data', events: tickerEvents(envelope, micros, context) };
    case 'heartbeats':
      return { kind: 'heartbeat' };
    case 'subscriptions':
      return { kind: 'ack', active: activeTopics(envelope, context) };
    default:
      return { kind: 'ignored', what: envelope.channel.slice(0, LONGEST_NAME) };
  }
}

/** The acknowledgement is the whole map of subscriptions, keyed by channel, never a delta. */
function activeTopics(envelope: Envelope, context: DecodeContext): readonly string[] {
  const where: Where = { venue: context.exchange, path: EVENTS };
  return parseWith(SubscriptionsEventsSchema, envelope.events, where).flatMap((event) =>
    Object.entries(event.subscriptions).flatMap(([channel, products]) =>
      products.map((product) => topicOf(channel, product)),
    ),
  );
}

const STREAMED = '5m';

/**
 * Every bucket of a frame, older ones first, each for every symbol that was asked for. Nothing in a frame says
 * "closed": a bucket is final when its time is over *and* a later bucket of the product has appeared in the
 * same frame. A snapshot is no different, only longer and with holes.
 */
function candleEvents(envelope: Envelope, micros: number, context: DecodeContext): readonly MarketEvent[] {
  const root: Where = { venue: context.exchange, path: EVENTS };
  const events = parseWith(CandlesEventsSchema, envelope.events, root);
  const bars = events.flatMap((event, at) =>
    event.candles.map((wire, index) => {
      const where: Where = { venue: context.exchange, path: `${EVENTS}${at}.candles.${index}.` };
      return { product: wire.product_id, bar: readBar(wire, STREAMED, where) };
    }),
  );
  const newest = new Map<string, number>();
  for (const { product, bar } of bars) {
    newest.set(product, Math.max(bar.timestamp, newest.get(product) ?? 0));
  }
  return bars
    .toSorted((a, b) => a.bar.timestamp - b.bar.timestamp)
    .flatMap(({ product, bar }) => updates(bar, product, bar.timestamp < (newest.get(product) ?? 0)));

  function updates(bar: Bar, product: string, isFollowed: boolean): readonly MarketEvent[] {
    const isFinal = isFollowed && closeAsOf(STREAMED, bar.timestamp) <= micros;
    const candle = {
      ...bar,
      timeframe: STREAMED,
      exchange: context.exchange,
      sequenceNum: streamAsOf(STREAMED, bar.timestamp, micros, isFinal),
      source: 'stream',
    } as const;
    return context
      .symbolsOf(product)
      .map((symbol) => ({ type: 'candle:update', candle: { ...candle, symbol } }));
  }
}

function tickerEvents(envelope: Envelope, micros: number, context: DecodeContext): readonly MarketEvent[] {
  const root: Where = { venue: context.exchange, path: EVENTS };
  const timestamp = Math.floor(micros / MICROS_PER_MS);
  return parseWith(TickersEventsSchema, envelope.events, root).flatMap((event, at) =>
    event.tickers.flatMap((wire, index) => {
      const where: Where = { venue: context.exchange, path: `${EVENTS}${at}.tickers.${index}.` };
      const figures = figuresOf(wire, where);
      if (figures === undefined) return [];
      return context
        .symbolsOf(wire.product_id)
        .map((symbol) => ({ type: 'ticker:update', ticker: { ...figures, symbol, timestamp } }) as const);
    }),
  );
}

type Figures = Omit<Ticker, 'symbol' | 'timestamp'>;

/** Undefined where the product has no price yet: then there is nothing to announce. @throws DecodeError */
function figuresOf(wire: WireTicker, where: Where): Figures | undefined {
  const price = figureAt(wire.price, where, 'price');
  const high24h = figureAt(wire.high_24_h, where, 'high_24_h');
  const low24h = figureAt(wire.low_24_h, where, 'low_24_h');
  const bid = figureAt(wire.best_bid, where, 'best_bid');
  const ask = figureAt(wire.best_ask, where, 'best_ask');
  const volume24h = figureAt(wire.volume_24_h, where, 'volume_24_h');
  const percent = percentAt(wire.price_percent_chg_24_h, where);
  if (Math.min(price, high24h, low24h) === 0) return undefined;
  return {
    price,
    // The venue tells the percentage: the price of 24 h ago follows from it.
    change24h: finite(price - price / (1 + percent / 100), where, 'price_percent_chg_24_h'),
    changePercent24h: percent,
    high24h,
    low24h,
    volume24h,
    ...(bid > 0 ? { bid } : {}),
    ...(ask > 0 ? { ask } : {}),
  };
}

/** A decimal, or zero for an absent one, which the venue writes as an empty text. */
function figureAt(text: string | undefined, where: Where, name: string): number {
  return text === undefined || text === '' ? 0 : amountAt(text, where, name);
}

const LOWEST_PERCENT = -100;

function percentAt(text: string, where: Where): number {
  const percent = text === '' ? 0 : signedDecimalOf(text);
  if (percent > LOWEST_PERCENT && percent < Infinity) return percent;
  throw new DecodeError(where.venue, `${where.path}price_percent_chg_24_h`, 'is not a percentage above -100');
}
