/**
 * Decimal text to float64, checked and converted in one pass over the characters.
 *
 * Digits are gathered as an integer and divided by a power of ten. Both are exact doubles (an integer up to
 * 2^53, a power up to 10^22), and one division of exact doubles is correctly rounded: the result is the one
 * `Number(text)` gives. Longer texts and those with an exponent go to `Number` itself.
 * Clinger's fast path: https://dl.acm.org/doi/10.1145/93542.93557
 */

const POWERS_OF_TEN = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);
/** Of this many digits only those above 2^53 are not exact: what is not exact comes out above it as well. */
const EXACT_DIGITS = 16;
const ZERO = 48;
const NINE = 57;
const POINT = 46;
/** Exponents as programs print them: `1.5e-05`. Larger ones than two digits are no figure of a market. */
const UNSIGNED_DECIMAL = /^\d+(?:\.\d+)?(?:[eE][+-]?\d{1,2})?$/;

/**
 * The value of an unsigned decimal text, with or without an exponent; NaN for anything else (signs, blanks, non-texts).
 * @example decimalOf('0.00064000') // 0.00064
 */
export function decimalOf(value: unknown): number {
  if (typeof value !== 'string') return NaN;
  const length = value.length;
  if (length > EXACT_DIGITS + 1) return longDecimal(value);
  let units = 0;
  let point = -1;
  for (let at = 0; at < length; at++) {
    // Not charCodeAt: where any module extends String, as the Redis client does, Node 20 runs it several times slower.
    const code = value.codePointAt(at) ?? 0;
    if (code >= ZERO && code <= NINE) units = units * 10 + (code - ZERO);
    else if (code === POINT && point < 0 && at > 0) point = at;
    else return longDecimal(value);
  }
  if (units > Number.MAX_SAFE_INTEGER) return longDecimal(value);
  if (point < 0) return length > 0 && length <= EXACT_DIGITS ? units : longDecimal(value);
  const fraction = length - point - 1;
  return fraction > 0 ? units / (POWERS_OF_TEN[fraction] ?? NaN) : NaN;
}

/** A decimal text that may carry a sign; NaN for anything else. @example signedDecimalOf('-0.1312') */
export function signedDecimalOf(value: unknown): number {
  if (typeof value !== 'string') return NaN;
  return value.startsWith('-') ? -decimalOf(value.slice(1)) : decimalOf(value);
}

function longDecimal(text: string): number {
  return UNSIGNED_DECIMAL.test(text) ? Number(text) : NaN;
}
