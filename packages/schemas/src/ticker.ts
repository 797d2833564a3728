import { z } from 'zod';
import { SymbolSchema } from './symbol';

/** Last price and 24-hour figures of a symbol, as the venue reported them at `timestamp` (ms). */
export const TickerSchema = z.object({
  symbol: SymbolSchema,
  price: z.number().positive(),
  change24h: z.number(),
  changePercent24h: z.number(),
  high24h: z.number().positive(),
  low24h: z.number().positive(),
  volume24h: z.number().nonnegative(),
  bid: z.number().positive().optional(),
  ask: z.number().positive().optional(),
  timestamp: z.int().positive(),
});
export type Ticker = z.infer<typeof TickerSchema>;
