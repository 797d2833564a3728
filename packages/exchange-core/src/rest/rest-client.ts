import { setMaxListeners } from 'node:events';
import { HARDCODED_CONFIG } from '@livermore/schemas';
import { assertNever, fullJitterMs, messageOf, silentLogger, systemRandom } from '@livermore/utils';
import type { AppError, Clock, Logger, Random } from '@livermore/utils';
import {
  BannedError,
  BlockedError,
  RateLimitedError,
  RejectedError,
  UnavailableError,
  UnknownSymbolError,
} from '../errors';
import type { Answer, Lane, RequestSender, SendOptions } from '../ports';
import type { PricedRequest, RestProtocol, RestVerdict } from '../protocol/protocol';
import type { HttpGet, HttpResponse } from '../transport';
import { getWithin } from './get-within';
import { LaneQueue } from './lane-queue';
import type { Waiting } from './lane-queue';
import { LogThrottle } from './log-throttle';
import type { VenueClock } from './venue-clock';
import * as weights from './weight-budget';
import type { WeightBudget } from './weight-budget';
import type { Spending, VenueInstant } from './weight-ledger';

export interface RestClientOptions {
  /** Name of the exchange, for messages. */
  readonly exchange: string;
  readonly rest: Pick<RestProtocol, 'limits' | 'usedWeight' | 'verdict'>;
  readonly get: HttpGet;
  readonly time: VenueClock;
  readonly clock: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  /** Told of what is also logged, at the same bounded frequency. */
  readonly onTrouble?: (trouble: RestTrouble) => void;
  /** Bounds, for tests. */
  readonly maxQueuedPerLane?: number;
}

export type RestTrouble =
  | { readonly kind: 'rate-limited'; readonly waitMs: number }
  | { readonly kind: 'banned'; readonly until: number }
  | { readonly kind: 'blocked'; readonly message: string }
  | { readonly kind: 'unavailable'; readonly message: string };

/** An answer with the local steady times of its leaving and arrival, for whoever measures clocks. */
export interface TimedAnswer extends Answer {
  readonly leftAt: number;
  readonly arrivedAt: number;
}

export interface RestFacts {
  /** Weight counted against us now, what we allow ourselves in a window, and what waits to be spent. */
  readonly weight: { readonly used: number; readonly limit: number; readonly forecast: number };
  readonly inFlight: number;
  readonly queued: Readonly<Record<Lane, number>>;
  /** Requests sent, retries included. */
  readonly requests: number;
  readonly retries: number;
  readonly byStatus: Readonly<Record<string, number>>;
  /** End of a ban by our clock, ms; absent when there is none. */
  readonly bannedUntil?: number;
}

const { requestTimeoutMs, maxAttempts, backoffBaseMs, backoffCapMs } = HARDCODED_CONFIG.rest;
const MAX_QUEUED_PER_LANE = 5_000;
/** Requests in flight beyond which a lane waits: a later lane always leaves room for an earlier one. */
const MAX_IN_FLIGHT: Readonly<Record<Lane, number>> = { repair: 40, boundary: 36, warmup: 32, audit: 4 };
/** Of a window that is minutes long, what bulk work leaves for repairs that cannot wait for the next one. */
const BULK_SHARE = 0.97;
/** An audit never spends more than half of a window, so that it is never the reason to wait. */
const AUDIT_SHARE = 0.5;
/** Added to a wait the venue asks for: it speaks in whole seconds, and nobody should return at one instant. */
const WAIT_MARGIN_MS = 1_000;
/** A ban of which the venue tells no end. */
const UNKNOWN_BAN_MS = 120_000;
/** A refused location stays refused: fail at once for this long instead of asking again. */
const BLOCKED_HOLD_MS = 60_000;
/** The clock may be set while we wait, so no wait is slept in one piece. */
const MAX_WAKE_MS = 60_000;
const LOG_EVERY_MS = 10_000;

type Outcome =
  | { readonly done: true; readonly answer: TimedAnswer }
  | { readonly done: false; readonly error: AppError; readonly backsOff: boolean };

/**
 * All requests to one venue address. Waits for weight, sends, reads the venue's counters, retries what may pass,
 * and turns everything else into one typed error. Lanes go strictly before each other; queues are bounded.
 */
export class RestClient implements RequestSender {
  readonly #options: RestClientOptions;
  readonly #random: Random;
  readonly #queue: LaneQueue;
  readonly #log: LogThrottle;
  readonly #byStatus = new Map<number, number>();
  #budget: WeightBudget;
  #inFlight = 0;
  #requests = 0;
  #retries = 0;
  /** Pauses asked for in a row. */
  #pauses = 0;
  /** After a pause one request goes alone: only when it is answered do the others follow. */
  #isProbing = false;
  #blocked: { readonly until: number; readonly message: string } | undefined;
  #cancelWake: (() => void) | undefined;

