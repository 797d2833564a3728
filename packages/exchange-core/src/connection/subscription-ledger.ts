import type { Frame, StreamProtocol, Subscription } from '../protocol/protocol';

/** Our own patience, ms. */
export interface LedgerRules {
  readonly ackTimeoutMs: number;
  /** Distance between two looks at what the venue says is subscribed, and between two tries of a suspect. */
  readonly auditEveryMs: number;
  /** Least distance between two listings, however often subscriptions change. */
  readonly auditSpacingMs: number;
  /** Wait before what was refused is asked again. */
  readonly retryDelayMs: number;
}

/** What an answer, or its absence, led to. */
export interface LedgerReport {
  /** Topics that became active just now. */
  readonly confirmed: readonly string[];
  /** Topics held to be active that the venue does not list: they may have missed data since it last came. */
  readonly lost?: readonly string[];
  /** The connection cannot be brought to carry these topics: replace it. */
  readonly failed?: { readonly reason: string; readonly topics: readonly string[] };
}

/** When the next frame may be sent (ms). Connections that share an allowance share this object. */
export interface Pacer {
  sendAt: number;
}

interface Entry {
  readonly subscription: Subscription;
  /** A suspect was refused on earlier connections: its refusal does not condemn this one. */
  readonly isSuspect: boolean;
  state: 'wanted' | 'asked' | 'active' | 'refused';
  /** Asked again already since a listing last showed it, so that the next refusal is final. */
  isSecondTry: boolean;
}

interface Request {
  readonly kind: 'subscribe' | 'unsubscribe' | 'list';
  readonly frame: Frame;
  readonly subscriptions: readonly Subscription[];
  readonly dueAt: number;
}

/** A refused frame is asked again in this many parts, so that one bad topic does not take the others with it. */
const RETRY_PARTS = 8;
const NOTHING: LedgerReport = { confirmed: [] };

/**
 * What one socket is subscribed to, against what is wanted: which frame to send next and when, and what each
 * acknowledgement shows. Deterministic: time is an argument, and nothing is sent from here.
 *
 * There is no queue of frames. Each frame is made from the difference between wanted and active at the moment
 * it may be sent, so that what waits is bounded by the topics wanted. Frames keep the venue's spacing without
 * bursts; where answers cannot be matched by an id, only one frame is in flight.
 */
export class SubscriptionLedger {
  readonly #protocol: StreamProtocol;
  readonly #rules: LedgerRules;
  readonly #entries = new Map<string, Entry>();
  readonly #fresh = new Set<string>();
  readonly #again = new Set<string>();
  readonly #leaving = new Map<string, Subscription>();
  /** Unsubscribed on this socket; kept until a listing shows that the venue let go. */
  readonly #departed = new Map<string, Subscription>();
  #inFlight: readonly Request[] = [];
  readonly #pacer: Pacer;
  #againAt = Infinity;
  #againBatch = 1;
  #auditAt = Infinity;
  #auditedAt = -Infinity;
  #nextId = 1;
  /** Unanswered frames, other than subscribing ones, since the last answer. */
  #strikes = 0;

  constructor(protocol: StreamProtocol, rules: LedgerRules, pacer: Pacer = { sendAt: 0 }) {
    this.#protocol = protocol;
    this.#rules = rules;
    this.#pacer = pacer;
  }

