/** Between a venue and whatever carries it (sockets or a function call): faults every venue has in common. */
import type { Clock, Random } from '@livermore/utils';
import type { ActiveFaults } from '../faults/active-faults';
import type { Fault } from '../faults/fault';
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
  readonly recorder: ClientRecorder;
}

/** What becomes of a request: an answer after a while, or none ever. */
export type Fate = { readonly response: SimResponse; readonly delayMs: number } | 'hang';

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
    const { faults, recorder } = this.#options;
    if (faults.find('rest-hang') !== undefined) return 'hang';
    const response = this.#dated(this.#spoil(this.#refusal(request) ?? this.#options.venue.http(request)));
    recorder.answered(response.status);
    return { response, delayMs: faults.find('rest-slow')?.byMs ?? 0 };
  }

  /** Lets a client in, or says why not. The returned session must be told everything the client does. */
  accept(request: Omit<SimRequest, 'method'>, wire: Wire): Accepted {
    const { venue, clock, random, faults, recorder } = this.#options;
    recorder.connected();
    if (faults.find('refuse-connections') !== undefined || faults.find('outage') !== undefined)
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
    const { venue } = this.#options;
    for (const [link, session] of this.#links) {
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
    const { faults, clock } = this.#options;
    const { dress } = this.#options.venue;
    if (faults.find('outage') !== undefined) return dress.unavailable();
    if (faults.find('rest-451') !== undefined) return dress.geoBlocked();
    if (faults.find('rest-403-html') !== undefined) return page(403, 'Forbidden');
    const broken = faults.find('rest-5xx');
    if (broken !== undefined) return broken.html ? page(broken.status, 'Error') : plain(broken.status);
    const ban = faults.all('rest-418').at(-1);
    if (ban !== undefined && clock.now() < ban.since + ban.fault.banMs) {
      const until = ban.since + ban.fault.banMs;
      return dress.banned(until, Math.ceil((until - clock.now()) / 1000));
    }
    const tooMany = faults.find('rest-429');
    if (tooMany !== undefined) return dress.tooManyRequests(tooMany.retryAfterSeconds);
    if (faults.find('rest-401') !== undefined) return dress.unauthorized();
    return this.#badSymbol(request);
  }

  #badSymbol(request: SimRequest): SimResponse | undefined {
    const { faults, venue } = this.#options;
    const bad = faults.all('bad-symbol');
    if (bad.length === 0) return undefined;
    const asked = venue.dress.symbolsOf(request);
    const hit = bad.find(({ fault }) => asked.includes(fault.symbol));
    return hit === undefined ? undefined : venue.dress.badSymbol(hit.fault.symbol);
  }

  /** As every server does, in whole seconds of its own clock. */
  #dated(response: SimResponse): SimResponse {
    const date = new Date(this.#options.venueClock.now()).toUTCString();
    return { ...response, headers: { date, ...response.headers } };
  }

  #spoil(response: SimResponse): SimResponse {
    if (this.#options.faults.find('rest-garbage') === undefined) return response;
    const half = response.body.slice(0, Math.floor(response.body.length / 2));
    return { ...response, body: this.#options.random.next() < 0.5 ? half : `${half}\u0000]]}{<` };
  }
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
