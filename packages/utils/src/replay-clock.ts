import { sleepOn, systemClock } from './clock';
import type { Clock } from './clock';
import { TimerQueue } from './timer-queue';

/** Event-loop turns without any outstanding work after which nothing more can happen at this instant. */
const QUIET_TURNS = 2;

/**
 * One clock for a venue and its observer, starting at a recorded instant and running at a chosen speed.
 *
 * At `speed: 'max'` it jumps to the next timer as soon as nothing is outstanding. What it cannot see, real
 * I/O such as a Redis round trip, is announced with `hold()`; time stands still until it is released.
 */
export class ReplayClock implements Clock {
  readonly #timers = new TimerQueue();
  readonly #speed: number | 'max';
  #now: number;
  #held = 0;
  #onRelease: (() => void) | undefined;

  constructor(options: { readonly startMs: number; readonly speed: number | 'max' }) {
    this.#now = options.startMs;
    this.#speed = options.speed;
  }

  now(): number {
    return this.#now;
  }

  monotonicMs(): number {
    return systemClock.monotonicMs();
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    return this.#timers.add(this.#now + Math.max(0, delayMs), callback);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  /** Announces work the clock cannot see; time does not move until the returned function is called. */
  hold(): () => void {
    this.#held += 1;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#held -= 1;
      if (this.#held === 0) this.#onRelease?.();
    };
  }

  /** Holds the clock for the life of a promise. */
  async during<T>(work: Promise<T>): Promise<T> {
    const release = this.hold();
    try {
      return await work;
    } finally {
      release();
    }
  }

  /** Runs time until `untilMs`, or until `signal` is aborted. Timers fire in order of due time. */
  async run(untilMs: number, signal?: AbortSignal): Promise<void> {
    while (!signal?.aborted) {
      await this.#quiet();
      const next = this.#timers.nextDue();
      const target = next === undefined || next > untilMs ? untilMs : next;
      if (this.#speed !== 'max') await pause((target - this.#now) / this.#speed, signal);
      if (target > this.#now) this.#now = target;
      if (next === undefined || next > untilMs) return;
      // Everything due at this very instant belongs to one step: the work it causes overlaps, as on a real machine.
      for (let due = this.#timers.popDue(this.#now); due !== undefined; due = this.#timers.popDue(this.#now))
        due();
    }
  }

  async #quiet(): Promise<void> {
    for (let turns = 0; turns < QUIET_TURNS; turns += 1) {
      if (this.#held > 0) {
        await new Promise<void>((resolve) => {
          this.#onRelease = resolve;
        });
        this.#onRelease = undefined;
        turns = -1;
      }
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
    if (this.#held > 0) await this.#quiet();
  }
}

function pause(realMs: number, signal?: AbortSignal): Promise<void> {
  return realMs <= 0 ? Promise.resolve() : systemClock.sleep(realMs, signal).catch(() => undefined);
}
