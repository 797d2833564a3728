/**
 * One connection, as the venue sees it:
 *
 *   open ── no subscription within 5 s ──────────────► dropped
 *     │
 *     └─ subscribed ── no frame for 60 to 90 s ──────► dropped   (heartbeats are frames)
 */
import type { ClientLink, VenueSession } from '../server/venue';
import { readClientMessage } from './client-message';
import { FrameWriter, errorFrame } from './frame-writer';
import { keyOfJwt } from './jwt';
import type { RateWindow } from './rate-window';
import { Subscriptions, isChannel } from './subscriptions';
import type { SubscriptionsOptions } from './subscriptions';

export interface SessionOptions extends SubscriptionsOptions {
  /** Messages without a key, per address. */
  readonly messageWindow: RateWindow;
  readonly ip: string;
  readonly link: ClientLink;
  /** Called once when the session is over. */
  readonly onEnd: (session: Session) => void;
}

/** The venue's answer to a bad token and to a channel it does not know. */
const DENIED = 'authentication failure';

/** A client's connection: what it may say, and the two ways in which the venue gives up on it. */
export class Session implements VenueSession {
  readonly writer: FrameWriter;
  readonly #options: SessionOptions;
  readonly #subscriptions: Subscriptions;
  readonly #idleMs: number;
  #lastFrameAt: number;
  #cancelWatch: (() => void) | undefined;
  #hasSubscribed = false;
  #hasEnded = false;

  constructor(options: SessionOptions) {
    const { venue, profile } = options;
    const [least, most] = profile.idleCloseMs;
    this.#options = options;
    this.#idleMs = least + venue.random.next() * (most - least);
    this.#lastFrameAt = venue.clock.now();
    this.writer = new FrameWriter({
      clock: venue.clock,
      random: venue.random,
      clientId: profile.clientId,
      announces: () => venue.faults.act('frames-unknown') !== undefined,
      send: (text) => this.#send(text),
    });
    this.#subscriptions = new Subscriptions(options, this.writer);
    const giveUp = () => this.#drop('no subscribe within the deadline');
    this.#cancelWatch = venue.clock.setTimer(giveUp, profile.subscribeDeadlineMs);
  }

  message(text: string): void {
    if (this.#hasEnded) return;
    const refusal = this.#accept(text);
    if (refusal !== undefined) this.#send(errorFrame(refusal));
  }

  /** The carrier answers protocol pings. */
  pinged(): void {}

  ponged(): void {}

  closed(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#cancelWatch?.();
    this.#subscriptions.stop();
    this.#options.onEnd(this);
  }

  /** Does what a message says; returns the error to answer with, if any. */
  #accept(text: string): string | undefined {
    const { messageWindow, ip, venue } = this.#options;
    const message = readClientMessage(text);
    const hasKey = message?.jwt !== undefined && this.#isKnown(message.jwt);
    if (!hasKey && !messageWindow.admit(ip, venue.clock.now())) return 'rate limit exceeded';
    if (message === undefined) return 'failed to parse message';
    if (!isChannel(message.channel) || (message.jwt !== undefined && !hasKey)) return DENIED;
    if (message.type === 'unsubscribe') {
      this.#subscriptions.unsubscribe(message);
      return undefined;
    }
    const unknown = this.#subscriptions.subscribe(message);
    if (unknown !== undefined) return `product not found: ${unknown}`;
    if (!this.#hasSubscribed) this.#watchIdleness();
    this.#hasSubscribed = true;
    return undefined;
  }

  #isKnown(token: string): boolean {
    const { profile, venue } = this.#options;
    return keyOfJwt(token, { keys: profile.keys, now: venue.clock.now(), uris: undefined }) !== undefined;
  }

  #send(text: string): void {
    if (this.#hasEnded) return;
    this.#lastFrameAt = this.#options.venue.clock.now();
    this.#options.link.send(text);
  }

  /** Replaces the deadline by a watch that ends the connection when no frame was sent for long. */
  #watchIdleness(): void {
    this.#cancelWatch?.();
    const { clock } = this.#options.venue;
    const left = this.#lastFrameAt + this.#idleMs - clock.now();
    const look = () => {
      if (clock.now() - this.#lastFrameAt >= this.#idleMs) this.#drop('no frame for 60 to 90 s');
      else this.#watchIdleness();
    };
    this.#cancelWatch = clock.setTimer(look, Math.min(this.#idleMs, Math.max(1, left)));
  }

  /** Clients see such an end as 1006: the venue does not shake hands. */
  #drop(reason: string): void {
    if (this.#hasEnded) return;
    this.#options.venue.recorder.closedFor(reason);
    this.closed();
    this.#options.link.terminate();
  }
}
