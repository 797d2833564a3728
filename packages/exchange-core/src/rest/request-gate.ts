import type { Clock } from '@livermore/utils';
import type { Lane, SendOptions } from '../ports';
import type { WeightLimit } from '../protocol/protocol';
import { LaneQueue } from './lane-queue';
import type { Waiting } from './lane-queue';
import type { VenueClock } from './venue-clock';
import * as weights from './weight-budget';
import type { WeightBudget } from './weight-budget';
import type { Spending, VenueInstant } from './weight-ledger';

export interface RequestGateOptions {
  readonly limit: WeightLimit;
  readonly time: VenueClock;
  readonly clock: Clock;
  readonly maxQueuedPerLane: number;
}

export interface GateFacts {
  /**
   * Weight counted against us now, what we allow ourselves in a window, and what waits to be spent; of what we charge, the
   * share (0..1) that the venue counts: 1 until its reports tell, and where its windows slide.
   */
  readonly weight: {
    readonly used: number;
    readonly limit: number;
    readonly forecast: number;
    readonly countedShare: number;
  };
  readonly inFlight: number;
  readonly queued: Readonly<Record<Lane, number>>;
}

/** Requests in flight beyond which a lane waits: a later lane always leaves room for an earlier one. */
const MAX_IN_FLIGHT: Readonly<Record<Lane, number>> = { repair: 40, boundary: 36, warmup: 32, audit: 4 };
/** An audit never spends more than half of a window, so that it is never the reason to wait. */
const AUDIT_SHARE = 0.5;
/** The clock may be set while we wait, so no wait is slept in one piece. */
const MAX_WAKE_MS = 60_000;

/**
 * Where requests to one address wait for their turn: in bounded lanes, strictly one before the other, until the
 * budget has room and not too many are under way. After a pause one goes alone, and the others when it is served.
 */
export class RequestGate {
  readonly #time: VenueClock;
  readonly #clock: Clock;
  readonly #queue: LaneQueue;
  #budget: WeightBudget;
  #inFlight = 0;
  #isProbing = false;
  #cancelWake: (() => void) | undefined;

  constructor(options: RequestGateOptions) {
    this.#time = options.time;
    this.#clock = options.clock;
    this.#queue = new LaneQueue(options.maxQueuedPerLane);
    this.#budget = weights.newBudget(options.limit);
    options.time.listen({ doubted: () => undefined, stepped: (byMs) => this.#stepped(byMs) });
  }

  get facts(): GateFacts {
    const { used, allowed, countedShare } = weights.usage(this.#budget, this.#now());
    return {
      weight: { used, limit: allowed, forecast: this.#queue.weight, countedShare },
      inFlight: this.#inFlight,
      queued: this.#queue.depths,
    };
  }

  /** Length of the venue's window, ms. */
  get windowMs(): number {
    return this.#budget.limit.perMs;
  }

  /** How long this address is still banned, ms; 0 or less when it is not. */
  get bannedForMs(): number {
    return this.#budget.bannedUntil - this.#time.now();
  }

  /** How long nothing leaves because of a pause, ms; 0 or less when there is none. */
  get pausedForMs(): number {
    return this.#budget.pausedUntil - this.#time.now();
  }

  /** Whether something left before the end of the last pause or ban: what it met says nothing of what is met now. */
  isStale({ sentAt }: Spending): boolean {
    return sentAt.at < Math.max(this.#budget.pausedUntil, this.#budget.bannedUntil);
  }

  /**
   * Resolves when a request may leave, its weight already charged. A retry goes to the front of its lane.
   * @throws RequestQueueFullError, what `failAll` is given, or the signal's reason
   */
  enter(weight: number, { lane, signal }: SendOptions, isRetry: boolean): Promise<Spending> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const onAbort = () => {
        this.#queue.remove(waiting);
        this.pump();
        reject(signal.reason);
      };
      const waiting: Waiting = {
        lane,
        weight,
        go: (spending) => {
          signal.removeEventListener('abort', onAbort);
          resolve(spending);
        },
        fail: (error) => {
          signal.removeEventListener('abort', onAbort);
          reject(error);
        },
      };
      if (isRetry) this.#queue.rejoin(waiting);
      else this.#queue.join(waiting);
      signal.addEventListener('abort', onAbort, { once: true });
      this.pump();
    });
  }

  /**
   * A request ended. `reported`: the used weight its answer told. Whoever calls says next what the answer means, and
   * then calls `pump`: an answer that asks for a pause must not let the next one go first.
   */
  ended(spending: Spending, reported: number | undefined): void {
    this.#inFlight -= 1;
    this.#budget = weights.settle(this.#budget, spending, { now: this.#now(), reported });
  }

  /** The venue serves us. @returns whether it does so since the last pause, and not only still */
  served(spending: Spending): boolean {
    if (this.isStale(spending)) return false;
    this.#isProbing = false;
    return true;
  }

  /** Nothing leaves for `waitMs`. */
  pause(waitMs: number): void {
    this.#budget = weights.pauseUntil(this.#budget, this.#time.now() + waitMs);
    this.#isProbing = true;
  }

  /** Nothing leaves before `until` (venue time, ms). */
  ban(until: number): void {
    this.#budget = weights.banUntil(this.#budget, until);
    this.#isProbing = true;
  }

  learnLimit(limit: { readonly weight: number; readonly perMs: number }): void {
    this.#budget = weights.learnLimit(this.#budget, limit, this.#now());
    this.pump();
  }

  /** Fails everything that waits. */
  failAll(error: Error): void {
    for (const waiting of this.#queue.takeAll()) waiting.fail(error);
  }

  /** Lets go whoever may, in order, and sets the alarm for whoever must wait. */
  pump(): void {
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    for (let next = this.#queue.peek(); next !== undefined; next = this.#queue.peek()) {
      if (this.#inFlight >= (this.#isProbing ? 1 : MAX_IN_FLIGHT[next.lane])) return;
      const now = this.#now();
      const decision = weights.decide(this.#budget, next.weight, now, this.#shareOf(next.lane));
      if (!decision.now) {
        this.#wakeIn(decision.at - now.at);
        return;
      }
      this.#queue.remove(next);
      this.#inFlight += 1;
      const { budget, spending } = weights.spend(this.#budget, next.weight, now);
      this.#budget = budget;
      next.go(spending);
    }
  }

  #wakeIn(delayMs: number): void {
    const capped = Math.min(MAX_WAKE_MS, Math.max(1, Math.ceil(delayMs)));
    this.#cancelWake = this.#clock.setTimer(() => this.pump(), capped);
  }

  #shareOf(lane: Lane): number {
    if (lane === 'audit') return AUDIT_SHARE;
    return lane === 'warmup' ? weights.bulkShareOf(this.#budget.limit) : 1;
  }

  #stepped(byMs: number): void {
    this.#budget = weights.clockStepped(this.#budget, byMs, this.#now());
    this.pump();
  }

  #now(): VenueInstant {
    return { at: this.#time.now(), errorMs: this.#time.errorMs() };
  }
}
