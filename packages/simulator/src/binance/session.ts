import type { Clock } from '@livermore/utils';
import type { ActiveFaults } from '../faults/active-faults';
import type { ClientRecorder } from '../server/client-log';
import type { ClientLink, VenueSession } from '../server/venue';
import { errorOf, parseControl } from './control';
import type { Control, ControlError } from './control';
import type { Subscriber } from './feed';
import type { FeedHub } from './feed-hub';
import type { Frame } from './frame';
import type { Listing } from './listing';
import { CLIENT_MESSAGES_PER_SECOND, LIFETIME_MS, STREAMS_MAX } from './profile';
import type { Profile } from './profile';
import { parseStream } from './stream-name';

export interface SessionContext {
  readonly hub: FeedHub;
  readonly listing: Listing;
  readonly profile: Profile;
  readonly clock: Clock;
  readonly faults: ActiveFaults;
  readonly recorder: ClientRecorder;
  /** Whether errors come as `{"error":{…}}` or flat. */
  readonly errorShape: 'nested' | 'flat';
  ended(session: StreamSession): void;
}

export interface SessionStart {
  readonly link: ClientLink;
  /** The client sent too much at once, and is closed for it. */
  readonly onBurst: () => void;
  readonly names: readonly string[];
  readonly isCombined: boolean;
  readonly unit: 1 | 1000;
}

/** One market stream connection, from the handshake to its end. */
export class StreamSession implements VenueSession, Subscriber {
  readonly #context: SessionContext;
  readonly #link: ClientLink;
  readonly #onBurst: () => void;
  readonly #unit: 1 | 1000;
  readonly #subscribed = new Set<string>();
  /** Payloads of pings that wait for their pong. */
  readonly #pings = new Set<string>();
  readonly #recent: number[] = [];
  readonly #timers: (() => void)[] = [];
  #isCombined: boolean;
  #isOver = false;
  #lastPong: number;
  #cancelPing: (() => void) | undefined;

  constructor(context: SessionContext, start: SessionStart) {
    this.#context = context;
    this.#link = start.link;
    this.#onBurst = start.onBurst;
    this.#unit = start.unit;
    this.#isCombined = start.isCombined;
    this.#lastPong = context.clock.now();
    this.#timers.push(context.clock.setTimer(() => this.#end(1001, ''), LIFETIME_MS));
    this.#watchPongs();
    this.#subscribe(start.names);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  deliver(frame: Frame): void {
    if (!this.#isOver) this.#link.send(frame.text(this.#isCombined, this.#unit));
  }

  /** Sends an event that is nobody's subscription, framed as this connection is. */
  announce(stream: string, data: object): void {
    this.#send(this.#isCombined ? { stream, data } : data);
  }

  message(text: string): void {
    if (this.#isOver || !this.#isWithinBudget()) return;
    const control = parseControl(text, this.#context.profile);
    if ('error' in control) this.#refuse(control);
    else this.#obey(control);
  }

  pinged(): void {
    // The socket itself answers; the frame counts like any other.
    if (!this.#isOver) this.#isWithinBudget();
  }

  ponged(payload: string): void {
    if (this.#isOver || !this.#isWithinBudget()) return;
    if (!this.#pings.delete(payload)) return;
    this.#pings.clear();
    this.#lastPong = this.#context.clock.now();
  }

  closed(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelPing?.();
    for (const cancel of this.#timers) cancel();
    for (const name of this.#subscribed) this.#context.hub.unsubscribe(name, this);
    this.#context.ended(this);
  }

  /** Closes the connection after `ms`. */
  endIn(ms: number): void {
    this.#timers.push(this.#context.clock.setTimer(() => this.#end(1001, ''), ms));
  }

  #obey(control: Control): void {
    switch (control.method) {
      case 'SUBSCRIBE':
        if (this.#subscribe(control.names, control.id)) this.#reply(null, control);
        return;
      case 'UNSUBSCRIBE':
        for (const name of control.names) this.#unsubscribe(name);
        this.#reply(null, control);
        return;
      case 'LIST_SUBSCRIPTIONS':
        this.#reply([...this.#subscribed], control);
        return;
      case 'SET_PROPERTY':
        this.#isCombined = control.value;
        this.#reply(null, control);
        return;
      case 'GET_PROPERTY':
        this.#reply(this.#isCombined, control);
    }
  }

  #subscribe(names: readonly string[], id?: Control['id']): boolean {
    const wanted = new Set([...this.#subscribed, ...names]);
    if (wanted.size > STREAMS_MAX) {
      this.#refuse(errorOf(4, 'Too many subscriptions', id));
      this.#punish('Invalid request');
      return false;
    }
    for (const name of names) {
      if (this.#subscribed.has(name)) continue;
      this.#subscribed.add(name);
      this.#open(name);
    }
    return true;
  }

  /** Names of nothing that is served stay in the list and deliver nothing, as on the real venue. */
  #open(name: string): void {
    const { hub, listing, profile, faults } = this.#context;
    const stream = parseStream(name, profile);
    if (stream === undefined) return;
    if ('symbol' in stream) {
      if (listing.find(stream.symbol) === undefined) return;
      const series =
        stream.kind === 'kline'
          ? { symbol: stream.symbol, timeframe: stream.interval }
          : { symbol: stream.symbol };
      if (faults.act('ack-silent', series) !== undefined) return;
    }
    hub.subscribe(name, stream, this);
  }

  #unsubscribe(name: string): void {
    if (this.#subscribed.delete(name)) this.#context.hub.unsubscribe(name, this);
  }

  #reply(result: unknown, { id }: Control): void {
    this.#send({ result, id });
  }

  #refuse({ error, id }: ControlError): void {
    const body = this.#context.errorShape === 'nested' ? { error } : error;
    this.#send(id === undefined ? body : { ...body, id });
  }

  #send(message: object): void {
    if (!this.#isOver) this.#link.send(JSON.stringify(message));
  }

  /** Five frames of any kind in any second; the sixth costs the connection. */
  #isWithinBudget(): boolean {
    const now = this.#context.clock.now();
    while ((this.#recent[0] ?? now) <= now - 1000) this.#recent.shift();
    this.#recent.push(now);
    if (this.#recent.length <= CLIENT_MESSAGES_PER_SECOND) return true;
    this.#onBurst();
    this.#punish('Too many requests');
    return false;
  }

  #watchPongs(): void {
    const { clock, profile } = this.#context;
    const now = clock.now();
    const deadline = this.#lastPong + profile.pongTimeoutMs;
    if (now >= deadline) {
      this.#punish('Pong timeout');
      return;
    }
    this.#cancelPing = clock.setTimer(() => this.#ping(), Math.min(profile.pingMs, deadline - now));
  }

  #ping(): void {
    const { clock, profile } = this.#context;
    const now = clock.now();
    if (now < this.#lastPong + profile.pongTimeoutMs) {
      this.#pings.add(String(now));
      this.#link.ping(String(now));
    }
    this.#watchPongs();
  }

  #punish(reason: string): void {
    this.#context.recorder.closedFor(reason);
    this.#end(1008, reason);
  }

  #end(code: number, reason: string): void {
    if (this.#isOver) return;
    this.#link.close(code, reason);
    this.closed();
  }
}
