/** The Coinbase Advanced Trade twin: REST, socket, and its own wording of what can go wrong. */
import type { Fault } from '../faults/fault';
import type { DressedVenue, FaultDress, VenueOptions } from '../server/venue-options';
import { catalogueOf } from './catalogue';
import { FeedHub } from './feed-hub';
import { Figures } from './figures';
import { errorFrame } from './frame-writer';
import { Heartbeats } from './heartbeats';
import { DEFAULT_PROFILE } from './profile';
import type { CoinbaseProfile } from './profile';
import { RateWindow } from './rate-window';
import { banned, geoBlocked, throttled, unauthorized, unavailable } from './refusals';
import { CoinbaseRest, productIdOf, unknownProduct } from './rest';
import { Session } from './session';

/** Oldest process the venue claims to be, seconds: where the heartbeat counter may begin. */
const MOST_UP_SECONDS = 200_000;

/** Makes the twin. `profile`: what differs from the defaults. */
export function createCoinbaseVenue(
  options: VenueOptions,
  profile: Partial<CoinbaseProfile> = {},
): DressedVenue {
  const settings: CoinbaseProfile = { ...DEFAULT_PROFILE, ...profile };
  const { clock, random, faults } = options;
  const products = catalogueOf(options.market);
  const figures = new Figures(options.market);
  const rest = new CoinbaseRest({ venue: options, profile: settings, products, figures });
  const hub = new FeedHub(options, { figures, bookLevels: settings.bookLevels });
  const heartbeats = new Heartbeats(
    clock,
    Math.floor(random.next() * MOST_UP_SECONDS),
    settings.heartbeatEveryMs,
  );
  const connectionWindow = new RateWindow(settings.connectionsPerSecond);
  const messageWindow = new RateWindow(settings.messagesPerSecond);
  const shared = { venue: options, profile: settings, products, hub, heartbeats, messageWindow };
  const sessions = new Set<Session>();

  const onStart = (fault: Fault) => {
    if (ONCE.has(fault.kind) && sessions.size > 0) faults.acted(fault);
    strike(fault, { sessions, heartbeats, hub });
  };
  const onEnd = (fault: Fault) => {
    if (fault.kind === 'clock-skew') onStart(fault);
    // A feed that saw no end of the outage waits for nothing.
    if (fault.kind === 'outage') hub.replan();
  };
  const unlisten = [faults.onStart(onStart), faults.onEnd(onEnd)];

  return {
    http: (request) => rest.answer(request),
    connect({ ip }, link) {
      if (!connectionWindow.admit(ip, clock.now())) return { refused: 429, body: 'Too many requests' };
      const session = new Session({
        ...shared,
        ip,
        link,
        onEnd: (ended) => sessions.delete(ended),
      });
      sessions.add(session);
      return session;
    },
    stop() {
      for (const stop of unlisten) stop();
      for (const session of sessions) session.closed();
      hub.stop();
      heartbeats.stop();
    },
    dress: dressOf(settings),
  };
}

/** Faults that strike whoever is connected. */
const ONCE: ReadonlySet<Fault['kind']> = new Set(['sequence-gap', 'sequence-restart', 'heartbeat-jump']);

/** Faults that are this venue's own and happen once. */
function strike(
  fault: Fault,
  on: {
    readonly sessions: ReadonlySet<Session>;
    readonly heartbeats: Heartbeats;
    readonly hub: FeedHub;
  },
): void {
  switch (fault.kind) {
    case 'sequence-gap':
      for (const { writer } of on.sessions) writer.lose(fault.frames);
      return;
    case 'sequence-restart':
      for (const { writer } of on.sessions) writer.restart();
      return;
    case 'heartbeat-jump':
      on.heartbeats.jump(fault.by);
      return;
    case 'clock-skew':
      on.heartbeats.replan();
      on.hub.replan();
      return;
    default:
  }
}

function dressOf(profile: CoinbaseProfile): FaultDress {
  return {
    symbolsOf(request) {
      const id = productIdOf(request);
      return id === undefined ? [] : [id];
    },
    badSymbol: unknownProduct,
    tooManyRequests: (retryAfterSeconds) => throttled(profile.throttleWording, retryAfterSeconds),
    banned: (_until, retryAfterSeconds) => banned(retryAfterSeconds),
    unauthorized,
    geoBlocked,
    unavailable,
    // Without a number, as errors are; numbered frames of an unknown channel come from the connection itself.
    unknownFrame: () => JSON.stringify({ type: 'notice', message: 'scheduled maintenance' }),
    errorFrame,
    // The venue publishes no age limit; clients see such ends as an abnormal closure.
    ageClose: { code: 1001, reason: '' },
  };
}
