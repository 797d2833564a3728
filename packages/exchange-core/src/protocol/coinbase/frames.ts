import type { Series } from '@livermore/schemas';
import { RejectedError } from '../../errors';
import type { Channel, Frame, Subscription } from '../protocol';
import { chunks } from '../wire';
import { HEARTBEATS, streamLimits } from './limits';

/**
 * Control frames: one channel each, no request id. The acknowledgement is the whole map of what the
 * connection is subscribed to.
 *
 *   → {"type":"subscribe","product_ids":["BTC-USD","ETH-USD"],"channel":"candles"}
 *   → {"type":"subscribe","channel":"heartbeats"}
 *
 * https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-overview
 */

/** The channel has five-minute buckets and no others. */
const STREAMED = '5m';

/** Subscribed on every connection: without it a quiet channel is closed after 60 to 90 s. */
export const standing: readonly Subscription[] = [{ topic: HEARTBEATS, channel: 'heartbeats' }];

/** `symbol` is the one the venue streams under. @throws RejectedError for a timeframe that is not streamed */
export function candles({ symbol, timeframe }: Series): Subscription {
  if (timeframe !== STREAMED) {
    throw new RejectedError(`coinbase streams ${STREAMED} candles only, not ${timeframe}`, {
      symbol,
      timeframe,
    });
  }
  return { topic: topicOf('candles', symbol), channel: 'candles', symbol, timeframe };
}

export function ticker(symbol: string): Subscription {
  return { topic: topicOf('ticker', symbol), channel: 'ticker', symbol };
}

/** @example topicOf('candles', 'BTC-USD') // 'candles:BTC-USD' */
export function topicOf(channel: string, product: string): string {
  return channel === HEARTBEATS ? HEARTBEATS : `${channel}:${product}`;
}

export function subscribeFrames(added: readonly Subscription[]): readonly Frame[] {
  return frames('subscribe', added);
}

export function unsubscribeFrames(removed: readonly Subscription[]): readonly Frame[] {
  return frames('unsubscribe', removed);
}

const CHANNELS: readonly Channel[] = ['heartbeats', 'candles', 'ticker'];

function frames(type: string, wanted: readonly Subscription[]): readonly Frame[] {
  return CHANNELS.flatMap((channel) => {
    const topics = wanted.filter((one) => one.channel === channel).map((one) => one.topic);
    return chunks(topics, streamLimits.topicsPerFrame).map((part) => frameOf(type, channel, part));
  });
}

function frameOf(type: string, channel: Channel, topics: readonly string[]): Frame {
  if (channel === 'heartbeats') return { text: JSON.stringify({ type, channel }), topics };
  const product_ids = topics.map((topic) => topic.slice(channel.length + 1));
  return { text: JSON.stringify({ type, product_ids, channel }), topics };
}
