/** The REST side: which route, whether it is allowed, and what stands before it. */
import type { VenueOptions } from '../server/venue-options';
import { decoded } from '../server/request-target';
import type { SimRequest, SimResponse } from '../server/venue';
import type { Product } from './catalogue';
import { Cdn } from './cdn';
import type { Figures } from './figures';
import { keyOfJwt } from './jwt';
import type { CoinbaseProfile } from './profile';
import { RateWindow } from './rate-window';
import { bestBidAsk, productBook } from './rest-book';
import { candles } from './rest-candles';
import type { RestContext } from './rest-context';
import { listProducts, oneProduct } from './rest-products';
import { recentTrades } from './rest-trades';
import { appApi } from './rest-v2';
import { throttled, unauthorized } from './refusals';
import { errorAnswer, jsonAnswer, wireTime } from './wire';

const BASE = '/api/v3/brokerage';
/** The host a JWT's `uri` names, whatever address the twin is reached under. */
const HOST = 'api.coinbase.com';
const PRODUCT_ROUTE = /^\/products\/([^/]+)(?:\/(candles|ticker))?$/;

export interface RestOptions {
  readonly venue: VenueOptions;
  readonly profile: CoinbaseProfile;
  readonly products: ReadonlyMap<string, Product>;
  readonly figures: Figures;
}

/** Answers REST requests. */
export class CoinbaseRest {
  readonly #options: RestOptions;
  readonly #cdn: Cdn;
  readonly #publicWindow: RateWindow;
  readonly #privateWindow: RateWindow;

  constructor(options: RestOptions) {
    this.#options = options;
    this.#cdn = new Cdn(options.profile.cdnFreshMs);
    this.#publicWindow = new RateWindow(options.profile.publicPerSecond);
    this.#privateWindow = new RateWindow(options.profile.privatePerSecond);
  }

  answer(request: SimRequest): SimResponse {
    const { venue } = this.#options;
    const now = Math.floor(venue.clock.now());
    venue.recorder.charged(1);
    this.#note(request);
    const response = this.#respond(request, now);
    return { ...response, headers: { date: new Date(now).toUTCString(), ...response.headers } };
  }

  #respond(request: SimRequest, now: number): SimResponse {
    if (request.method !== 'GET') return errorAnswer(405, 'UNIMPLEMENTED', 'Method Not Allowed');
    if (request.path.startsWith('/v2/')) return appApi(this.#context('public', now), request.path);
    const route = request.path.startsWith(`${BASE}/`) ? request.path.slice(BASE.length) : '';
    if (route === '/time') return this.#public(request, now, () => time(now));
    if (route.startsWith('/market/')) {
      const context = this.#context('public', now);
      return this.#public(request, now, () => publicRoute(context, request, route.slice('/market'.length)));
    }
    return this.#private(request, now, route);
  }

  /** Public: limited per address, and answered through the content network. */
  #public(request: SimRequest, now: number, fresh: () => SimResponse): SimResponse {
    const { profile, venue } = this.#options;
    if (!this.#publicWindow.admit(request.ip, now)) return throttled(profile.throttleWording);
    const { faults } = venue;
    const cached = faults.find('rest-cached');
    // The time and the listing are repeated as well; a fault of candles is one only where candles are.
    const onStale = () => {
      if (cached !== undefined && request.path.endsWith('/candles')) faults.acted(cached);
    };
    return this.#cdn.answer(request, now, { stale: cached, fresh, onStale });
  }

  /** Private: needs a key, is limited per key, and never cached. */
  #private(request: SimRequest, now: number, route: string): SimResponse {
    const key = this.#keyOf(request, now);
    if (key === undefined) return unauthorized();
    if (!this.#privateWindow.admit(key, now)) return throttled(this.#options.profile.throttleWording);
    const context = this.#context('private', now);
    return route === '/best_bid_ask' ? bestBidAsk(context, request) : publicRoute(context, request, route);
  }

  #keyOf(request: SimRequest, now: number): string | undefined {
    const { profile } = this.#options;
    const retired = request.headers['cb-access-key'];
    if (profile.acceptsRetiredKeys && retired !== undefined && 'cb-access-sign' in request.headers)
      return `retired:${retired}`;
    const [, token] = /^Bearer (\S+)$/.exec(request.headers['authorization'] ?? '') ?? [];
    if (token === undefined) return undefined;
    const hosts = [HOST, request.headers['host'] ?? HOST];
    const uris = hosts.map((host) => `${request.method} ${host}${request.path}`);
    return keyOfJwt(token, { keys: profile.keys, now, uris });
  }

  #context(area: RestContext['area'], now: number): RestContext {
    const { venue, products, figures, profile } = this.#options;
    const { market, restMarket, faults, blemishes, revisions } = venue;
    const { bookLevels } = profile;
    return { products, market, restMarket, figures, faults, blemishes, revisions, bookLevels, now, area };
  }

  #note(request: SimRequest): void {
    const id = request.path.endsWith('/candles') ? productIdOf(request) : undefined;
    if (id !== undefined) this.#options.venue.recorder.candles(id, request.query.get('granularity') ?? '');
  }
}

/** The product a request names, as a `product_id` or in its path. */
export function productIdOf(request: SimRequest): string | undefined {
  const route = request.path.replace(BASE, '').replace(/^\/market/, '');
  const [, id] = PRODUCT_ROUTE.exec(route) ?? [];
  if (id !== undefined) return decoded(id);
  return route === '/product_book' ? (request.query.get('product_id') ?? undefined) : undefined;
}

function time(now: number): SimResponse {
  const epochSeconds = Math.floor(now / 1000);
  return jsonAnswer(200, {
    iso: wireTime(epochSeconds * 1000),
    epochSeconds: String(epochSeconds),
    epochMillis: String(now),
  });
}

/** Routes that exist with and without `/market`. */
function publicRoute(context: RestContext, request: SimRequest, route: string): SimResponse {
  if (route === '/products') return listProducts(context, request);
  const id = productIdOf(request);
  if (id === undefined) return errorAnswer(404, 'NOT_FOUND', 'Not Found');
  const product = context.products.get(id);
  if (product === undefined || context.now < product.listedAt) return unknownProduct(id);
  if (route === '/product_book') return productBook(context, request, product);
  const [, , part] = PRODUCT_ROUTE.exec(route) ?? [];
  if (part === 'candles') return candles(context, request, product);
  return part === 'ticker' ? recentTrades(context, request, product) : oneProduct(context, product);
}

/** What is said of a product the venue does not know. */
export function unknownProduct(id: string): SimResponse {
  return errorAnswer(404, 'NOT_FOUND', `Product ${id} not supported`);
}
