import { LATEST_OPEN_TIME_MS, MICROS_PER_MS, isSymbol, isTimeframe } from '@livermore/schemas';
import type { MarketEvent } from '@livermore/schemas';
import { streamAsOf } from '../../as-of';
import { DecodeError } from '../../errors';
import type { DecodeContext, StreamMessage } from '../protocol';
import { symbolKnown } from '../unreadable';
import type { Known } from '../unreadable';
import { amountAt, checkRange, integerAt, isObject, priceAt, symbolAt } from '../wire';
import type { JsonObject, Where } from '../wire';
import { extraCount, extraVolume, withoutUnread } from './extras';
import { candles } from './frames';
import { openTimeAt, openTimeKnown } from './open-time';

const LONGEST_NAME = 40;
const RANGE = { high: 'k.h', low: 'k.l' };
const TIMES = { openTime: 'k.t', lastMs: 'k.T' };

/**
 * A kline frame, field by field: this is the hot path, and a schema library costs several times the parse.
 *
 *   {"e":"kline","E":1795312802016,"s":"BTCUSDT","k":{"t":1795312800000,"T":1795312859999,"s":"BTCUSDT","i":"1m",
 *    "f":5203000001,"L":5203000131,"o":"91680.00000000","c":"91688.01000000","h":"91690.00000000",
 *    "l":"91671.30000000","v":"0.80110000","n":131,"x":false,"q":"73449.02000000","V":"0.41000000",
 *    "Q":"37590.11000000","B":"0"}}
 *
 * Of the extra figures: `q` is quote volume, `n` trades, `V` and `Q` what takers bought.
 * https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
 *
 * @throws DecodeError naming the field
 */
export function klineMessage(data: JsonObject, where: Where, context: DecodeContext): StreamMessage {
  const kline = data['k'];
  if (!isObject(kline)) throw new DecodeError(where.venue, `${where.path}k`, 'is not an object');
  const venueTime = eventTimeOf(data, where);
  const streamedAs = symbolAt(data['s'], where, 's');
  if (kline['s'] !== streamedAs) {
    throw new DecodeError(where.venue, `${where.path}k.s`, 'is not the symbol of the event');
  }
  const timeframe = kline['i'];
  if (typeof timeframe !== 'string') throw new DecodeError(where.venue, `${where.path}k.i`, 'is not a text');
  if (!isTimeframe(timeframe)) {
    return { kind: 'ignored', what: `kline_${timeframe}`.slice(0, LONGEST_NAME) };
  }
  const isFinal = kline['x'];
  if (typeof isFinal !== 'boolean')
    throw new DecodeError(where.venue, `${where.path}k.x`, 'is not a boolean');
  const timestamp = openTimeAt(kline['t'], kline['T'], timeframe, where, TIMES);
  const candle = withoutUnread({
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
    source: 'stream',
    quoteVolume: extraVolume(kline['q']),
    trades: extraCount(kline['n']),
    takerBaseVolume: extraVolume(kline['V']),
    takerQuoteVolume: extraVolume(kline['Q']),
  });
  checkRange(candle, where, RANGE);
  const type = isFinal ? 'candle:close' : 'candle:update';
  const events: MarketEvent[] = [];
  for (const symbol of context.symbolsOf(streamedAs)) {
    events.push({ type, candle: symbol === streamedAs ? candle : { ...candle, symbol } });
  }
  return { kind: 'data', venueTime, events };
}

/** What a kline that cannot be read tells all the same: whose it is, and of which bar. */
export function knownOfKline(data: JsonObject): Known {
  const symbol = data['s'];
  const kline = isObject(data['k']) ? data['k'] : {};
  const timeframe = kline['i'];
  if (typeof timeframe !== 'string' || !isTimeframe(timeframe)) return symbolKnown(symbol);
  return {
    ...symbolKnown(symbol),
    ...(isSymbol(symbol) ? { topics: [candles({ symbol, timeframe }).topic] } : {}),
    ...openTimeKnown(kline['t'], timeframe),
  };
}

/** A time (ms) whose microseconds are an exact integer. */
function eventTimeOf(data: JsonObject, where: Where): number {
  const time = integerAt(data['E'], where, 'E');
  if (time <= LATEST_OPEN_TIME_MS) return time;
  throw new DecodeError(where.venue, `${where.path}E`, 'is not a time in milliseconds');
}
