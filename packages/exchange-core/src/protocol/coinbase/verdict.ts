import type { HttpResponse } from '../../transport';
import { describe, jsonObjectOf, looksLikeJson, waitOf } from '../http-answer';
import type { RestVerdict } from '../protocol';
import { isObject } from '../wire';
import type { JsonObject } from '../wire';

/**
 * What an answer means, by status first; `Retry-After` is not promised.
 *
 *   400 {"error":"INVALID_ARGUMENT","error_details":"…","message":"…"}
 *   404 {"error":"NOT_FOUND","message":"Product NOPE-USD not supported"}
 *   429 {"errors":[{"id":"rate_limit_exceeded","message":"Too many requests"}]}
 *
 * https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/rest-api
 */
export function verdict(response: HttpResponse): RestVerdict {
  const { status, headers } = response;
  if (status >= 200 && status < 300 && looksLikeJson(response.body)) return { verdict: 'ok' };
  const body = jsonObjectOf(response.body);
  const message = describe(response, textOf(body) ?? response.body);
  if (status === 451) return { verdict: 'blocked', message };
  // Throttling was seen as 401 "Unauthorized" on routes that need no key: it passes after a pause.
  if (status === 401 || status === 429 || isThrottled(body)) {
    return { verdict: 'rate-limited', ...waitOf(headers) };
  }
  if (body === undefined || status === 408 || status < 400 || status >= 500) {
    return { verdict: 'unavailable', message, ...waitOf(headers) };
  }
  return status === 404 ? { verdict: 'unknown-symbol', message } : { verdict: 'rejected', message };
}

const THROTTLED: readonly unknown[] = ['resource_exhausted', 'rate_limit_exceeded'];

/** Both documented shapes: `{"error":"resource_exhausted"}` and `{"errors":[{"id":"rate_limit_exceeded"}]}`. */
function isThrottled(body: JsonObject | undefined): boolean {
  const error = body?.['error'];
  const errors = body?.['errors'];
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const id = isObject(first) ? first['id'] : undefined;
  return [error, id].some((name) => typeof name === 'string' && THROTTLED.includes(name.toLowerCase()));
}

function textOf(body: JsonObject | undefined): string | undefined {
  const texts = [body?.['message'], body?.['error_details'], body?.['error']];
  return texts.find((text): text is string => typeof text === 'string' && text !== '');
}

/** The public routes tell nothing about what was used. */
export function usedWeight(): undefined {
  return undefined;
}