  constructor(options: RestClientOptions) {
    this.#options = options;
    this.#random = options.random ?? systemRandom;
    this.#queue = new LaneQueue(options.maxQueuedPerLane ?? MAX_QUEUED_PER_LANE);
    this.#log = new LogThrottle(options.logger ?? silentLogger, options.clock, LOG_EVERY_MS);
    this.#budget = weights.newBudget(options.rest.limits.budget);
    options.time.listen({ doubted: () => undefined, stepped: (byMs) => this.#stepped(byMs) });
  }

  /**
   * Sends a request in its turn, and again where that may help.
   * @throws RateLimitedError, BannedError, BlockedError, UnavailableError, RejectedError, UnknownSymbolError,
   * RequestQueueFullError, or the signal's reason
   */
  async send(request: PricedRequest, options: SendOptions): Promise<TimedAnswer> {
    // One signal serves everything of a run: many listeners are no leak here, each is taken off again.
    setMaxListeners(0, options.signal);
    for (let attempt = 0; ; attempt += 1) {
      const spending = await this.#turn(request, options, attempt > 0);
      const outcome = await this.#attempt(request, spending, options.signal);
      if (outcome.done) return outcome.answer;
      if (attempt + 1 >= maxAttempts) throw outcome.error;
      this.#retries += 1;
      if (outcome.backsOff) await this.#options.clock.sleep(this.#backoffMs(attempt), options.signal);
    }
  }

  /** The venue states its limit: it replaces the constant. */
  learnLimit(limit: { readonly weight: number; readonly perMs: number }): void {
    this.#budget = weights.learnLimit(this.#budget, limit, this.#now());
    this.#pump();
  }

  facts(): RestFacts {
    const now = this.#now();
    const { used, allowed } = weights.usage(this.#budget, now);
    const bannedForMs = this.#budget.bannedUntil - now.at;
    return {
      weight: { used, limit: allowed, forecast: this.#queue.weight },
      inFlight: this.#inFlight,
      queued: this.#queue.depths,
      requests: this.#requests,
      retries: this.#retries,
      byStatus: Object.fromEntries(this.#byStatus),
      ...(bannedForMs > 0 ? { bannedUntil: this.#options.clock.now() + bannedForMs } : {}),
    };
  }

  /** Resolves when the request may leave, its weight already charged. */
  #turn(request: PricedRequest, { lane, signal }: SendOptions, isRetry: boolean): Promise<Spending> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const refusal = this.#refusal();
      if (refusal !== undefined) throw refusal;
      const onAbort = () => {
        this.#queue.remove(waiting);
        this.#pump();
        reject(signal.reason);
      };
      const waiting: Waiting = {
        lane,
        weight: request.weight,
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
      this.#pump();
    });
  }

  /** Lets go whoever may, in order, and sets the alarm for whoever must wait. */
  #pump(): void {
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
      this.#requests += 1;
      const { budget, spending } = weights.spend(this.#budget, next.weight, now);
      this.#budget = budget;
      next.go(spending);
    }
  }

  #wakeIn(delayMs: number): void {
    const capped = Math.min(MAX_WAKE_MS, Math.max(1, Math.ceil(delayMs)));
    this.#cancelWake = this.#options.clock.setTimer(() => this.#pump(), capped);
  }

  #shareOf(lane: Lane): number {
    if (lane === 'audit') return AUDIT_SHARE;
    return lane === 'warmup' && this.#budget.limit.window === 'fixed' ? BULK_SHARE : 1;
  }

  async #attempt(request: PricedRequest, spending: Spending, signal: AbortSignal): Promise<Outcome> {
    const { time, rest } = this.#options;
    const leaving = { answeredAt: time.now(), leftAt: time.steadyMs() };
    const got = await this.#get(request, signal);
    this.#inFlight -= 1;
    const reported = 'response' in got ? rest.usedWeight(got.response.headers) : undefined;
    this.#budget = weights.settle(this.#budget, spending, { now: this.#now(), reported });
    try {
      if ('failure' in got) {
        signal.throwIfAborted();
        return this.#unavailable(got.failure);
      }
      const { response } = got;
      this.#byStatus.set(response.status, (this.#byStatus.get(response.status) ?? 0) + 1);
      const answer = { ...leaving, response, arrivedAt: time.steadyMs() };
      return this.#judge(answer, rest.verdict(response), spending);
    } finally {
      this.#pump();
    }
  }

  async #get(
    request: PricedRequest,
    signal: AbortSignal,
  ): Promise<{ readonly response: HttpResponse } | { readonly failure: string }> {
    const { get, clock } = this.#options;
    try {
      return { response: await getWithin(get, request, { signal, clock, timeoutMs: requestTimeoutMs }) };
    } catch (error) {
      return { failure: messageOf(error) };
    }
  }

