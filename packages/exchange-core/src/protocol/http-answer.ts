import type { HttpResponse } from '../transport';
import { isObject } from './wire';
import type { JsonObject } from './wire';

/** What every venue's answers have in common, before the venue's own meaning. */

const LONGEST_MESSAGE = 200;

/** Whether a body can be JSON at all: a proxy's HTML page and plain text cannot. */
export function looksLikeJson(body: string): boolean {
  return /^\s*[[{]/.test(body);
}

/** The body as a JSON object; undefined when it is anything else. Never throws. */
export function jsonObjectOf(body: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Status and the beginning of a text, for a person. */
export function describe(response: HttpResponse, text: string = response.body): string {
  return `HTTP ${response.status}: ${text.trim().slice(0, LONGEST_MESSAGE)}`;
}

/** A header of whole decimal digits as a number. */
export function countHeader(headers: HttpResponse['headers'], name: string): number | undefined {
  const text = headers[name];
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** `{ waitMs }` from `Retry-After` in whole seconds, or nothing. */
export function waitOf(headers: HttpResponse['headers']): { readonly waitMs?: number } {
  const seconds = countHeader(headers, 'retry-after');
  return seconds === undefined ? {} : { waitMs: seconds * 1000 };
}

/** A base URL and a path, with exactly one slash between them. */
export function join(base: string, path: string): string {
  return `${base.replace(/\/+$/, '')}${path}`;
}
