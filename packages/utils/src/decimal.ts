/**
 * Exact sums of decimals held as float64. The shortest text of a float64 is the decimal that was parsed into
 * it (for up to 15 significant digits, which covers every venue's volumes), so adding those texts as scaled
 * integers gives what the venue itself would have summed.
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

/** The decimal sum of finite `values`, rounded once to float64. @example sumDecimals([0.1, 0.2]) // 0.3 */
export function sumDecimals(values: readonly number[]): number {
  const parts = values.map(scaledOf);
  const scale = parts.reduce((most, part) => Math.max(most, part.scale), 0);
  const units = parts.reduce((sum, part) => sum + part.units * 10n ** BigInt(scale - part.scale), 0n);
  return Number(`${units}e-${scale}`);
}
