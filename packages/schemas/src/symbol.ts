import { z } from 'zod';

/** Longest symbol that is kept. The longest listed today has 20 characters. */
const MAX_SYMBOL_LENGTH = 64;

const SYMBOL = /^[^\s:\p{Cc}\p{Cs}]+$/u;
/** Nearly every symbol: printable ASCII without the colon. A much faster test than `SYMBOL`, which includes it. */
const ASCII_SYMBOL = /^[!-9;-~]+$/;

/**
 * An instrument in the venue's own spelling: `BTCUSDT`, `BTC-USD`. Any script is allowed (venues list some in
 * Chinese). A colon, a blank or a control character is not: a symbol is one part of a Redis key, and two series
 * must never share one.
 */
export const SymbolSchema = z
  .string()
  .refine(isSymbol, 'a symbol has 1 to 64 characters, and no colon, blank or control character');

/** What `SymbolSchema` checks, for paths where a schema is too slow. */
export function isSymbol(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > MAX_SYMBOL_LENGTH) return false;
  return ASCII_SYMBOL.test(value) || SYMBOL.test(value);
}
