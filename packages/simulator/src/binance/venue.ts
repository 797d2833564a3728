import { hash32 } from '@livermore/utils';
import type { DressedVenue, FaultDress, VenueOptions } from '../server/venue-options';
import type { ClientLink, SimRequest, VenueSession } from '../server/venue';
import { refusal, Refusal, refusals } from './answers';
import { Doorkeeper } from './doorkeeper';
import { FeedHub } from './feed-hub';
import { Listing } from './listing';
import { profileOf } from './profile';
import type { Profile } from './profile';
import { Quotes } from './quotes';
import { RestRouter, timeUnitOf, usedHeaders } from './rest';
import { StreamSession } from './session';
import type { SessionContext } from './session';
import { decoded } from '../server/request-target';
import { isStreamName } from './stream-name';
import { WeightLedger } from './weight-ledger';

/** Ways in which the venue behaved at other times, for clients that must cope with those too. */
export interface BinanceQuirks {
  /** `2021`: a closing event comes only with the first trade of a later bucket. */
  readonly timing?: 'timer' | '2021';
  readonly errorShape?: 'nested' | 'flat';
}

/** Binance.com, or Binance.US before or after its upgrade: REST `/api/v3/*` and market streams. */
export function createBinanceVenue(options: VenueOptions, quirks: BinanceQuirks = {}): DressedVenue {
  const profile = profileOf(options);
  const listing = new Listing(options.market);
  const quotes = new Quotes(options.market, listing);
  const ledger = new WeightLedger(profile);
  const { market, restMarket, clock, faults, blemishes, revisions, recorder } = options;
  const shared = { market, listing, quotes, profile, faults, blemishes, revisions };
  const router = new RestRouter({ ...shared, restMarket, recorder }, ledger);
  const seed = Math.floor(options.random.next() * 4_294_967_296);
  const feedContext = { ...shared, seed, timing: quirks.timing ?? 'timer' };
  const hub = new FeedHub(feedContext, clock, options.updateEveryMs);
  const sessions = new Set<StreamSession>();
  const context: SessionContext = {
    hub,
    listing,
    profile,
    clock,
    faults,
    recorder,
    errorShape: quirks.errorShape ?? 'nested',
    ended: (session) => sessions.delete(session),
  };
  const doorkeeper = new Doorkeeper();
  const unlisten = faults.onStart((fault) => {
    if (fault.kind !== 'server-shutdown') return;
    if (sessions.size > 0) faults.acted(fault);
    shutDown(sessions, profile, clock.now(), fault.leadMs);
  });
  return {
    dress: dressOf(ledger, profile, () => clock.now()),
    http: (request) => router.handle(request, clock.now()),
    connect: (request, link) => {
      const shutOut = doorkeeper.refuse(request.ip, clock.now());
      if (shutOut !== undefined) {
        recorder.closedFor(shutOut.body);
        return shutOut;
      }
      const onBurst = () => doorkeeper.burst(request.ip, clock.now());
      const session = open(context, request, { link, onBurst });
      if (session instanceof StreamSession && !session.isOver) sessions.add(session);
      return session;
    },
    stop() {
      unlisten();
      for (const session of sessions) session.closed();
      hub.stop();
    },
  };
}

function open(
  context: SessionContext,
  request: Pick<SimRequest, 'path' | 'query'>,
  client: { readonly link: ClientLink; readonly onBurst: () => void },
): StreamSession | Exclude<ReturnType<DressedVenue['connect']>, VenueSession> {
  const path = decoded(request.path);
  const isCombined = path === '/stream' || path === '/stream/';
  if (!isCombined && path !== '/ws' && !path.startsWith('/ws/')) return { refused: 404, body: 'Not found' };
  const list = isCombined ? (request.query.get('streams') ?? '') : path.slice('/ws/'.length);
  const names = list.split('/').filter(isStreamName);
  const timeUnit = request.query.get('timeUnit');
  try {
    const unit = timeUnit === null || !context.profile.hasMicroseconds ? 1 : timeUnitOf(timeUnit);
    return new StreamSession(context, { ...client, names, isCombined, unit });
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.status, body: error.message };
    throw error;
  }
}

function shutDown(sessions: ReadonlySet<StreamSession>, profile: Profile, now: number, leadMs: number): void {
  for (const session of sessions) {
    if (profile.hasServerShutdown) session.announce('!serverShutdown', { e: 'serverShutdown', E: now });
    session.endIn(leadMs);
  }
}

const NAMES_IN_LIST = /"([^"]+)"/g;

function dressOf(ledger: WeightLedger, profile: Profile, now: () => number): FaultDress {
  const headers = (retryAfterSeconds?: number) => ({
    ...usedHeaders(ledger.used('127.0.0.1', now())),
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  });
  return {
    symbolsOf: ({ path, query }) => {
      // The listing still shows a symbol that no other route knows.
      if (path.endsWith('/exchangeInfo')) return [];
      const many = [...(query.get('symbols') ?? '').matchAll(NAMES_IN_LIST)].map(([, name]) => name ?? '');
      return [query.get('symbol') ?? '', ...many];
    },
    badSymbol: () => refusal(refusals.symbol(), headers()),
    tooManyRequests: (seconds) => refusal(refusals.tooMuchWeight(profile.weightLimit), headers(seconds)),
    banned: (until, seconds) => refusal(refusals.banned(until), headers(seconds)),
    unauthorized: () => ({ status: 401, headers: { 'content-type': 'text/plain' }, body: 'Unauthorized' }),
    geoBlocked: () => refusal(refusals.geoBlocked()),
    unavailable: () => refusal(refusals.overloaded(), headers()),
    unknownFrame: () =>
      JSON.stringify({ e: 'referencePriceUpdate', E: now(), s: 'BTCUSDT', z: hash32(String(now())) }),
    errorFrame: (message) => JSON.stringify({ error: { code: -1000, msg: message } }),
    ageClose: { code: 1001, reason: '' },
  };
}
