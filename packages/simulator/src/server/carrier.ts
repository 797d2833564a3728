/** Between a venue and whatever carries it (sockets or a function call): faults every venue has in common. */
import type { Clock, Random } from '@livermore/utils';
import type { ActiveFaults } from '../faults/active-faults';
import type { Fault } from '../faults/fault';
import type { RestTurn } from '../faults/rest-turn';
import type { ClientRecorder } from './client-log';
import { FaultyLink } from './faulty-link';
import type { Wire } from './faulty-link';
import type { DressedVenue } from './venue-options';
import type { SimRequest, SimResponse, VenueSession } from './venue';

export interface CarrierOptions {
  readonly venue: DressedVenue;
  readonly clock: Clock;
  /** The venue's own clock, which may be wrong. */
  readonly venueClock: Pick<Clock, 'now'>;
  readonly random: Random;
  readonly faults: ActiveFaults;
  readonly turn: Pick<RestTurn, 'begin'>;
  readonly recorder: ClientRecorder;
}

/** What becomes of a request: an answer after a while, or none ever. */
export type Fate =
  | {
      readonly response: SimResponse;
      readonly delayMs: number;
      /** Blanks before the body. */
      readonly padBytes: number;
      /** How fast the body comes after the head; at once when absent. */
      readonly bytesPerSecond?: number;
    }
  | 'hang';

export type Accepted = VenueSession | { readonly refused: number; readonly body: string };

export class Carrier {
  readonly #options: CarrierOptions;
  readonly #links = new Map<FaultyLink, VenueSession>();
  readonly #unlisten: readonly (() => void)[];

