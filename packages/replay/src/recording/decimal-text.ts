/**
 * Exact arithmetic on decimals as they are written, in the replay's own words: what judges the venue's and the cache's
 * sums must not be the code that made them.
 */

interface Scaled {
  readonly units: bigint;
  /** Decimals of a unit. */
  readonly scale: number;
}

const DECIMAL = /^(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;

/** Whether a text is a decimal that is not negative, an exponent allowed. @example isDecimal('1.5e-7') // true */
export function isDecimal(text: string): boolean {
  return DECIMAL.test(text);
}

/**
 * The sum of decimals, exact to the last digit and rounded once, to the nearest float64.
 * @example sumOfTexts(['0.1', '0.2']) // 0.3
 * @throws RangeError when one is no decimal
 */
export function sumOfTexts(texts: readonly string[]): number {
  const parts = texts.map(scaledOf);
  const scale = Math.max(0, ...parts.map((part) => part.scale));
  const units = parts.reduce((sum, part) => sum + part.units * 10n ** BigInt(scale - part.scale), 0n);
  return Number(`${units}e-${scale}`);
}

function scaledOf(text: string): Scaled {
  const match = DECIMAL.exec(text);
  if (match === null) throw new RangeError(`"${text}" is no decimal`);
  const [, whole = '0', fraction = '', exponent = '0'] = match;
  const scale = fraction.length - Number(exponent);
  const units = BigInt(whole + fraction);
  return scale >= 0 ? { units, scale } : { units: units * 10n ** BigInt(-scale), scale: 0 };
}
