/**
 * Exact sums of decimals held as float64. The shortest text of a float64 is the decimal that was parsed into
 * it (for up to 15 significant digits, which covers every venue's volumes), so adding those decimals as whole
 * numbers, of 1e-8 or of whatever scale the texts have, gives what the venue itself would have summed.
 */

interface Scaled {
  readonly units: bigint;
  readonly scale: number;
}

function scaledOf(value: number): Scaled {
  const text = String(value);
  const at = text.indexOf('e');
  const mantissa = at < 0 ? text : text.slice(0, at);
  const exponent = at < 0 ? 0 : Number(text.slice(at + 1));
  const point = mantissa.indexOf('.');
  const scale = (point < 0 ? 0 : mantissa.length - point - 1) - exponent;
  const units = BigInt(point < 0 ? mantissa : mantissa.slice(0, point) + mantissa.slice(point + 1));
  return scale >= 0 ? { units, scale } : { units: units * 10n ** BigInt(-scale), scale: 0 };
}

/** Venues tell volumes to at most eight decimals, nearly all of them. */
const USUAL_SCALE = 1e8;
/** Decimals of up to 15 digits are told apart by float64: below this the whole number of units is what was written. */
const MOST_UNITS = 1e15;

/**
 * The sum of values of up to eight decimals and 15 digits, in whole numbers that float64 holds exactly, so that one
 * division rounds once; undefined where one of them is something else.
 */
function sumOfUsual(values: readonly number[]): number | undefined {
  let sum = 0;
  for (const value of values) {
    const units = Math.round(value * USUAL_SCALE);
    // Written so that NaN is refused too.
    if (!(Math.abs(units) < MOST_UNITS) || units / USUAL_SCALE !== value) return undefined;
    sum += units;
    if (Math.abs(sum) > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return sum / USUAL_SCALE;
}

/** The decimal sum of finite `values`, rounded once to float64. @example sumDecimals([0.1, 0.2]) // 0.3 */
export function sumDecimals(values: readonly number[]): number {
  return sumOfUsual(values) ?? sumOfAny(values);
}

function sumOfAny(values: readonly number[]): number {
  const parts = values.map(scaledOf);
  const scale = parts.reduce((most, part) => Math.max(most, part.scale), 0);
  const units = parts.reduce((sum, part) => sum + part.units * 10n ** BigInt(scale - part.scale), 0n);
  return Number(`${units}e-${scale}`);
}
