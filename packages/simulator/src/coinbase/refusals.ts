/** How the venue refuses, in its own words. */
import { assertNever } from '@livermore/utils';
import type { SimResponse } from '../server/venue';
import type { ThrottleWording } from './profile';
import { errorAnswer, jsonAnswer, textAnswer } from './wire';

/** Missing, expired or wrong token: text, not JSON. */
export function unauthorized(): SimResponse {
  return textAnswer(401, 'Unauthorized');
}

/** Too fast. The venue promises no `Retry-After`; a fault may order one. */
export function throttled(wording: ThrottleWording, retryAfterSeconds?: number): SimResponse {
  const response = throttleBody(wording);
  if (retryAfterSeconds === undefined) return response;
  return { ...response, headers: { ...response.headers, 'retry-after': String(retryAfterSeconds) } };
}

function throttleBody(wording: ThrottleWording): SimResponse {
  switch (wording) {
    case 'errors':
      return jsonAnswer(429, { errors: [{ id: 'rate_limit_exceeded', message: 'Too many requests' }] });
    case 'resource-exhausted':
      return errorAnswer(429, 'resource_exhausted', 'too many requests');
    case 'text':
      return textAnswer(429, 'Too many requests');
    case 'unauthorized':
      return unauthorized();
    default:
      return assertNever(wording);
  }
}

/** The content network has shut an address out. */
export function banned(retryAfterSeconds: number): SimResponse {
  const page = '<html><head><title>Access denied</title></head><body>error code: 1015</body></html>';
  const response = textAnswer(403, page, 'text/html; charset=utf-8');
  return { ...response, headers: { ...response.headers, 'retry-after': String(retryAfterSeconds) } };
}

/** The address is in a country the venue does not serve. */
export function geoBlocked(): SimResponse {
  return errorAnswer(451, 'PERMISSION_DENIED', 'Service is not available in your region');
}

/** The content network cannot reach the back end. */
export function unavailable(): SimResponse {
  const page = '<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>';
  return textAnswer(503, page, 'text/html; charset=utf-8');
}
