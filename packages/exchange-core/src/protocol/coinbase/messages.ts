import { SymbolSchema } from '@livermore/schemas';
import { z } from 'zod';

/**
 * Wire shapes of the Advanced Trade API. Decimals are texts of no fixed scale; unknown fields appear without
 * notice and pass unread.
 */

/**
 * What every data frame has. `sequence_num` counts all frames of a connection, acknowledgements included; it is read
 * before anything else.
 *
 *   {"channel":"candles","timestamp":"2026-11-20T10:00:06.1Z","sequence_num":3,"events":[…]}
 *
 * https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket/websocket-channels
 */
export const CounterSchema = z.object({ sequence_num: z.int().nonnegative() });

/** `{"type":"error","message":"rate limit exceeded"}`: no envelope. */
export const ErrorFrameSchema = z.object({ type: z.literal('error'), message: z.string() });

/** The events of an acknowledgement: `{"subscriptions":{"candles":["BTC-USD","ETH-USD"],"heartbeats":["heartbeats"]}}` */
export const SubscriptionsSchema = z.object({
  events: z.array(z.object({ subscriptions: z.record(z.string(), z.unknown()) })),
});

/** One list of that map. */
export const ProductsListSchema = z.array(z.string());

/**
 * A five-minute bucket, in a snapshot (newest first, not contiguous) or an update; no closed flag. The same
 * six fields are a REST row, without `product_id`. Read by hand, one by one, as are tickers.
 *
 *   {"type":"update","candles":[{"start":"1795168800","high":"91690","low":"91671.3","open":"91680",
 *     "close":"91688.01","volume":"0.8011","product_id":"BTC-USD"}]}
 */
export const CANDLE_ENTRIES = 'candles';

/**
 * `ticker` and `ticker_batch`; only the former has best bid and ask. An absent number is an empty text.
 *
 *   {"type":"update","tickers":[{"type":"ticker","product_id":"BTC-USD","price":"91680.01","volume_24_h":"5321.9012",
 *     "low_24_h":"90900","high_24_h":"92400","price_percent_chg_24_h":"-0.1312","best_bid":"91680",
 *     "best_ask":"91680.01"}]}
 */
export const TICKER_ENTRIES = 'tickers';

/** `GET /time`: `{"iso":"2026-11-20T10:00:05Z","epochSeconds":"1795168805","epochMillis":"1795168805123"}` */
export const TimeSchema = z.object({
  epochMillis: z.union([z.int().positive(), z.string().regex(/^[1-9]\d{0,14}$/)]),
});

/**
 * `GET /market/products`, the parts we use.
 *
 *   {"products":[{"product_id":"BTC-USDC","status":"online","is_disabled":false,"trading_disabled":false,
 *     "view_only":false,"base_currency_id":"BTC","quote_currency_id":"USDC","alias":"BTC-USD",
 *     "approximate_quote_24h_volume":"487900000.12"}],"num_products":1,"pagination":null}
 *
 * https://docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/public/list-public-products
 */
export const ProductsSchema = z.object({ products: z.array(z.unknown()) });

/** One of `products`. */
export const ProductSchema = z.object({
  product_id: SymbolSchema,
  status: z.string(),
  is_disabled: z.boolean(),
  trading_disabled: z.boolean(),
  view_only: z.boolean(),
  base_currency_id: z.string(),
  quote_currency_id: z.string(),
  /** The product whose book this one shares, and under whose name it is streamed; null is as good as none. */
  alias: z.union([SymbolSchema, z.literal(''), z.null()]).optional(),
  /** A decimal text that one can do without. */
  approximate_quote_24h_volume: z.unknown().optional(),
});
export type Product = z.infer<typeof ProductSchema>;

/** `{"candles":[{"start":"1795168800","low":"…","high":"…","open":"…","close":"…","volume":"…"}]}` */
export const CandlesBodySchema = z.object({ candles: z.array(z.unknown()) });
