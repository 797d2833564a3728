import { sleepOn } from './clock';
import type { Clock } from './clock';
import { TimerQueue } from './timer-queue';

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

  /** Moves time forward by `ms`, firing what falls due on the way; lets promises settle between firings. */
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms;
    await settle();
    for (
      let next = this.#timers.nextDue();
      next !== undefined && next <= target;
      next = this.#timers.nextDue()
    ) {
      this.#now = Math.max(this.#now, next);
      this.#timers.popDue(this.#now)?.();
      await settle();
    }
    this.#now = target;
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
