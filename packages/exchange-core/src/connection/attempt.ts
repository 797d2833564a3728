import type { MarketEvent } from '@livermore/schemas';
import type { Clock } from '@livermore/utils';
import type { DecodeContext, StreamMessage, StreamProtocol } from '../protocol/protocol';
import type { UnreadableElement } from '../protocol/unreadable';
import type { OpenSocket, Socket } from '../transport';
import { DeadlineTimer } from './deadline-timer';
import { judgeSequence } from './sequence';
import type { SequenceState } from './sequence';
import type { LedgerReport, SubscriptionLedger } from './subscription-ledger';
import type { Instant, VenueTime } from './venue-time';

/** Whom an attempt reports to. Each call names the attempt, so that the owner can tell old from current. */
export interface AttemptOwner {
  opened(attempt: Attempt): void;
  /** Everything wanted is active for the first time. */
  subscribed(attempt: Attempt): void;
  firstData(attempt: Attempt): void;
  deliver(attempt: Attempt, events: readonly MarketEvent[], now: number): void;
  report(attempt: Attempt, report: LedgerReport): void;
  gap(attempt: Attempt, gap: SequenceGap): void;
  goodbye(attempt: Attempt, reason: string): void;
  venueError(attempt: Attempt, message: string): void;
  undecodable(error: unknown): void;
  /** Parts of a message could not be read, before the rest is delivered; `venueTime` is the message's (ms), where it has one. */
  unreadable(elements: readonly UnreadableElement[], venueTime: number | undefined): void;
  ignored(what: string): void;
  /** Exactly once, unless the attempt was ended by its owner. */
  closed(attempt: Attempt, code: number, reason: string): void;
}

export interface SequenceGap {
  readonly expected: number;
  readonly received: number;
  /** The last data before the gap, where there was any. */
  readonly goodUntil: Instant | undefined;
}

export interface AttemptOptions {
  readonly url: string;
  readonly openSocket: OpenSocket;
  readonly protocol: StreamProtocol;
  readonly context: DecodeContext;
  readonly clock: Clock;
  readonly venueTime: VenueTime;
  readonly ledger: SubscriptionLedger;
}

/** A normal closure, RFC 6455 section 7.4.1. */
const NORMAL_CLOSURE = 1000;

/**
 * One socket, from dialling to its end. An attempt that was ended does nothing any more, whatever its socket
 * still says; a retired one delivers until its socket has closed.
 */
export class Attempt {
  readonly ledger: SubscriptionLedger;
  /** Frames received, pings not counted. */
  frames = 0;
  /** Any sign of life, ms, our clock; 0 for none yet. Data likewise. */
  lastFrameAt = 0;
  lastDataAt = 0;
  /** When the socket opened, likewise. */
  openedAt = 0;
  readonly #options: AttemptOptions;
  readonly #owner: AttemptOwner;
  readonly #timer: DeadlineTimer;
  #socket: Socket | undefined;
  #phase: 'dialling' | 'open' | 'retired' | 'ended' = 'dialling';
  #sequence: SequenceState | undefined;
  #lastVenueTime: number | undefined;
  /** The venue's stamp (ms) on the newest message, of any kind: all it sent before that has arrived. 0 for none. */
  toldTo = 0;
  #wasSubscribed = false;

  constructor(options: AttemptOptions, owner: AttemptOwner) {
    this.ledger = options.ledger;
    this.#options = options;
    this.#owner = owner;
    this.#timer = new DeadlineTimer(options.clock, () => this.#wake());
  }