  /** Adds topics that should be active. `suspects` were refused before and are asked after all others. */
  want(subscriptions: Iterable<Subscription>, suspects: ReadonlySet<string>, now: number): void {
    for (const subscription of subscriptions) {
      const { topic } = subscription;
      if (this.#entries.has(topic)) continue;
      const isSuspect = suspects.has(topic);
      this.#entries.set(topic, { subscription, isSuspect, state: 'wanted', isSecondTry: false });
      this.#departed.delete(topic);
      if (isSuspect) this.#askAgain([topic], now);
      else this.#fresh.add(topic);
    }
  }

  unwant(topics: Iterable<string>): void {
    for (const topic of topics) {
      const entry = this.#entries.get(topic);
      if (entry === undefined) continue;
      this.#entries.delete(topic);
      this.#again.delete(topic);
      // A topic that waits to be asked for the first time is not known to the venue.
      if (!this.#fresh.delete(topic)) this.#leaving.set(topic, entry.subscription);
    }
  }

  /** Takes topics off and puts them on again: the cure for one that is acknowledged but never delivers. */
  renew(topics: Iterable<string>): void {
    for (const topic of topics) {
      const entry = this.#entries.get(topic);
      if (entry?.state !== 'active') continue;
      entry.state = 'wanted';
      this.#leaving.set(topic, entry.subscription);
      this.#fresh.add(topic);
    }
  }

  /** The frame to send now, if any; it is taken as sent. */
  nextFrame(now: number): Frame | undefined {
    if (now < this.#pacer.sendAt || this.#isBlocked()) return undefined;
    const made = this.#unsubscribe() ?? this.#subscribe(now) ?? this.#list(now);
    if (made === undefined) return undefined;
    this.#pacer.sendAt = now + this.#protocol.limits.frameSpacingMs;
    this.#inFlight = [...this.#inFlight, { ...made, dueAt: now + this.#rules.ackTimeoutMs }];
    return made.frame;
  }

  /** When to look again (ms): to send, or to miss an acknowledgement. Infinity when nothing is to come. */
  wakeAt(): number {
    const due = this.#inFlight[0]?.dueAt ?? Infinity;
    if (this.#isBlocked()) return due;
    if (this.#leaving.size > 0 || this.#fresh.size > 0) return Math.min(due, this.#pacer.sendAt);
    const retryAt = this.#again.size > 0 ? this.#againAt : Infinity;
    return Math.min(due, Math.max(this.#pacer.sendAt, Math.min(retryAt, this.#auditAt)));
  }

  /** The venue acknowledged: the frame with this id, or else the one in flight. */
  acknowledged(
    requestId: number | undefined,
    active: readonly string[] | undefined,
    now: number,
  ): LedgerReport {
    const request = this.#take(requestId);
    if (request === undefined) return NOTHING;
    if (request.kind !== 'subscribe') this.#strikes = 0;
    if (request.kind === 'subscribe') return this.#subscribed(request, active, now);
    return request.kind === 'list' ? this.#audited(active ?? [], now) : NOTHING;
  }

  /** The venue refused the frame with this id; an error without one means the oldest in flight. */
  refused(requestId: number | undefined, message: string, now: number): LedgerReport {
    const request = this.#take(requestId ?? this.#inFlight[0]?.frame.requestId);
    return request === undefined ? NOTHING : this.#unanswered(request, `refused: ${message}`, now);
  }

  /** Gives up on acknowledgements that are overdue. */
  expire(now: number): LedgerReport {
    const [oldest] = this.#inFlight;
    if (oldest === undefined || now < oldest.dueAt) return NOTHING;
    this.#inFlight = this.#inFlight.slice(1);
    return this.#unanswered(oldest, 'no acknowledgement in time', now);
  }

  /** Whether all that is wanted is active, suspects aside. */
  get isComplete(): boolean {
    for (const entry of this.#entries.values()) {
      if (entry.state !== 'active' && !entry.isSuspect) return false;
    }
    return true;
  }

  isActive(topic: string): boolean {
    return this.#entries.get(topic)?.state === 'active';
  }

  get activeCount(): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.state === 'active') count += 1;
    return count;
  }

  /** Frames sent and not answered yet. */
  get inFlight(): number {
    return this.#inFlight.length;
  }

  #isBlocked(): boolean {
    return this.#inFlight.some((request) => request.frame.requestId === undefined);
  }

  #take(requestId: number | undefined): Request | undefined {
    const request = this.#inFlight.find(({ frame }) => frame.requestId === requestId);
    if (request !== undefined) this.#inFlight = this.#inFlight.filter((other) => other !== request);
    return request;
  }

  #unsubscribe(): Omit<Request, 'dueAt'> | undefined {
    const made = this.#firstFrame('unsubscribe', this.#batch(this.#leaving.values(), Infinity));
    for (const { topic, ...rest } of made?.subscriptions ?? []) {
      this.#leaving.delete(topic);
      if (!this.#entries.has(topic)) this.#depart({ topic, ...rest });
    }
    return made;
  }

  #subscribe(now: number): Omit<Request, 'dueAt'> | undefined {
    const fresh = this.#batch(this.#pick(this.#fresh), Infinity);
    const isRetry = fresh.length === 0 && now >= this.#againAt;
    const batch = isRetry ? this.#batch(this.#pick(this.#again), this.#againBatch) : fresh;
    const made = this.#firstFrame('subscribe', batch);
    for (const { topic } of made?.subscriptions ?? []) {
      this.#fresh.delete(topic);
      this.#again.delete(topic);
      const entry = this.#entries.get(topic);
      if (entry !== undefined) entry.state = 'asked';
    }
    return made;
  }

  #list(now: number): Omit<Request, 'dueAt'> | undefined {
    if (now < this.#auditAt) return undefined;
    this.#auditAt = now + this.#rules.auditEveryMs;
    this.#auditedAt = now;
    const frame = this.#protocol.listFrame?.(() => this.#freshId());
    return frame === undefined ? undefined : { kind: 'list', frame, subscriptions: [] };
  }

  *#pick(topics: ReadonlySet<string>): Generator<Subscription> {
    for (const topic of topics) {
      const entry = this.#entries.get(topic);
      if (entry !== undefined) yield entry.subscription;
    }
  }

  #batch(subscriptions: Iterable<Subscription>, most: number): readonly Subscription[] {
    const size = Math.min(most, this.#protocol.limits.topicsPerFrame);
    const batch: Subscription[] = [];
    for (const subscription of subscriptions) {
      if (batch.length >= size) break;
      batch.push(subscription);
    }
    return batch;
  }

  /** A venue may need several frames for one batch (one for each channel): only the first is made use of now. */
  #firstFrame(
    kind: 'subscribe' | 'unsubscribe',
    batch: readonly Subscription[],
  ): Omit<Request, 'dueAt'> | undefined {
    if (batch.length === 0) return undefined;
    const nextId = () => this.#freshId();
    const [frame] =
      kind === 'subscribe'
        ? this.#protocol.subscribeFrames(batch, nextId)
        : this.#protocol.unsubscribeFrames(batch, nextId);
    if (frame === undefined) return undefined;
    const topics = new Set(frame.topics);
    return { kind, frame, subscriptions: batch.filter(({ topic }) => topics.has(topic)) };
  }

