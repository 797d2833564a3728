/** Spellings of the Coinbase wire: decimals without a fixed scale, RFC 3339 with a variable fraction, JSON answers. */
import type { SimResponse } from '../server/venue';

/** A decimal without trailing zeros, as the venue spells them. @example plainDecimal('91690.00') // '91690' */
export function plainDecimal(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** The decimal as a whole number of 10^-scale; digits beyond are cut. @example toUnits('1.25', 2) // 125n */
export function toUnits(text: string, scale: number): bigint {
  const sign = text.startsWith('-') ? -1n : 1n;
  const [whole = '0', fraction = ''] = text.replace(/^-/, '').split('.');
  return sign * BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'));
}

/** The reverse of `toUnits`, without trailing zeros. @example fromUnits(125n, 2) // '1.25' */
export function fromUnits(units: bigint, scale: number): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const text = scale === 0 ? digits : plainDecimal(`${digits.slice(0, -scale)}.${digits.slice(-scale)}`);
  return units < 0n ? `-${text}` : text;
}

/** `ms` plus `nanos` (0 to 999999) within it, with 0 to 9 digits after the second. */
export function wireTime(ms: number, nanos = 0): string {
  const iso = new Date(ms).toISOString();
  const fraction = `${iso.slice(20, 23)}${String(nanos).padStart(6, '0')}`.replace(/0+$/, '');
  return `${iso.slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}Z`;
}

/** Time as Go prints it, with the monotonic suffix: what heartbeats carry. `upMs`: age of the venue's process. */
export function goTime(ms: number, nanos: number, upMs: number): string {
  const [day = '', clock = ''] = wireTime(ms, nanos).slice(0, -1).split('T');
  return `${day} ${clock} +0000 UTC m=+${(upMs / 1000).toFixed(9)}`;
}

/** A JSON answer. */
export function jsonAnswer(status: number, body: unknown): SimResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** An answer in plain text, as the venue words its 401. */
export function textAnswer(status: number, body: string, type = 'text/plain; charset=utf-8'): SimResponse {
  return { status, headers: { 'content-type': type }, body };
}

/** The venue's error object: `error`, `error_details` and `message` with one text. */
export function errorAnswer(status: number, error: string, message: string): SimResponse {
  return jsonAnswer(status, { error, error_details: message, message });
}
