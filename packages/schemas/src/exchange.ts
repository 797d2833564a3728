import { z } from 'zod';

/** A row of the `exchanges` table: which venue, and where it is reached. Siblings differ only by their URLs. */
export const ExchangeSchema = z.object({
  id: z.int().positive(),
  /** Lower-case name: `binance`, `binance_us`, `coinbase`. */
  name: z.string().min(1),
  wsUrl: z.url({ protocol: /^wss?$/ }),
  restUrl: z.url({ protocol: /^https?$/ }),
  isActive: z.boolean().default(true),
});
export type Exchange = z.infer<typeof ExchangeSchema>;

/** A symbol as the venue lists it. Decimals are the venue's own text. */
export const ExchangeSymbolSchema = z.object({
  symbol: z.string().min(1),
  base: z.string(),
  quote: z.string(),
  isTradable: z.boolean(),
  /** The symbol under which the venue streams this one, where it differs (`BTC-USDC` is streamed as `BTC-USD`). */
  streamedAs: z.string().optional(),
  /** Quote volume of the last 24 hours, where the venue tells: ranks symbols by activity. */
  quoteVolume24h: z.number().nonnegative().optional(),
});
export type ExchangeSymbol = z.infer<typeof ExchangeSymbolSchema>;
