/** Decimals as integers of their smallest unit, so that sums are exact. */

/** Text of `units` × 10^-decimals without superfluous zeros. @example unitsToText(1230n, 2) // '12.3' */
export function unitsToText(units: number | bigint, decimals: number): string {
  const digits = units.toString();
  if (decimals === 0) return digits;
  const isNegative = digits.startsWith('-');
  const padded = (isNegative ? digits.slice(1) : digits).padStart(decimals + 1, '0');
  let end = padded.length;
  const point = padded.length - decimals;
  while (end > point && padded.charCodeAt(end - 1) === 48) end -= 1;
  const text =
    end === point ? padded.slice(0, point) : `${padded.slice(0, point)}.${padded.slice(point, end)}`;
  return isNegative && text !== '0' ? `-${text}` : text;
}

/** Units of a decimal text (exponents allowed); digits beyond `decimals` are cut. @example textToUnits('1.5', 2) // 150n */
export function textToUnits(text: string, decimals: number): bigint {
  const [mantissa = '0', exponentText] = text.toLowerCase().split('e');
  const exponent = exponentText === undefined ? 0 : Number(exponentText);
  const isNegative = mantissa.startsWith('-');
  const [whole = '0', fraction = ''] = (isNegative ? mantissa.slice(1) : mantissa).split('.');
  const shift = decimals + exponent - fraction.length;
  const digits = BigInt(whole + fraction);
  const units = shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift);
  return isNegative ? -units : units;
}

/** Significant fraction digits of a decimal text. @example decimalsOf('0.0500') // 2 */
export function decimalsOf(text: string): number {
  const [mantissa = '', exponentText] = text.toLowerCase().split('e');
  const exponent = exponentText === undefined ? 0 : Number(exponentText);
  const point = mantissa.indexOf('.');
  if (point < 0) return Math.max(0, -exponent);
  let end = mantissa.length;
  while (mantissa.charCodeAt(end - 1) === 48) end -= 1;
  return Math.max(0, end - point - 1 - exponent);
}

/** Pads a decimal text to a number of decimals, and leaves it as it is when it has more. @example padText('1.5', 2) // '1.50' */
export function padText(text: string, decimals: number): string {
  const point = text.indexOf('.');
  const have = point < 0 ? 0 : text.length - point - 1;
  return have >= decimals ? text : toFixedText(text, decimals);
}

/** Pads or cuts a decimal text to a fixed number of decimals. @example toFixedText('12.3', 4) // '12.3000' */
export function toFixedText(text: string, decimals: number): string {
  const point = text.indexOf('.');
  if (point < 0) return decimals === 0 ? text : `${text}.${'0'.repeat(decimals)}`;
  const have = text.length - point - 1;
  if (have > decimals) return decimals === 0 ? text.slice(0, point) : text.slice(0, point + 1 + decimals);
  return text + '0'.repeat(decimals - have);
}
