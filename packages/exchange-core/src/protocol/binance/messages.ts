import { LATEST_OPEN_TIME_MS, SymbolSchema } from '@livermore/schemas';
import { z } from 'zod';

/** The wire shapes that zod reads. Klines, the hot path, are read by hand in kline.ts and candles.ts. */

const milliseconds = z.int().positive();

/** Every event has the time at which the venue sent it, ms. One that is later than any candle can be tells no time. */
export const TimedSchema = z.object({ E: milliseconds.max(LATEST_OPEN_TIME_MS) });

/**
 * `<symbol>@miniTicker`, and the elements of `!miniTicker@arr`: rolling 24 hours.
 *
 *   {"e":"24hrMiniTicker","E":1795312803001,"s":"ETHUSDT","c":"3012.44000000","o":"3040.00000000",
 *    "h":"3066.00000000","l":"2990.10000000","v":"210000.50000000","q":"635000000.12000000"}
 */
export const MiniTickerSchema = z.object({
  E: milliseconds,
  s: SymbolSchema,
  c: z.string(),
  o: z.string(),
  h: z.string(),
  l: z.string(),
  v: z.string(),
});

/** `id` is echoed with its own type; ours are integers. Null where the request could not be read. */
const requestId = z.union([z.int(), z.string(), z.null()]).optional();

/**
 * The answer to a control frame; never wrapped, also on combined connections.
 *
 *   {"result":null,"id":1}    {"result":["btcusdt@kline_1m"],"id":3}    {"result":true,"id":5}
 */
export const ControlReplySchema = z.object({
  result: z.union([z.null(), z.boolean(), z.array(z.unknown())]),
  id: requestId,
});

const fault = z.object({ code: z.int(), msg: z.string() });

/** As seen on the wire: `{"error":{"code":2,"msg":"Invalid request: invalid stream"},"id":7}` */
export const NestedErrorSchema = z.object({ error: fault, id: requestId });

/** As documented: `{"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"}` */
export const FlatErrorSchema = z.object({ ...fault.shape, id: requestId });

/** `{"e":"serverShutdown","E":1795312805123}`: this connection will be closed soon. */
export const ServerShutdownSchema = z.object({ E: milliseconds.optional() });

/** `GET /api/v3/time`: `{"serverTime":1795312805123}` */
export const TimeSchema = z.object({ serverTime: milliseconds });

/**
 * `GET /api/v3/exchangeInfo`, the parts we use; entries are read one by one. Every other field and unknown status passes
 * unread.
 *
 *   {"timezone":"UTC","serverTime":1795312805123,
 *    "rateLimits":[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000}],
 *    "symbols":[{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT",
 *                "isSpotTradingAllowed":true,"filters":[],"permissionSets":[["SPOT","MARGIN"]]}]}
 */
export const ExchangeInfoSchema = z.object({
  rateLimits: z.unknown().optional(),
  symbols: z.array(z.unknown()),
});

/** `GET /api/v3/ticker/24hr?type=MINI`, the parts we use: `[{"symbol":"BTCUSDT","quoteVolume":"1130172345.11000000", …}]` */
export const DayTickerSchema = z.object({ symbol: SymbolSchema, quoteVolume: z.string() });

/** One of `rateLimits`. */
export const RateLimitSchema = z.object({
  rateLimitType: z.string(),
  interval: z.string(),
  intervalNum: z.int().positive(),
  limit: z.int().positive(),
});

/** One of `symbols`. */
export const ListedSymbolSchema = z.object({
  symbol: SymbolSchema,
  status: z.string(),
  baseAsset: z.string(),
  quoteAsset: z.string(),
  isSpotTradingAllowed: z.boolean(),
});