  /** Opens the socket. */
  open(): void {
    this.#socket = this.#options.openSocket(this.#options.url, {
      opened: () => this.#onOpened(),
      message: (text) => this.#onMessage(text),
      pinged: () => {
        this.lastFrameAt = this.#options.clock.now();
      },
      closed: (code, reason) => this.#onClosed(code, reason),
    });
  }

  /**
   * Call after changing what is wanted. What there is to send leaves soon, not at once: changes made in one go
   * share their frames.
   */
  pump(): void {
    if (this.#phase !== 'open') return;
    this.#checkSubscribed();
    this.#timer.arm(this.ledger.wakeAt());
  }

  /** Ends the attempt at once: its socket is dropped and nothing it says is heard. */
  end(): void {
    if (this.#phase === 'ended') return;
    this.#finish();
    this.#socket?.terminate();
  }

  /** Ends the attempt politely; nothing it says is heard. */
  close(reason: string): void {
    if (this.#phase === 'ended') return;
    this.#finish();
    this.#socket?.close(NORMAL_CLOSURE, reason);
  }

  /** Begins the closing handshake and goes on delivering: what the venue sent before its answer still arrives. */
  retire(): void {
    if (this.#phase !== 'open') return;
    this.#phase = 'retired';
    this.#timer.cancel();
    this.#socket?.close(NORMAL_CLOSURE, 'replaced');
  }

  /** The last data that arrived, where any did. */
  get goodUntil(): Instant | undefined {
    if (this.lastDataAt === 0) return undefined;
    const ours = this.lastDataAt;
    return this.#lastVenueTime === undefined ? { ours } : { ours, venue: this.#lastVenueTime };
  }

  #onOpened(): void {
    if (this.#phase !== 'dialling') return;
    this.#phase = 'open';
    this.openedAt = this.#options.clock.now();
    this.lastFrameAt = this.openedAt;
    this.#owner.opened(this);
    this.#wake();
    this.#checkSubscribed();
  }

  #onMessage(text: string): void {
    if (this.#phase === 'ended') return;
    const now = this.#options.clock.now();
    this.frames += 1;
    this.lastFrameAt = now;
    let message: StreamMessage;
    try {
      message = this.#options.protocol.decode(text, this.#options.context);
    } catch (error) {
      this.#owner.undecodable(error);
      return;
    }
    if (message.sequence !== undefined && !this.#isInOrder(message.sequence)) return;
    if (message.venueTime !== undefined) {
      this.toldTo = Math.max(this.toldTo, message.venueTime);
      this.#options.venueTime.observe(message.venueTime, now);
    }
    // First, so that a bar whose last state is lost is not closed by the next one in the same frame as if it were whole.
    if (message.unreadable !== undefined) this.#owner.unreadable(message.unreadable, message.venueTime);
    if (message.kind === 'data') this.#onData(message.events, message.venueTime, now);
    else if (this.#phase === 'open') this.#onControl(message, now);
  }

  #onData(events: readonly MarketEvent[], venueTime: number | undefined, now: number): void {
    if (events.length === 0) return;
    const isFirst = this.lastDataAt === 0;
    this.lastDataAt = now;
    if (venueTime !== undefined && venueTime > (this.#lastVenueTime ?? 0)) this.#lastVenueTime = venueTime;
    this.#owner.deliver(this, events, now);
    if (isFirst) this.#owner.firstData(this);
  }

  #onControl(message: Exclude<StreamMessage, { kind: 'data' }>, now: number): void {
    switch (message.kind) {
      case 'heartbeat':
      case 'unreadable':
        return;
      case 'ack':
        this.#settle(this.ledger.acknowledged(message.requestId, message.active, now));
        return;
      case 'error':
        this.#owner.venueError(this, message.message);
        this.#settle(this.ledger.refused(message.requestId, message.message, now));
        return;
      case 'goodbye':
        this.#owner.goodbye(this, message.reason);
        return;
      case 'ignored':
        this.#owner.ignored(message.what);
    }
  }

  /** Judges the counter; false for a frame that must not be used. */
  #isInOrder(received: number): boolean {
    const before = this.#sequence;
    const [verdict, now] = judgeSequence(before, received);
    this.#sequence = now;
    if (verdict === 'repeat') return false;
    if (verdict !== 'in-order' && before !== undefined) {
      this.#owner.gap(this, { expected: before.last + 1, received, goodUntil: this.goodUntil });
    }
    return true;
  }

  #onClosed(code: number, reason: string): void {
    if (this.#phase === 'ended') return;
    this.#finish();
    this.#owner.closed(this, code, reason);
  }

  /** Sends what may be sent, gives up on what is overdue, and sleeps until there is more to do. */
  #wake(): void {
    const now = this.#options.clock.now();
    this.#settle(this.ledger.expire(now));
    if (this.#phase !== 'open') return;
    const frame = this.ledger.nextFrame(now);
    if (frame !== undefined) this.#socket?.send(frame.text);
    this.#timer.arm(this.ledger.wakeAt());
  }

  #settle(report: LedgerReport): void {
    if (report.confirmed.length > 0 || report.lost !== undefined || report.failed !== undefined) {
      this.#owner.report(this, report);
    }
    this.#checkSubscribed();
    if (this.#phase === 'open') this.#timer.arm(this.ledger.wakeAt());
  }

  #checkSubscribed(): void {
    if (this.#phase !== 'open' || this.#wasSubscribed || !this.ledger.isComplete) return;
    this.#wasSubscribed = true;
    this.#owner.subscribed(this);
  }

  #finish(): void {
    this.#phase = 'ended';
    this.#timer.cancel();
  }
}
