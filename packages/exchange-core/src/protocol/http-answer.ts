import type { HttpResponse } from '../transport';
import { isObject } from './wire';
import type { JsonObject } from './wire';

/** What every venue's answers have in common, before the venue's own meaning. */

const LONGEST_MESSAGE = 200;
/** What is looked at of a text for it, in characters. */
const LOOKED_AT = 4_000;

/**
 * How long the body of an answer may be, bytes, by what was asked for: twenty times what venues send, and no more, because
 * all of it is held in memory. On the wire a page of 1,000 klines has 180 kB, one of 350 Coinbase candles 40 kB, the time
 * 200 bytes; the largest listing has 20 MB and grows with the venue.
 */
export const BODY_BYTES = {
  time: 64 * 1024,
  candles: 4 * 1024 * 1024,
  listing: 64 * 1024 * 1024,
} as const;

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

/** Status and the beginning of a text, for a person: of a page, what a person would read. */
export function describe(response: HttpResponse, text: string = response.body): string {
  const start = text.slice(0, LOOKED_AT).trim();
  const plain = start.startsWith('<') ? withoutMarkup(start) : start;
  return `HTTP ${response.status}: ${plain.replaceAll(/\s+/g, ' ').slice(0, LONGEST_MESSAGE)}`.trimEnd();
}

/** What stands between the tags of a page, but for its scripts and styles; `<` of a tag that was cut off included. */
function withoutMarkup(page: string): string {
  return page.replaceAll(/<(script|style)\b[\s\S]*?(<\/\1>|$)|<[^>]*(>|$)/gi, ' ').trim();
}

/** A header of whole decimal digits as a number. */
export function countHeader(headers: HttpResponse['headers'], name: string): number | undefined {
  const text = headers[name];
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** How long a venue asks us to wait: so long (ms), or until an instant (ms, venue time). At most one of them. */
export interface AskedWait {
  readonly waitMs?: number;
  readonly until?: number;
}

/**
 * What `Retry-After` says, in whole seconds or as an HTTP date. Nothing where it is absent or says nothing that can be meant:
 * no time at all, a negative one, words. Whoever waits bounds it: any length can be told.
 * https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
 */
export function waitOf(headers: HttpResponse['headers']): AskedWait {
  const text = headers['retry-after']?.trim() ?? '';
  if (/^\d+$/.test(text)) {
    const waitMs = Math.min(Number(text) * 1000, Number.MAX_SAFE_INTEGER);
    return waitMs > 0 ? { waitMs } : {};
  }
  const until = HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(until) ? {} : { until };
}

/** `Sun, 06 Nov 1994 08:49:37 GMT`, and the two older spellings, which begin with a day as well. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /;

/** A base URL and a path, with exactly one slash between them. */
export function join(base: string, path: string): string {
  return `${base.replace(/\/+$/, '')}${path}`;
}
