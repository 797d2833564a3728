import type { Clock } from '@livermore/utils';

/** Smaller steps back are the machine's clock being disciplined, ms. */
const TOLERATED_MS = 1_000;

/**
 * A clock that is not set back: deadlines and watchdogs computed on it hold when the machine's clock is moved,
 * as timers do, which count elapsed time. A jump forward is seen: the machine may have slept.
 */
export class SteadyClock implements Clock {
  readonly #clock: Clock;
  #last = -Infinity;
  /** What the machine's clock was set back by in all, ms. */
  #setBackMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    const now = this.#clock.now();
    if (now < this.#last - TOLERATED_MS) this.#setBackMs += this.#last - now;
    this.#last = now;
    return now + this.#setBackMs;
  }

  /** An instant of this clock (ms) as the machine's clock tells it now; 0 stays 0, for never. */
  toMachine(at: number): number {
    return at === 0 ? 0 : at - this.#setBackMs;
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    return this.#clock.setTimer(callback, delayMs);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#clock.sleep(ms, signal);
  }
}

const STEADY = new WeakMap<Clock, SteadyClock>();

/** The steady clock of a machine's clock: one for all, so that what they share means the same to each. */
export function steadyClockOf(clock: Clock): SteadyClock {
  const steady = STEADY.get(clock) ?? new SteadyClock(clock);
  STEADY.set(clock, steady);
  return steady;
}