  /** What an answer means for whoever asked, and for everyone else who uses this address. */
  #judge(answer: TimedAnswer, verdict: RestVerdict, spending: Spending): Outcome {
    const { exchange } = this.#options;
    switch (verdict.verdict) {
      case 'ok':
        this.#served(spending);
        return { done: true, answer };
      case 'rate-limited':
        return this.#rateLimited(verdict.waitMs);
      case 'banned':
        throw this.#banned(verdict);
      case 'blocked':
        throw this.#blockedBy(verdict.message);
      case 'unavailable':
        return this.#unavailable(verdict.message);
      case 'unknown-symbol':
        this.#served(spending);
        throw new UnknownSymbolError(`${exchange}: ${verdict.message}`, { exchange });
      case 'rejected':
        this.#served(spending);
        throw new RejectedError(`${exchange} refused the request: ${verdict.message}`, { exchange });
      default:
        return assertNever(verdict);
    }
  }

  /** The venue answers again: unless the answer is to something sent before the last pause. */
  #served(spending: Spending): void {
    if (spending.sentAt.at < Math.max(this.#budget.pausedUntil, this.#budget.bannedUntil)) return;
    this.#isProbing = false;
    this.#pauses = 0;
  }

  #rateLimited(askedMs: number | undefined): Outcome {
    const { exchange } = this.#options;
    const now = this.#now();
    const isNew = now.at >= this.#budget.pausedUntil;
    if (isNew) this.#pauses += 1;
    const waitMs =
      askedMs === undefined
        ? Math.min(this.#budget.limit.perMs, backoffCapMs) + this.#backoffMs(this.#pauses)
        : askedMs + WAIT_MARGIN_MS * (0.5 + this.#random.next());
    // Answers to what was in flight together speak of one pause, so only the first one may lengthen it unasked.
    if (isNew || askedMs !== undefined) this.#budget = weights.pauseUntil(this.#budget, now.at + waitMs);
    this.#isProbing = true;
    this.#report({ kind: 'rate-limited', waitMs: Math.round(waitMs) });
    const error = new RateLimitedError(`${exchange} keeps asking to slow down`, { exchange, waitMs });
    return { done: false, error, backsOff: false };
  }

  #banned(verdict: Extract<RestVerdict, { verdict: 'banned' }>): BannedError {
    const now = this.#now();
    const told =
      verdict.until === undefined && verdict.waitMs === undefined ? UNKNOWN_BAN_MS : verdict.waitMs;
    const until = Math.max(verdict.until ?? 0, now.at + (told ?? 0)) + WAIT_MARGIN_MS;
    this.#budget = weights.banUntil(this.#budget, until);
    this.#isProbing = true;
    const error = new BannedError(this.#options.exchange, this.#localTime(this.#budget.bannedUntil));
    this.#report({ kind: 'banned', until: error.until });
    this.#failAll(error);
    return error;
  }

  #blockedBy(message: string): BlockedError {
    this.#blocked = { until: this.#options.time.steadyMs() + BLOCKED_HOLD_MS, message };
    this.#report({ kind: 'blocked', message });
    const error = this.#blockedError(message);
    this.#failAll(error);
    return error;
  }

  #unavailable(message: string): Outcome {
    const { exchange } = this.#options;
    this.#report({ kind: 'unavailable', message });
    const error = new UnavailableError(`${exchange} did not answer: ${message}`, { exchange });
    return { done: false, error, backsOff: true };
  }

  /** Why nothing may be sent at all, if so. */
  #refusal(): AppError | undefined {
    const { exchange, time } = this.#options;
    const { bannedUntil } = this.#budget;
    if (bannedUntil > time.now()) return new BannedError(exchange, this.#localTime(bannedUntil));
    if (this.#blocked === undefined || this.#blocked.until <= time.steadyMs()) return undefined;
    return this.#blockedError(this.#blocked.message);
  }

  #blockedError(message: string): BlockedError {
    const { exchange } = this.#options;
    return new BlockedError(
      `${exchange} refuses this location: ${message}; use a host that serves it, retrying cannot help`,
      { exchange },
    );
  }

  #failAll(error: AppError): void {
    for (const waiting of this.#queue.takeAll()) waiting.fail(error);
  }

  #stepped(byMs: number): void {
    this.#budget = weights.clockStepped(this.#budget, byMs, this.#now());
    this.#pump();
  }

  #report(trouble: RestTrouble): void {
    const { kind, ...fields } = trouble;
    const event = { event: `rest_${kind.replace('-', '_')}`, exchange: this.#options.exchange, ...fields };
    if (this.#log.warn(event)) this.#options.onTrouble?.(trouble);
  }

  #backoffMs(attempt: number): number {
    return fullJitterMs(attempt, { baseMs: backoffBaseMs, capMs: backoffCapMs, random: this.#random });
  }

  #now(): VenueInstant {
    return { at: this.#options.time.now(), errorMs: this.#options.time.errorMs() };
  }

  #localTime(venueTime: number): number {
    return Math.round(this.#options.clock.now() + venueTime - this.#options.time.now());
  }
}
