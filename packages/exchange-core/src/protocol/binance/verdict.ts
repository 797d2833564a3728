import type { HttpResponse } from '../../transport';
import { countHeader, describe, jsonObjectOf, looksLikeJson, waitOf } from '../http-answer';
import type { RestVerdict } from '../protocol';
import { SHORTEST_BAN_MS } from './limits';

/**
 * What an answer means, by status first and then by error code: `{"code":-1121,"msg":"Invalid symbol."}`.
 * https://developers.binance.com/docs/binance-spot-api-docs/errors
 */
export function verdict(response: HttpResponse): RestVerdict {
  const { status, headers } = response;
  if (status >= 200 && status < 300 && looksLikeJson(response.body)) return { verdict: 'ok' };
  const { code, text } = faultOf(response);
  const message = describe(response, text);
  if (status === 418 || BAN_END.test(text)) return banned(response, text);
  if (status === 451) return { verdict: 'blocked', message };
  if (status === 429) return { verdict: 'rate-limited', ...waitOf(headers) };
  if (isRefusal(status) && code !== undefined) return refusal(code, message, headers);
  return { verdict: 'unavailable', message, ...waitOf(headers) };
}

/** 13-digit end of a ban, ms: `… IP banned until 1795312925123. Please use WebSocket Streams …` */
const BAN_END = /banned until (\d{13})/;

/** 403 is the firewall and 408 a time-out: neither says anything about the request. */
function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 403 && status !== 408;
}

const TOO_MANY_REQUESTS = -1003;
const INVALID_SYMBOL = -1121;
/** Unknown error, internal error, unexpected response, time-out, overloaded: the venue's own trouble. */
const VENUE_TROUBLE: readonly number[] = [-1000, -1001, -1006, -1007, -1008];

function refusal(code: number, message: string, headers: HttpResponse['headers']): RestVerdict {
  if (code === TOO_MANY_REQUESTS) return { verdict: 'rate-limited', ...waitOf(headers) };
  if (code === INVALID_SYMBOL) return { verdict: 'unknown-symbol', message };
  if (VENUE_TROUBLE.includes(code)) return { verdict: 'unavailable', message, ...waitOf(headers) };
  return { verdict: 'rejected', message };
}

/** Both ends the venue tells are passed on; whoever holds the clock obeys the later one. */
function banned(response: HttpResponse, text: string): RestVerdict {
  const end = BAN_END.exec(text)?.[1];
  const wait = waitOf(response.headers);
  if (end !== undefined) return { verdict: 'banned', ...wait, until: Math.max(Number(end), wait.until ?? 0) };
  if (wait.waitMs === undefined && wait.until === undefined) {
    return { verdict: 'banned', waitMs: SHORTEST_BAN_MS };
  }
  return { verdict: 'banned', ...wait };
}

function faultOf(response: HttpResponse): { readonly code?: number; readonly text: string } {
  const body = jsonObjectOf(response.body);
  const code = body?.['code'];
  const text = body?.['msg'];
  return {
    ...(typeof code === 'number' ? { code } : {}),
    text: typeof text === 'string' ? text : response.body,
  };
}

/** Weight this address has used in the current clock minute, this request included. */
export function usedWeight(headers: HttpResponse['headers']): number | undefined {
  return countHeader(headers, 'x-mbx-used-weight-1m') ?? countHeader(headers, 'x-mbx-used-weight');
}
