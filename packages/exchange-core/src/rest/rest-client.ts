import { setMaxListeners } from 'node:events';
import { HARDCODED_CONFIG } from '@livermore/schemas';
import { assertNever, fullJitterMs, messageOf, silentLogger, systemRandom } from '@livermore/utils';
import type { AppError, Clock, Logger, Random } from '@livermore/utils';
import {
  AwayError,
  BannedError,
  BlockedError,
  RateLimitedError,
  RejectedError,
  UnavailableError,
  UnknownSymbolError,
} from '../errors';
import type { Answer, RequestSender, SendOptions } from '../ports';
import type { AskedWait } from '../protocol/http-answer';
import type { PricedRequest, RestProtocol, RestVerdict } from '../protocol/protocol';
import type { HttpGet, HttpResponse } from '../transport';
import { closedBreaker, failed, openForMs } from './breaker';
import type { Breaker, HostFailure } from './breaker';
import { getWithin } from './get-within';
import { LogThrottle } from './log-throttle';
import { RequestGate } from './request-gate';
import type { GateFacts } from './request-gate';
import type { VenueClock } from './venue-clock';
import type { Spending } from './weight-ledger';

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

export interface RestFacts extends GateFacts {
  /** Requests sent, retries included. */
  readonly requests: number;
  readonly retries: number;
  /** Answers by HTTP status; `0`: none came. */
  readonly byStatus: Readonly<Record<string, number>>;
  /** What the venue said when it refused this location; absent once it serves us. */
  readonly blocked?: string;
  /** End of a ban by our clock, ms; absent when there is none. */
  readonly bannedUntil?: number;
  /** Why nothing is sent for a while, and until when by our clock, ms; absent when nothing but a ban holds us. */
  readonly pause?: { readonly reason: string; readonly until: number };
  /** Whether the host serves us. `half-open`: one request tries, the others wait for what it meets. */
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** The last request that was not served: when by our clock, ms, and in whose words. */
  readonly lastFailure?: { readonly at: number; readonly message: string };
}

