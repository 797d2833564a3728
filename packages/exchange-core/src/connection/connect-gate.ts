import type { Clock } from '@livermore/utils';
import type { StreamLimits } from '../protocol/protocol';
import { DeadlineTimer } from './deadline-timer';
import type { SteadyClock } from './steady-clock';
import type { Pacer } from './subscription-ledger';

export type ConnectLimits = Pick<StreamLimits, 'connects' | 'connectSpacingMs'>;

/** When the next connection attempt may be made (ms), given the times of earlier ones in ascending order. */
export function nextSlot(past: readonly number[], now: number, limits: ConnectLimits): number {
  const last = past.at(-1);
  const first = past.at(-limits.connects.count);
  const spaced = last === undefined ? now : last + limits.connectSpacingMs;
  const windowed = first === undefined ? now : first + limits.connects.perMs;
  return Math.max(now, spaced, windowed);
}

/**
 * Lets connection attempts through, first come first served, within the venue's limits per address.
 * Holds at most one waiter per connection.
 */
export class ConnectGate {
  /** When the next frame may be sent, for venues that count frames by address. */
  readonly frames: Pacer = { sendAt: 0 };
  readonly #clock: Clock;
  readonly #limits: ConnectLimits;
  readonly #timer: DeadlineTimer;
  #past: readonly number[] = [];
  #waiting: readonly (() => void)[] = [];

  constructor(clock: Clock, limits: ConnectLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#timer = new DeadlineTimer(clock, () => this.#admit());
  }

  /** Calls back once, when an attempt may be made; never before it returned. Returns what gives up the place. */
  request(admitted: () => void): () => void {
    const waiter = () => admitted();
    this.#waiting = [...this.#waiting, waiter];
    this.#timer.arm(nextSlot(this.#past, this.#clock.now(), this.#limits));
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== waiter);
      if (this.#waiting.length === 0) this.#timer.cancel();
    };
  }

  #admit(): void {
    const now = this.#clock.now();
    const [first, ...rest] = this.#waiting;
    if (first === undefined) return;
    if (nextSlot(this.#past, now, this.#limits) <= now) {
      this.#past = [...this.#past, now].slice(-this.#limits.connects.count);
      this.#waiting = rest;
      first();
    }
    if (this.#waiting.length > 0) this.#timer.arm(nextSlot(this.#past, now, this.#limits));
  }
}

/** Gates by the host they guard, for each clock: adapters of one process share the address they connect from. */
const GATES = new WeakMap<Clock, Map<string, ConnectGate>>();

/** The gate of everything in this process that connects to this URL's host. */
export function connectGateFor(url: string, limits: ConnectLimits, clock: SteadyClock): ConnectGate {
  const byHost = GATES.get(clock) ?? new Map<string, ConnectGate>();
  GATES.set(clock, byHost);
  const { host } = new URL(url);
  const gate = byHost.get(host) ?? new ConnectGate(clock, limits);
  byHost.set(host, gate);
  return gate;
}
