import type { SimResponse } from '../server/venue';

/** A refusal in the venue's words: thrown by parameter checks, caught by the router. */
export class Refusal {
  readonly code: number;
  readonly message: string;
  readonly status: number;

  constructor(code: number, message: string, status = 400) {
    this.code = code;
    this.message = message;
    this.status = status;
  }
}

const JSON_TYPE = 'application/json;charset=UTF-8';

export function json(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): SimResponse {
  return { status, headers: { 'content-type': JSON_TYPE, ...headers }, body };
}

export function refusal(
  { code, message, status }: Pick<Refusal, 'code' | 'message' | 'status'>,
  headers: Readonly<Record<string, string>> = {},
): SimResponse {
  return json(status, JSON.stringify({ code, msg: message }), headers);
}

const INTEGER = '^[0-9]{1,20}$';
const SYMBOL = '^[\\w\\-._&&[^a-z]]{1,50}$';
const SYMBOLS = '^\\[("[\\w\\-._&&[^a-z]]{1,50}"(,"[\\w\\-._&&[^a-z]]{1,50}"){0,}){0,1}\\]$';

export const refusals = {
  method: (name: string) => new Refusal(-1000, `Request method '${name}' is not supported.`, 405),
  missing: (name: string) =>
    new Refusal(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`),
  empty: (name: string) => new Refusal(-1105, `Parameter '${name}' was empty.`),
  illegal: (name: string, kind: 'integer' | 'symbol' | 'symbols') => {
    const range = kind === 'integer' ? INTEGER : kind === 'symbol' ? SYMBOL : SYMBOLS;
    return new Refusal(-1100, `Illegal characters found in parameter '${name}'; legal range is '${range}'.`);
  },
  unread: (read: number, sent: number) =>
    new Refusal(
      -1104,
      `Not all sent parameters were read; read '${read}' parameter(s) but was sent '${sent}'.`,
    ),
  interval: () => new Refusal(-1120, 'Invalid interval.'),
  symbol: () => new Refusal(-1121, 'Invalid symbol.'),
  symbolStatus: () => new Refusal(-1122, 'Invalid symbolStatus.'),
  combination: () => new Refusal(-1128, 'Combination of optional parameters invalid.'),
  invalid: (name: string) => new Refusal(-1130, `Data sent for parameter '${name}' is not valid.`),
  tickerType: () => new Refusal(-1139, 'Invalid ticker type.'),
  repeated: () => new Refusal(-1151, 'Symbol is present multiple times in the list.'),
  timeUnit: () =>
    new Refusal(-1194, 'Invalid value for time unit; expected either MICROSECOND or MILLISECOND.'),
  statusMismatch: () => new Refusal(-1220, 'The symbol does not match the status.'),
  retired: () => new Refusal(-1016, 'This service is no longer available.'),
  overloaded: () =>
    new Refusal(
      -1008,
      'Server is currently overloaded with other requests. Please try again in a few minutes.',
      503,
    ),
  tooMuchWeight: (limit: number) =>
    new Refusal(
      -1003,
      `Too much request weight used; current limit is ${limit} request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.`,
      429,
    ),
  tooManyQueued: () => new Refusal(-1003, 'Too many requests queued.', 429),
  banned: (until: number) =>
    new Refusal(
      -1003,
      `Way too much request weight used; IP banned until ${until}. Please use WebSocket Streams for live updates to avoid bans.`,
      418,
    ),
  geoBlocked: () =>
    new Refusal(
      0,
      "Service unavailable from a restricted location according to 'b. Eligibility' in the terms of use. Please contact customer service if you believe you received this message in error.",
      451,
    ),
};
