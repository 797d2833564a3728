import { isSymbol } from '@livermore/schemas';
import type { z } from 'zod';
import { DecodeError } from '../errors';
import { decimalOf } from './decimal-text';

/**
 * How venues' JSON becomes values: every reader either returns what the field promises or throws a
 * `DecodeError` that names venue and field. The readers of hot paths are by hand, the rest is zod.
 */

/** Where a value was found: `path` is put before a field's name, and only when something is wrong. */
export interface Where {
  readonly venue: string;
  readonly path: string;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a parsed JSON value is an object (not null, not an array). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws DecodeError with field `json` when the text is not JSON */
export function parseJson(venue: string, text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    throw new DecodeError(venue, 'json', `is not JSON: ${text.slice(0, 60)}`);
  }
}

/** Checks `value` with a schema. @throws DecodeError naming the first field at fault */
export function parseWith<S extends z.ZodType>(schema: S, value: unknown, where: Where): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = `${where.path}${issue?.path.map(String).join('.') ?? ''}`.replace(/\.$/, '');
  throw new DecodeError(where.venue, field === '' ? 'root' : field, issue?.message ?? 'is not as documented');
}

/** A decimal above zero. @throws DecodeError */
export function priceAt(value: unknown, where: Where, name: string): number {
  const price = decimalOf(value);
  if (price > 0 && price < Infinity) return price;
  throw new DecodeError(where.venue, where.path + name, 'is not a positive decimal text');
}

/** A decimal of at least zero. @throws DecodeError */
export function amountAt(value: unknown, where: Where, name: string): number {
  const amount = decimalOf(value);
  if (amount >= 0 && amount < Infinity) return amount;
  throw new DecodeError(where.venue, where.path + name, 'is not a decimal text of zero or more');
}

/** A decimal of zero or more that one can do without: undefined where it is absent or not one. */
export function figureOf(value: unknown): number | undefined {
  const figure = decimalOf(value);
  return figure >= 0 && figure < Infinity ? figure : undefined;
}

/** A computed figure that has not overflowed. @throws DecodeError naming the field it came from */
export function finite(value: number, where: Where, name: string): number {
  if (Number.isFinite(value)) return value;
  throw new DecodeError(where.venue, where.path + name, 'is beyond what can be computed with');
}

/** An integer above zero that is exact in a float64. @throws DecodeError */
export function integerAt(value: unknown, where: Where, name: string): number {
  if (typeof value === 'number' && value > 0 && Number.isSafeInteger(value)) return value;
  throw new DecodeError(where.venue, where.path + name, 'is not a positive integer');
}

/** A symbol that can be kept. @throws DecodeError */
export function symbolAt(value: unknown, where: Where, name: string): string {
  if (isSymbol(value)) return value;
  throw new DecodeError(where.venue, where.path + name, 'is not a symbol');
}

interface Prices {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** Refuses a high below, or a low above, open or close. `names` are the venue's own. @throws DecodeError */
export function checkRange(
  bar: Prices,
  where: Where,
  names: { readonly high: string; readonly low: string },
) {
  if (bar.high < bar.open || bar.high < bar.close) {
    throw new DecodeError(where.venue, where.path + names.high, 'is below open or close');
  }
  if (bar.low > bar.open || bar.low > bar.close) {
    throw new DecodeError(where.venue, where.path + names.low, 'is above open or close');
  }
}

/** Splits into parts of at most `size`. */
export function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const parts: T[][] = [];
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size));
  return parts;
}