  constructor(options: CarrierOptions) {
    this.#options = options;
    this.#unlisten = [
      options.faults.onStart((fault) => this.#strike(fault)),
      options.faults.onEnd((fault) => this.#relent(fault)),
    ];
  }

  get connections(): number {
    return this.#links.size;
  }

  handle(request: SimRequest): Fate {
    const { faults, recorder, turn } = this.#options;
    turn.begin();
    if (faults.act('rest-hang') !== undefined) return 'hang';
    const response = this.#dated(this.#spoil(this.#refusal(request) ?? this.#options.venue.http(request)));
    recorder.answered(response.status);
    const drip = faults.act('rest-drip');
    return {
      response,
      delayMs: faults.act('rest-slow')?.byMs ?? 0,
      padBytes: faults.act('rest-huge')?.bytes ?? 0,
      ...(drip === undefined ? {} : { bytesPerSecond: drip.bytesPerSecond }),
    };
  }

  /** Lets a client in, or says why not. The returned session must be told everything the client does. */
  accept(request: Omit<SimRequest, 'method'>, wire: Wire): Accepted {
    const { venue, clock, random, faults, recorder } = this.#options;
    recorder.connected();
    if (faults.act('refuse-connections') !== undefined || faults.act('outage') !== undefined)
      return { refused: 503, body: 'Service Unavailable' };
    const link = new FaultyLink({ wire, clock, random, faults, dress: () => venue.dress });
    const session = venue.connect(request, link);
    if ('refused' in session) return session;
    this.#links.set(link, session);
    const noted = () => recorder.frame(link, clock.now());
    return {
      message: (text) => {
        noted();
        if (!link.isDead) session.message(text);
      },
      pinged: (payload) => {
        noted();
        if (!link.isDead) session.pinged(payload);
      },
      ponged: (payload) => {
        noted();
        if (!link.isDead) session.ponged(payload);
      },
      closed: () => {
        if (this.#links.delete(link)) session.closed();
      },
    };
  }

  stop(): void {
    for (const unlisten of this.#unlisten) unlisten();
    for (const link of this.#links.keys()) link.terminate();
    this.#options.venue.stop();
  }

  #strike(fault: Fault): void {
    const { venue, faults } = this.#options;
    for (const [link, session] of this.#links) {
      if (STRIKES.has(fault.kind)) faults.acted(fault);
      if (fault.kind === 'cut') link.cut(fault.midFrame);
      if (fault.kind === 'outage') link.cut(false);
      if (fault.kind === 'age-cut') link.close(venue.dress.ageClose.code, venue.dress.ageClose.reason);
      if (fault.kind === 'half-open') this.#kill(link, session);
      if (fault.kind === 'error-frame') {
        link.send(venue.dress.errorFrame(fault.message));
        if (fault.close) link.close(1008, 'Invalid request');
      }
    }
  }

  #kill(link: FaultyLink, session: VenueSession): void {
    link.die();
    // Only the protocol's pings are still wanted, so a venue need not go on producing frames for nobody.
    if (this.#options.faults.find('half-open')?.pings !== true) session.closed();
  }

  #relent(fault: Fault): void {
    if (fault.kind !== 'half-open') return;
    for (const link of this.#links.keys()) if (link.isDead) link.terminate();
  }

  /** The answer of whatever stands before the venue, if it does not let a request through. */
  #refusal(request: SimRequest): SimResponse | undefined {
    const { faults } = this.#options;
    const { dress } = this.#options.venue;
    if (faults.act('outage') !== undefined) return dress.unavailable();
    if (faults.act('rest-451') !== undefined) return dress.geoBlocked();
    if (faults.act('rest-403-html') !== undefined) return page(403, 'Forbidden');
    const broken = faults.act('rest-5xx');
    if (broken !== undefined)
      return retryAfter(broken, broken.html ? page(broken.status, 'Error') : plain(broken.status));
    const banned = this.#banned();
    if (banned !== undefined) return banned;
    const tooMany = faults.act('rest-429');
    if (tooMany !== undefined) return retryAfter(tooMany, dress.tooManyRequests(tooMany.retryAfterSeconds));
    if (faults.act('rest-401') !== undefined) return dress.unauthorized();
    return this.#badSymbol(request);
  }

  #banned(): SimResponse | undefined {
    const { faults, clock, venue } = this.#options;
    const ban = faults.all('rest-418').at(-1);
    if (ban === undefined || clock.now() >= ban.since + ban.fault.banMs) return undefined;
    faults.acted(ban.fault);
    const until = ban.since + ban.fault.banMs;
    return retryAfter(ban.fault, venue.dress.banned(until, Math.ceil((until - clock.now()) / 1000)));
  }

  #badSymbol(request: SimRequest): SimResponse | undefined {
    const { faults, venue } = this.#options;
    const bad = faults.all('bad-symbol');
    if (bad.length === 0) return undefined;
    const asked = venue.dress.symbolsOf(request);
    const hit = bad.find(({ fault }) => asked.includes(fault.symbol));
    if (hit === undefined) return undefined;
    faults.acted(hit.fault);
    return venue.dress.badSymbol(hit.fault.symbol);
  }

  /** As every server does, in whole seconds of its own clock. */
  #dated(response: SimResponse): SimResponse {
    const date = new Date(this.#options.venueClock.now()).toUTCString();
    return { ...response, headers: { date, ...response.headers } };
  }

  #spoil(response: SimResponse): SimResponse {
    const { faults } = this.#options;
    const deep = faults.act('rest-deep');
    if (deep !== undefined)
      return { ...response, status: 200, body: '['.repeat(deep.depth) + ']'.repeat(deep.depth) };
    if (faults.act('rest-garbage') === undefined) return response;
    const half = response.body.slice(0, Math.floor(response.body.length / 2));
    return { ...response, body: this.#options.random.next() < 0.5 ? half : `${half}\u0000]]}{<` };
  }
}

/** Faults that strike each connection there is when they begin. */
const STRIKES: ReadonlySet<Fault['kind']> = new Set(['cut', 'outage', 'age-cut', 'half-open', 'error-frame']);

function retryAfter(fault: { readonly retryAfter?: string | undefined }, response: SimResponse): SimResponse {
  if (fault.retryAfter === undefined) return response;
  return { ...response, headers: { ...response.headers, 'retry-after': fault.retryAfter } };
}

function page(status: number, title: string): SimResponse {
  return {
    status,
    headers: { 'content-type': 'text/html' },
    body: `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body><center><h1>${status} ${title}</h1></center></body>\r\n</html>\r\n`,
  };
}

function plain(status: number): SimResponse {
  return { status, headers: { 'content-type': 'text/plain' }, body: 'upstream error' };
}
