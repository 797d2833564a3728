/**
 * Decimal text to float64, checked first: `Number` alone takes signs, blanks, hexadecimals and nothing at all.
 *
 * Two passes, both inside the engine. A loop over the characters would be one, and runs two to five times as long on
 * Node 20 wherever any module extends String, as the Redis client does: then every access to a character looks for it.
 */

/** What venues write, nearly always. */
const PLAIN_DECIMAL = /^\d+\.\d+$/;
/** Exponents as programs print them: `1.5e-05`. Larger ones than two digits are no figure of a market. */
const UNSIGNED_DECIMAL = /^\d+(?:\.\d+)?(?:[eE][+-]?\d{1,2})?$/;

/**
 * The value of an unsigned decimal text, with or without an exponent; NaN for anything else (signs, blanks, non-texts).
 * @example decimalOf('0.00064000') // 0.00064
 */
export function decimalOf(value: unknown): number {
  if (typeof value !== 'string') return NaN;
  return PLAIN_DECIMAL.test(value) || UNSIGNED_DECIMAL.test(value) ? Number(value) : NaN;
}

/** A decimal text that may carry a sign; NaN for anything else. @example signedDecimalOf('-0.1312') */
export function signedDecimalOf(value: unknown): number {
  if (typeof value !== 'string') return NaN;
  return value.startsWith('-') ? -decimalOf(value.slice(1)) : decimalOf(value);
}