const { requestTimeoutMs, maxAttempts, backoffBaseMs, backoffCapMs } = HARDCODED_CONFIG.rest;
const MAX_QUEUED_PER_LANE = 5_000;
/** Added to a wait the venue asks for: it speaks in whole seconds, and nobody should return at one instant. */
const WAIT_MARGIN_MS = 1_000;
/** A pause the venue asks for is kept, up to this: then one request tries, whatever was asked. */
const LONGEST_PAUSE_MS = 600_000;
/** A ban of which the venue tells no end, or one that is over already. */
const UNKNOWN_BAN_MS = 120_000;
/** No venue documents a longer ban: an end further away is not meant, and one request tries then. */
const LONGEST_BAN_MS = 3 * 86_400_000;
/** A host that has not answered for so long is away: who asks is told so at once instead of waiting for it. */
const AWAY_AFTER_MS = 60_000;
/** Stands for a status where no answer came. */
const NO_ANSWER = 0;
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
  readonly #gate: RequestGate;
  readonly #log: LogThrottle;
  readonly #byStatus = new Map<number, number>();
  #requests = 0;
  #retries = 0;
  /** Pauses asked for in a row. */
  #pauses = 0;
  #pauseReason = '';
  #breaker: Breaker = closedBreaker;
  #blocked: string | undefined;
  #lastFailure: RestFacts['lastFailure'];

  constructor(options: RestClientOptions) {
    this.#options = options;
    this.#random = options.random ?? systemRandom;
    this.#gate = new RequestGate({
      limit: options.rest.limits.budget,
      time: options.time,
      clock: options.clock,
      maxQueuedPerLane: options.maxQueuedPerLane ?? MAX_QUEUED_PER_LANE,
    });
    this.#log = new LogThrottle(options.logger ?? silentLogger, options.clock, LOG_EVERY_MS);
  }

  /**
   * Sends a request in its turn, and again where that may help.
   * @throws RateLimitedError, BannedError, BlockedError, AwayError, UnavailableError, RejectedError, UnknownSymbolError,
   * RequestQueueFullError, or the signal's reason
   */
  async send(request: PricedRequest, options: SendOptions): Promise<TimedAnswer> {
    // One signal serves everything of a run: many listeners are no leak here, each is taken off again.
    setMaxListeners(0, options.signal);
    for (let attempt = 0; ; attempt += 1) {
      const refusal = this.#refusal();
      if (refusal !== undefined) throw refusal;
      const spending = await this.#gate.enter(request.weight, options, attempt > 0);
      this.#requests += 1;
      const outcome = await this.#attempt(request, spending, options.signal);
      if (outcome.done) return outcome.answer;
      if (attempt + 1 >= maxAttempts) throw outcome.error;
      this.#retries += 1;
      if (outcome.backsOff) await this.#options.clock.sleep(this.#backoffMs(attempt), options.signal);
    }
  }

  /** The venue states its limit: it replaces the constant. */
  learnLimit(limit: { readonly weight: number; readonly perMs: number }): void {
    this.#gate.learnLimit(limit);
  }

  facts(): RestFacts {
    const { bannedForMs, pausedForMs } = this.#gate;
    const isPaused = pausedForMs > 0;
    const openState = isPaused ? 'open' : 'half-open';
    return {
      ...this.#gate.facts,
      requests: this.#requests,
      retries: this.#retries,
      byStatus: Object.fromEntries(this.#byStatus),
      breaker: this.#breaker.opened === 0 ? 'closed' : openState,
      ...(isPaused ? { pause: { reason: this.#pauseReason, until: this.#localTime(pausedForMs) } } : {}),
      ...(this.#blocked === undefined ? {} : { blocked: this.#blocked }),
      ...(bannedForMs > 0 ? { bannedUntil: this.#localTime(bannedForMs) } : {}),
      ...(this.#lastFailure === undefined ? {} : { lastFailure: this.#lastFailure }),
    };
  }

  async #attempt(request: PricedRequest, spending: Spending, signal: AbortSignal): Promise<Outcome> {
    const { time, rest } = this.#options;
    const leaving = { answeredAt: time.now(), leftAt: time.steadyMs() };
    const got = await this.#get(request, signal);
    const reported = 'response' in got ? rest.usedWeight(got.response.headers) : undefined;
    this.#gate.ended(spending, reported);
    try {
      if ('failure' in got) {
        this.#answered(NO_ANSWER);
        signal.throwIfAborted();
        return this.#unavailable({ message: got.failure }, spending);
      }
      const { response } = got;
      this.#answered(response.status);
      const answeredAt = Math.min(leaving.answeredAt, latestInstantOf(response, time.now()));
      const answer = { ...leaving, answeredAt, response, arrivedAt: time.steadyMs() };
      return this.#judge(answer, rest.verdict(response), spending);
    } finally {
      this.#gate.pump();
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
        return this.#rateLimited(this.#waitOf(verdict));
      case 'banned':
        throw this.#banned(verdict);
      case 'blocked':
        throw this.#blockedBy(verdict.message, spending);
      case 'unavailable':
        return this.#unavailable(verdict, spending);
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

  #answered(status: number): void {
    this.#byStatus.set(status, (this.#byStatus.get(status) ?? 0) + 1);
  }

  #served(spending: Spending): void {
    this.#blocked = undefined;
    if (!this.#gate.served(spending)) return;
    this.#pauses = 0;
    this.#breaker = closedBreaker;
  }

  #rateLimited(askedMs: number | undefined): Outcome {
    const { exchange } = this.#options;
    // Answers to what was in flight together speak of one pause, so only the first one may lengthen it unasked.
    const isNew = this.#gate.pausedForMs <= 0;
    if (isNew) this.#pauses += 1;
    const waitMs = askedMs ?? Math.min(this.#gate.windowMs, backoffCapMs) + this.#backoffMs(this.#pauses);
    const message = `${exchange} asks to slow down`;
    // Whoever asks to slow down is there.
    this.#breaker = closedBreaker;
    if (isNew || askedMs !== undefined) this.#pause(waitMs, message);
    this.#failed(message);
    this.#report({ kind: 'rate-limited', waitMs: Math.round(waitMs) });
    const error = new RateLimitedError(`${exchange} keeps asking to slow down`, { exchange, waitMs });
    return { done: false, error, backsOff: false };
  }

  #banned(verdict: Extract<RestVerdict, { verdict: 'banned' }>): BannedError {
    const { exchange, time } = this.#options;
    const now = time.now();
    const stated = Math.max(verdict.until ?? 0, verdict.waitMs === undefined ? 0 : now + verdict.waitMs);
    const end = stated > now ? Math.min(stated, now + LONGEST_BAN_MS) : now + UNKNOWN_BAN_MS;
    this.#gate.ban(end + WAIT_MARGIN_MS);
    const error = new BannedError(exchange, this.#localTime(this.#gate.bannedForMs));
    this.#failed(error.message);
    this.#report({ kind: 'banned', until: error.until });
    this.#gate.failAll(error);
    return error;
  }

  #blockedBy(message: string, spending: Spending): AppError {
    this.#blocked = message;
    this.#report({ kind: 'blocked', message });
    this.#failed(message);
    this.#hostFailed('refused', message, spending);
    const error = this.#blockedError(message);
    this.#gate.failAll(error);
    return error;
  }

  #unavailable(told: AskedWait & { readonly message: string }, spending: Spending): Outcome {
    const { exchange } = this.#options;
    const { message } = told;
    this.#report({ kind: 'unavailable', message });
    this.#failed(message);
    this.#hostFailed('unanswered', message, spending);
    const askedMs = this.#waitOf(told);
    if (askedMs !== undefined) this.#pause(askedMs, message);
    const error = new UnavailableError(`${exchange} did not answer: ${message}`, { exchange });
    return { done: false, error, backsOff: true };
  }

  /** The host does not serve: after a run of that nothing is sent for a while, and after too long a run nobody waits for it. */
  #hostFailed(failure: HostFailure, reason: string, spending: Spending): void {
    // What was sent before the breaker opened fails in one run with what opened it.
    if (this.#breaker.opened > 0 && this.#gate.isStale(spending)) return;
    const { breaker, holdMs } = failed(this.#breaker, failure, { now: this.#steadyMs, reason });
    this.#breaker = breaker;
    if (holdMs === undefined) return;
    this.#pause(holdMs, reason);
    const refusal = this.#refusal();
    if (refusal !== undefined) this.#gate.failAll(refusal);
  }

  /** Nothing is sent for so long, up to a bound; the reason of what ends last is told. */
  #pause(waitMs: number, reason: string): void {
    const boundMs = Math.min(waitMs, LONGEST_PAUSE_MS);
    if (boundMs >= this.#gate.pausedForMs) this.#pauseReason = reason;
    this.#gate.pause(boundMs);
  }

  /** How long the venue asks us to wait, ms, and a little; undefined where it does not, or only for what is over. */
  #waitOf({ waitMs, until }: AskedWait): number | undefined {
    const asked = waitMs ?? (until === undefined ? 0 : until - this.#options.time.now());
    return asked > 0 ? asked + WAIT_MARGIN_MS * (0.5 + this.#random.next()) : undefined;
  }

  #failed(message: string): void {
    this.#lastFailure = { at: this.#options.clock.now(), message };
  }

  /** Why nothing may be sent at all, if so. */
  #refusal(): AppError | undefined {
    const { exchange } = this.#options;
    const { bannedForMs, pausedForMs } = this.#gate;
    if (bannedForMs > 0) return new BannedError(exchange, this.#localTime(bannedForMs));
    if (this.#breaker.opened === 0 || pausedForMs <= 0) return undefined;
    if (this.#blocked !== undefined) return this.#blockedError(this.#blocked);
    const awayForMs = openForMs(this.#breaker, this.#steadyMs);
    if (awayForMs < AWAY_AFTER_MS) return undefined;
    const until = this.#localTime(pausedForMs);
    return new AwayError(
      `${exchange} has not answered for ${Math.round(awayForMs / 1_000)} s (${this.#breaker.reason ?? ''}); the next request is sent at ${new Date(until).toISOString()}`,
      { exchange, until },
    );
  }

  #blockedError(message: string): BlockedError {
    const { exchange } = this.#options;
    const until = this.#localTime(Math.max(0, this.#gate.pausedForMs));
    return new BlockedError(
      `${exchange} refuses this location: ${message}; use a host that serves it. It is asked again at ${new Date(until).toISOString()}`,
      { exchange, until },
    );
  }

  #report(trouble: RestTrouble): void {
    const { kind, ...fields } = trouble;
    const event = { event: `rest_${kind.replace('-', '_')}`, exchange: this.#options.exchange, ...fields };
    if (this.#log.warn(event)) this.#options.onTrouble?.(trouble);
  }

  #backoffMs(attempt: number): number {
    return fullJitterMs(attempt, { baseMs: backoffBaseMs, capMs: backoffCapMs, random: this.#random });
  }

  get #steadyMs(): number {
    return this.#options.time.steadyMs();
  }

  #localTime(fromNowMs: number): number {
    return Math.round(this.#options.clock.now() + fromNowMs);
  }
}

/** `Date` says whole seconds. */
const DATE_STEP_MS = 1_000;

/**
 * The last instant (ms) at which an answer that is here `now` (ms) can have been true. By its own `Date`: our reading of
 * the venue's clock may be ahead, if that was set back a moment ago, and then a bar that still forms would be taken for
 * closed. And by its `Age`, the seconds a cache has kept it: caches give out a `Date` of their own as well.
 * https://www.rfc-editor.org/rfc/rfc9111#name-age
 */
function latestInstantOf({ headers }: HttpResponse, now: number): number {
  const date = Date.parse(headers['date'] ?? '');
  const byDate = Number.isNaN(date) ? Number.POSITIVE_INFINITY : date + DATE_STEP_MS - 1;
  const age = headers['age'] ?? '';
  return /^\d{1,9}$/.test(age) ? Math.min(byDate, now - Number(age) * 1_000) : byDate;
}
