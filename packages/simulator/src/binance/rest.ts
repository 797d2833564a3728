import type { SimRequest, SimResponse } from '../server/venue';
import { json, refusal, Refusal, refusals } from './answers';
import { rateLimitsOf, statusOf, symbolInfo } from './exchange-info';
import { withOddEntries } from './odd-listing';
import { checkParameters, symbolsOf } from './parameters';
import type { Profile } from './profile';
import type { RestCall, RestContext, Route } from './rest-context';
import { klinesRoute } from './rest-klines';
import { tickerRoutes } from './rest-tickers';
import { tradeRoutes } from './rest-trades';
import type { WeightLedger } from './weight-ledger';

const PAGE_404 = '<html><body><h2>404 Not found</h2></body></html>';
/** The listener leaves the body of an answer to HEAD out. */
const METHODS = ['GET', 'HEAD'];
const STATUSES = ['TRADING', 'HALT', 'BREAK'];

export class RestRouter {
  readonly #context: RestContext;
  readonly #ledger: WeightLedger;
  readonly #routes: Readonly<Record<string, Route>>;

  constructor(context: RestContext, ledger: WeightLedger) {
    this.#context = context;
    this.#ledger = ledger;
    this.#routes = routesOf(context.profile);
  }

  handle(request: SimRequest, now: number): SimResponse {
    const route = this.#routes[request.path];
    const { profile, recorder } = this.#context;
    const weight = route === undefined ? 1 : route.weight(request.query, profile);
    const charge = this.#ledger.charge(request.ip, weight, now);
    recorder.charged(weight);
    const headers = usedHeaders(charge.used);
    if (charge.refusal !== undefined)
      return refusal(charge.refusal, { ...headers, 'retry-after': String(charge.retryAfterSeconds ?? 0) });
    try {
      if (!METHODS.includes(request.method))
        return refusal(refusals.method(request.method), { ...headers, allow: 'GET' });
      if (route === undefined) return notFound(request, headers);
      const unit = unitOf(request, profile);
      checkParameters(request.query, route.parameters);
      const body = route.answer({ request, query: request.query, now, unit }, this.#context);
      return json(200, JSON.stringify(body), headers);
    } catch (error) {
      if (error instanceof Refusal) return refusal(error, headers);
      throw error;
    }
  }
}

export function usedHeaders(used: number): Readonly<Record<string, string>> {
  return {
    'x-mbx-used-weight': String(used),
    'x-mbx-used-weight-1m': String(used),
  };
}

function notFound(request: SimRequest, headers: Readonly<Record<string, string>>): SimResponse {
  if (request.path.startsWith('/api/v1/')) throw refusals.retired();
  const wantsPage = (request.headers['accept'] ?? '').includes('text/html');
  const type = wantsPage ? 'text/html' : 'application/json;charset=UTF-8';
  return { status: 404, headers: { 'content-type': type, ...headers }, body: wantsPage ? PAGE_404 : '' };
}

function unitOf(request: SimRequest, profile: Profile): 1 | 1000 {
  const header = request.headers['x-mbx-time-unit'];
  if (header === undefined || !profile.hasMicroseconds) return 1;
  return timeUnitOf(header);
}

/** @throws Refusal when the unit is none of the two spellings of each */
export function timeUnitOf(text: string): 1 | 1000 {
  if (text === 'MICROSECOND' || text === 'microsecond') return 1000;
  if (text === 'MILLISECOND' || text === 'millisecond') return 1;
  throw refusals.timeUnit();
}

function routesOf(profile: Profile): Readonly<Record<string, Route>> {
  const klines = klinesRoute(profile);
  return {
    '/api/v3/ping': { parameters: {}, weight: () => 1, answer: () => ({}) },
    '/api/v3/time': {
      parameters: {},
      weight: () => 1,
      answer: ({ now, unit }) => ({ serverTime: now * unit }),
    },
    '/api/v3/exchangeInfo': {
      parameters: {
        symbol: 'symbol',
        symbols: 'symbols',
        permissions: 'text',
        showPermissionSets: 'text',
        symbolStatus: 'text',
      },
      weight: (_query, { weights }) => weights.exchangeInfo,
      answer: exchangeInfo,
    },
    '/api/v3/klines': klines,
    ...(profile.hasUiKlines ? { '/api/v3/uiKlines': klines } : {}),
    ...tickerRoutes(profile),
    ...tradeRoutes,
  };
}

function exchangeInfo({ query, now, unit }: RestCall, context: RestContext): unknown {
  const { listing, profile, faults } = context;
  const one = query.get('symbol');
  const many = query.get('symbols');
  const status = query.get('symbolStatus');
  const names = one === null ? (many === null ? undefined : symbolsOf(many)) : [one];
  const symbols = names?.map((name) => listing.find(name)) ?? listing.symbols;
  if (symbols.some((symbol) => symbol === undefined)) throw refusals.symbol();
  if (status !== null && !STATUSES.includes(status)) throw refusals.symbolStatus();
  const isFiltered = status !== null || query.has('permissions');
  if ((one !== null && many !== null) || (names !== undefined && isFiltered)) throw refusals.combination();
  const showSets = query.get('showPermissionSets') !== 'false';
  const entries = symbols
    .flatMap((symbol) => (symbol === undefined ? [] : [symbol]))
    .filter((symbol) => status === null || statusOf(symbol) === status)
    .map((symbol) => symbolInfo(symbol, profile, showSets));
  return {
    timezone: 'UTC',
    serverTime: now * unit,
    rateLimits: rateLimitsOf(profile),
    exchangeFilters: [],
    symbols: withOddEntries(entries, faults, names === undefined),
  };
}
