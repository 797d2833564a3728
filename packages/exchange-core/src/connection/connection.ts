import type { Subscription } from '../protocol/protocol';
import { announce } from './announce';
import { Attempt } from './attempt';
import type { AttemptOwner, SequenceGap } from './attempt';
import type { ConnectionFacts } from './connection-facts';
import { DRAIN_MS, LEDGER_RULES, REPAIR_MARGIN_MS, connectionRules } from './connection-rules';
import { SILENT, isCarrying, nextDeadline, step } from './connection-state';
import type { ConnectionEffect, ConnectionInput, ConnectionRules, ConnectionState } from './connection-model';
import type { ConnectionOptions } from './connection-options';
import { DeadlineTimer } from './deadline-timer';
import { Patience } from './patience';
import { RepairLedger } from './repair-ledger';
import { SubscriptionLedger } from './subscription-ledger';
import type { LedgerReport } from './subscription-ledger';
import { Suspects } from './suspects';
import type { Instant } from './venue-time';

/** Abnormal closure: the handshake did not complete, RFC 6455 section 7.4.1. */
const ABNORMAL_CLOSURE = 1006;
const TOPICS_NAMED = 10;
/** What comes this soon (ms) after the socket opened may be what the venue tells every newcomer of the past. */
const SNAPSHOT_MS = 10_000;

/**
 * Keeps topics subscribed for as long as it lives: performs what the state table decides and feeds it what
 * happens. It owns at most two sockets that deliver: the current one, and its successor or its predecessor.
 */
export class Connection {
  readonly name: string;
  readonly #options: ConnectionOptions;
  readonly #rules: ConnectionRules;
  readonly #attemptOwner: AttemptOwner;
  readonly #timer: DeadlineTimer;
  readonly #repairs: RepairLedger;
  readonly #wanted = new Map<string, Subscription>();
  readonly #suspects = new Suspects();
  readonly #patience: Patience;
  readonly #inputs: ConnectionInput[] = [];
  #state: ConnectionState = { name: 'idle' };
  #stateSince: number;
  #isStepping = false;
  #current: Attempt | undefined;
  #next: Attempt | undefined;
  #retired: Attempt | undefined;
  #cancelDrain: (() => void) | undefined;
  #leaveGate: (() => void) | undefined;
  #goodUntil: Instant;
  #earlierFrames = 0;
  #attempts = 0;
  #reconnects = 0;
  #rotations = 0;

