import { sleepOn } from './clock';
import type { Clock } from './clock';
import { TimerQueue } from './timer-queue';

/** Timers that may fire at one instant: beyond it something re-arms itself with no delay, for ever. */
const MAX_FIRINGS_AT_ONCE = 100_000;

/** A clock that moves only when told to. Sleepers wake in order of due time, first come first served. */
export class ManualClock implements Clock {
  readonly #timers = new TimerQueue();
  #now: number;

  constructor(startMs = 1_700_000_000_000) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  monotonicMs(): number {
    return this.#now;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    return this.#timers.add(this.#now + Math.max(0, delayMs), callback);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  /** How many timers wait: a test can prove that nothing is left running. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /**
   * Moves time forward by `ms`, firing what falls due on the way; lets promises settle between firings. Time never
   * runs backwards, whether advances overlap or the clock jumps meanwhile.
   */
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms;
    let firings = 0;
    await settle();
    for (let due = this.#timers.nextDue(); due !== undefined && due <= target; due = this.#timers.nextDue()) {
      firings = due > this.#now ? 0 : firings + 1;
      if (firings > MAX_FIRINGS_AT_ONCE) throw new Error('a timer re-arms itself without a delay');
      this.#now = Math.max(this.#now, due);
      this.#timers.popDue(this.#now)?.();
      await settle();
    }
    this.#now = Math.max(this.#now, target);
    await settle();
  }

  /** Jumps the clock without firing timers that fall between, as a machine waking from sleep would. */
  jump(ms: number): void {
    this.#now += ms;
  }
}

/** Lets every promise that can settle without real I/O do so. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
