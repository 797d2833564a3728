import type { Series } from '@livermore/schemas';
import type { Frame, Subscription } from '../protocol';
import { chunks } from '../wire';
import { streamLimits } from './limits';

/**
 * Control frames. An unknown or upper-case name is acknowledged and then silent for ever, so names are made
 * here only, in lower case.
 *
 *   → {"method":"SUBSCRIBE","params":["btcusdt@kline_1m"],"id":1}
 *   ← {"result":null,"id":1}
 *
 * https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
 */

/** @example candles({ symbol: 'BTCUSDT', timeframe: '1m' }).topic // 'btcusdt@kline_1m' */
export function candles({ symbol, timeframe }: Series): Subscription {
  const topic = `${symbol.toLowerCase()}@kline_${timeframe}`;
  return { topic, channel: 'candles', symbol, timeframe };
}

/** @example ticker('BTCUSDT').topic // 'btcusdt@miniTicker' */
export function ticker(symbol: string): Subscription {
  return { topic: `${symbol.toLowerCase()}@miniTicker`, channel: 'ticker', symbol };
}

export function subscribeFrames(added: readonly Subscription[], nextId: () => number): readonly Frame[] {
  return frames('SUBSCRIBE', added, nextId);
}

export function unsubscribeFrames(removed: readonly Subscription[], nextId: () => number): readonly Frame[] {
  return frames('UNSUBSCRIBE', removed, nextId);
}

/** Asks what is subscribed: `{"result":["btcusdt@kline_1m"],"id":3}`. */
export function listFrame(nextId: () => number): Frame {
  const id = nextId();
  return { text: JSON.stringify({ method: 'LIST_SUBSCRIPTIONS', id }), requestId: id, topics: [] };
}

function frames(method: string, wanted: readonly Subscription[], nextId: () => number): readonly Frame[] {
  const topics = wanted.map((subscription) => subscription.topic);
  return chunks(topics, streamLimits.topicsPerFrame).map((params) => {
    const id = nextId();
    return { text: JSON.stringify({ method, params, id }), requestId: id, topics: params };
  });
}