  constructor(options: ConnectionOptions) {
    this.name = options.name;
    this.#options = options;
    this.#rules = connectionRules(options.protocol.limits);
    this.#repairs = new RepairLedger(options.venueTime, REPAIR_MARGIN_MS);
    this.#timer = new DeadlineTimer(options.clock, () =>
      this.#dispatch({ input: 'tick', ...this.#patience.vitals(this.#current) }),
    );
    this.#stateSince = options.clock.now();
    this.#goodUntil = { ours: this.#stateSince };
    this.#attemptOwner = this.#listen();
    this.#want(options.protocol.standing);
    this.#patience = new Patience({ ...options, carried: this.#wanted });
  }

  start(): void {
    this.#dispatch({ input: 'start' });
  }

  /** Ends it for good: sockets close politely, nothing is heard any more. */
  stop(): void {
    this.#dispatch({ input: 'stop' });
    this.#endRetired();
    this.#timer.cancel();
  }

  /**
   * Carries these topics besides the standing ones, and no others. With `owesRepair`, a repair from now on is
   * announced for the new ones once they are subscribed: whoever asked may already be fetching their history.
   */
  carry(
    topics: ReadonlySet<string>,
    subscriptionOf: (topic: string) => Subscription | undefined,
    owesRepair: boolean,
  ): void {
    const standing = new Set(this.#options.protocol.standing.map(({ topic }) => topic));
    const gone = [...this.#wanted.keys()].filter((topic) => !topics.has(topic) && !standing.has(topic));
    const added = [...topics].filter((topic) => !this.#wanted.has(topic)).map(subscriptionOf);
    if (gone.length > 0) this.#remove(gone);
    const known = added.filter((subscription) => subscription !== undefined);
    if (known.length > 0) this.#add(known, owesRepair);
    this.#patience.reckon();
    this.#watch();
  }

  /** Takes topics off and puts them on again; their repair is announced once they are back. */
  renew(topics: readonly string[]): void {
    const mine = topics.filter((topic) => this.#wanted.has(topic));
    for (const topic of mine) this.#repairs.owe([topic], this.#lastGoodAt(topic), 'resubscribed');
    this.#current?.ledger.renew(mine);
    this.#current?.pump();
  }

  /** Owes a repair to everything it carries that is not subscribed yet. */
  owePending(reason: string): void {
    const pending = [...this.#wanted.keys()].filter(
      (topic) => this.#current?.ledger.isActive(topic) !== true,
    );
    this.#repairs.owe(pending, this.#goodUntil, reason);
  }

  /** Announces the repairs of what is subscribed: call when the venue's clock has become known. */
  settle(): void {
    this.#settleActive();
  }

  get isCarrying(): boolean {
    return isCarrying(this.#state);
  }

  facts(): ConnectionFacts {
    const { clock } = this.#options;
    const state = this.#state;
    const current = this.#current;
    return {
      name: this.name,
      state: state.name,
      stateSince: clock.toMachine(this.#stateSince),
      ageMs: 'openedAt' in state ? clock.now() - state.openedAt : 0,
      frames: this.#earlierFrames + (current?.frames ?? 0) + (this.#next?.frames ?? 0),
      lastFrameAt: clock.toMachine(current?.lastFrameAt ?? 0),
      toldTo: current?.toldTo ?? 0,
      lastDataAt: clock.toMachine(current?.lastDataAt ?? 0),
      attempts: this.#attempts,
      reconnects: this.#reconnects,
      rotations: this.#rotations,
      failures: 'failures' in state ? state.failures : 0,
      topicsWanted: this.#wanted.size,
      topicsActive: current?.ledger.activeCount ?? 0,
      topicsRefused: [...this.#suspects.topics()].filter((topic) => current?.ledger.isActive(topic) !== true),
      framesInFlight: current?.ledger.inFlight ?? 0,
      repairsOwed: this.#repairs.size,
    };
  }

  #want(subscriptions: readonly Subscription[]): void {
    for (const subscription of subscriptions) this.#wanted.set(subscription.topic, subscription);
  }

  #add(subscriptions: readonly Subscription[], owesRepair: boolean): void {
    const { clock } = this.#options;
    this.#want(subscriptions);
    const topics = subscriptions.map(({ topic }) => topic);
    if (owesRepair) this.#repairs.owe(topics, { ours: clock.now() }, 'subscribed');
    for (const attempt of [this.#current, this.#next]) {
      attempt?.ledger.want(subscriptions, this.#suspects.topics(), clock.now());
      attempt?.pump();
    }
  }

  #remove(topics: readonly string[]): void {
    this.#repairs.forget(topics);
    this.#suspects.cleared(topics);
    for (const topic of topics) this.#wanted.delete(topic);
    for (const attempt of [this.#current, this.#next]) {
      attempt?.ledger.unwant(topics);
      attempt?.pump();
    }
  }

  /** What happens while an input is being stepped through waits its turn, so that each step is whole. */
  #dispatch(input: ConnectionInput): void {
    this.#inputs.push(input);
    if (this.#isStepping) return;
    this.#isStepping = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) this.#step(next);
    } finally {
      this.#isStepping = false;
    }
    this.#watch();
  }

  #watch(): void {
    this.#timer.arm(nextDeadline(this.#state, this.#patience.vitals(this.#current), this.#rules));
  }

  #step(input: ConnectionInput): void {
    const { clock, random, logger, owner } = this.#options;
    const before = this.#state;
    const moment = { now: clock.now(), chance: random.next() };
    const [after, effects] = step(before, input, moment, this.#rules);
    this.#state = after;
    if (after.name !== before.name) {
      this.#stateSince = moment.now;
      const reason = 'reason' in input ? input.reason : undefined;
      const { name } = this;
      logger.debug({
        event: 'connection_state',
        connection: name,
        from: before.name,
        to: after.name,
        reason,
      });
    }
    for (const effect of effects) this.#perform(effect);
    if (isCarrying(before) !== isCarrying(after)) owner.carryingChanged(isCarrying(after));
  }

  #perform(effect: ConnectionEffect): void {
    switch (effect.do) {
      case 'queue':
        this.#leaveGate = this.#options.gate.request(() => this.#dispatch({ input: 'admitted' }));
        return;
      case 'unqueue':
        this.#leaveGate?.();
        return;
      case 'open':
        this.#current = this.#newAttempt();
        this.#current.open();
        return;
      case 'open-next':
        this.#next = this.#newAttempt();
        this.#next.open();
        return;
      case 'drop':
        this.#dropCurrent();
        if (effect.reason === SILENT) this.#patience.wasSilent();
        return;
      case 'drop-next':
        this.#end(this.#next);
        this.#next = undefined;
        return;
      case 'owe-repair':
        this.#repairs.owe(this.#wanted.keys(), this.#goodUntil, effect.reason);
        return;
      case 'promote':
        this.#promote();
        return;
      case 'hand-over':
        this.#handOver();
        return;
      case 'announce':
        if (effect.what === 'reconnecting') this.#reconnects += 1;
        announce(effect, this.#options);
    }
  }

  #newAttempt(): Attempt {
    const { url, openSocket, protocol, context, clock, gate, venueTime } = this.#options;
    const pacer = protocol.limits.framesPerAddress === true ? gate.frames : { sendAt: 0 };
    const ledger = new SubscriptionLedger(protocol, LEDGER_RULES, pacer);
    ledger.want(this.#wanted.values(), this.#suspects.topics(), clock.now());
    this.#attempts += 1;
    return new Attempt({ url, openSocket, protocol, context, clock, venueTime, ledger }, this.#attemptOwner);
  }

  #dropCurrent(): void {
    this.#goodUntil = this.#current?.goodUntil ?? this.#goodUntil;
    this.#end(this.#current);
    this.#current = undefined;
  }

  #end(attempt: Attempt | undefined): void {
    if (attempt === undefined) return;
    this.#earlierFrames += attempt.frames;
    if (this.#state.name === 'stopped') attempt.close('stopped');
    else attempt.end();
  }

  #promote(): void {
    this.#current = this.#next;
    this.#next = undefined;
    this.#settleActive();
  }

  #handOver(): void {
    this.#endRetired();
    const old = this.#current;
    this.#goodUntil = old?.goodUntil ?? this.#goodUntil;
    this.#retired = old;
    this.#current = this.#next;
    this.#next = undefined;
    this.#rotations += 1;
    this.#cancelDrain = this.#options.clock.setTimer(
      () => this.#drained('did not answer our close'),
      DRAIN_MS,
    );
    old?.retire();
    this.#settleActive();
  }

  /** The overlap ended without the closing handshake: what the old socket still had to say may be lost. */
  #drained(reason: string): void {
    const since = this.#retired?.goodUntil ?? this.#goodUntil;
    this.#endRetired();
    this.#repairs.owe(this.#wanted.keys(), since, `rotation: the old connection ${reason}`);
    this.#settleActive();
  }

  #endRetired(): void {
    this.#cancelDrain?.();
    this.#cancelDrain = undefined;
    this.#end(this.#retired);
    this.#retired = undefined;
  }

  #settleActive(): void {
    const current = this.#current;
    if (current === undefined || this.#repairs.size === 0) return;
    this.#settle([...this.#wanted.keys()].filter((topic) => current.ledger.isActive(topic)));
  }

  #settle(topics: readonly string[]): void {
    const note = this.#repairs.settle(topics);
    if (note !== undefined) this.#options.owner.repair(note);
  }

  /** What attempts report, by the role they have at that moment; those without a role are not heard. */
  #listen(): AttemptOwner {
    const { owner } = this.#options;
    return {
      opened: (attempt) => this.#hear(attempt, { input: 'opened' }, { input: 'next-opened' }),
      subscribed: (attempt) => this.#hear(attempt, { input: 'subscribed' }, { input: 'next-subscribed' }),
      firstData: (attempt) => this.#hear(attempt, { input: 'data' }, { input: 'next-data' }),
      deliver: (attempt, events, now) => {
        owner.deliver(events, now);
        if (!this.#patience.isStretched || now - attempt.openedAt < SNAPSHOT_MS) return;
        this.#patience.delivered();
        this.#watch();
      },
      report: (attempt, report) => this.#report(attempt, report),
      gap: (attempt, gap) => this.#gap(attempt, gap),
      goodbye: (attempt, reason) =>
        this.#hear(attempt, { input: 'goodbye', reason }, { input: 'next-lost', reason }),
      venueError: (_attempt, message) =>
        announce({ do: 'announce', what: 'error', reason: message }, this.#options),
      undecodable: (error) => owner.undecodable(error),
      unreadable: (elements, venueTime) =>
        owner.unreadable(elements, { venueTime, carried: [...this.#wanted.keys()] }),
      ignored: (what) => owner.ignored(what),
      closed: (attempt, code, reason) => this.#closed(attempt, code, reason),
    };
  }

  #hear(attempt: Attempt, asCurrent: ConnectionInput, asNext: ConnectionInput): void {
    if (attempt === this.#current) this.#dispatch(asCurrent);
    else if (attempt === this.#next) this.#dispatch(asNext);
  }

  #closed(attempt: Attempt, code: number, reason: string): void {
    if (attempt === this.#retired) {
      if (code === ABNORMAL_CLOSURE) this.#drained('was cut');
      else this.#endRetired();
      return;
    }
    const why = reason === '' ? `closed with ${code}` : `closed with ${code}: ${reason}`;
    this.#hear(attempt, { input: 'lost', reason: why }, { input: 'next-lost', reason: why });
  }

  #gap(attempt: Attempt, { expected, received, goodUntil }: SequenceGap): void {
    if (attempt !== this.#current) return;
    const { logger, owner } = this.#options;
    const connection = this.name;
    logger.warn({ event: 'connection_gap', connection, expected, received });
    owner.announce({ type: 'feed:gap', connection, expected, received });
    this.#repairs.owe(this.#wanted.keys(), goodUntil ?? this.#goodUntil, 'frames were lost');
    this.#settleActive();
  }

  #report(attempt: Attempt, { confirmed, lost, failed }: LedgerReport): void {
    for (const topic of lost ?? []) this.#repairs.owe([topic], this.#lastGoodAt(topic), 'was not subscribed');
    this.#suspects.cleared(confirmed);
    if (attempt === this.#current) this.#settle(confirmed);
    if (failed === undefined) return;
    // A socket that carries other topics works: then it is the topics that are wrong.
    const isWorking = attempt.ledger.activeCount > this.#options.protocol.standing.length;
    if (isWorking) this.#suspects.refused(failed.topics);
    const named = failed.topics.slice(0, TOPICS_NAMED).join(', ');
    const reason = named === '' ? failed.reason : `${failed.reason}: ${named}`;
    this.#hear(attempt, { input: 'refused', reason }, { input: 'next-refused', reason });
  }

  #lastGoodAt(topic: string): Instant {
    const venue = this.#options.owner.lastGoodAt(topic);
    return venue === undefined ? this.#goodUntil : { ours: this.#options.clock.now(), venue };
  }
}