  #freshId(): number {
    const id = this.#nextId;
    this.#nextId += 1;
    return id;
  }

  #subscribed(request: Request, active: readonly string[] | undefined, now: number): LedgerReport {
    const shown = active === undefined ? undefined : new Set(active);
    const confirmed: string[] = [];
    const missing: string[] = [];
    for (const { topic } of request.subscriptions) {
      if (this.#entries.get(topic)?.state !== 'asked') continue;
      if (shown === undefined || shown.has(topic)) confirmed.push(topic);
      else missing.push(topic);
    }
    for (const topic of confirmed) this.#activate(topic, shown !== undefined);
    if (this.#protocol.listFrame !== undefined && this.isComplete) {
      this.#auditAt = Math.min(this.#auditAt, Math.max(now, this.#auditedAt + this.#rules.auditSpacingMs));
    }
    return { confirmed, ...this.#refuse(missing, 'the acknowledgement lacks topics', now) };
  }

  #activate(topic: string, isShown: boolean): void {
    const entry = this.#entries.get(topic);
    if (entry === undefined) return;
    entry.state = 'active';
    if (isShown) entry.isSecondTry = false;
  }

  /** Compares what the venue lists with what is held to be active. */
  #audited(listed: readonly string[], now: number): LedgerReport {
    const shown = new Set(listed);
    const missing: string[] = [];
    for (const [topic, entry] of this.#entries) {
      if (entry.state !== 'active') continue;
      if (shown.has(topic)) entry.isSecondTry = false;
      else missing.push(topic);
    }
    for (const [topic, subscription] of this.#departed) {
      if (shown.has(topic)) this.#leaving.set(topic, subscription);
    }
    this.#departed.clear();
    return { confirmed: [], lost: missing, ...this.#refuse(missing, 'the venue does not list topics', now) };
  }

  #unanswered(request: Request, reason: string, now: number): LedgerReport {
    if (request.kind === 'subscribe') {
      const asked = request.subscriptions.map(({ topic }) => topic);
      const missing = asked.filter((topic) => this.#entries.get(topic)?.state === 'asked');
      return { confirmed: [], ...this.#refuse(missing, reason, now) };
    }
    this.#strikes += 1;
    if (this.#strikes > 1) return { confirmed: [], failed: { reason, topics: [] } };
    if (request.kind === 'list') this.#auditAt = now + this.#rules.retryDelayMs;
    for (const subscription of request.subscriptions) this.#leaveAgain(subscription);
    return NOTHING;
  }

  /** Wanted again meanwhile: then the repeated unsubscribe must be followed by a subscribe. */
  #leaveAgain(subscription: Subscription): void {
    const { topic } = subscription;
    this.#leaving.set(topic, subscription);
    const entry = this.#entries.get(topic);
    if (entry === undefined) return;
    entry.state = 'wanted';
    this.#fresh.add(topic);
  }

  /** Asks once more for what was refused; what was asked twice is final, unless it is a suspect. */
  #refuse(topics: readonly string[], reason: string, now: number): Pick<LedgerReport, 'failed'> {
    const retried: string[] = [];
    const final: string[] = [];
    for (const topic of topics) {
      const entry = this.#entries.get(topic);
      if (entry === undefined) continue;
      if (entry.isSecondTry && !entry.isSuspect) final.push(topic);
      else retried.push(topic);
      entry.state = entry.isSuspect ? 'refused' : 'wanted';
      entry.isSecondTry = true;
    }
    this.#askAgain(retried, now);
    return final.length === 0 ? {} : { failed: { reason, topics: final } };
  }

  #askAgain(topics: readonly string[], now: number): void {
    if (topics.length === 0) return;
    for (const topic of topics) this.#again.add(topic);
    this.#againBatch = Math.max(1, Math.ceil(this.#again.size / RETRY_PARTS));
    const isPatient = topics.every((topic) => this.#entries.get(topic)?.state === 'refused');
    const delay = isPatient ? this.#rules.auditEveryMs : this.#rules.retryDelayMs;
    this.#againAt = this.#again.size > topics.length ? Math.min(this.#againAt, now + delay) : now + delay;
  }

  #depart(subscription: Subscription): void {
    if (this.#protocol.listFrame === undefined) return;
    this.#departed.set(subscription.topic, subscription);
    const [oldest] = this.#departed.keys();
    const isOver = this.#departed.size > this.#protocol.limits.topicsPerConnection;
    if (isOver && oldest !== undefined) this.#departed.delete(oldest);
  }
}
