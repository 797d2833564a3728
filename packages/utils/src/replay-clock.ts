import { sleepOn, systemClock } from './clock';
import type { Clock } from './clock';
import { TimerQueue } from './timer-queue';

/** Event-loop turns without any outstanding work after which nothing more can happen at this instant. */
const QUIET_TURNS = 2;

/** Timers that may fire in one step: beyond it something re-arms itself with no delay, for ever. */
const MAX_FIRINGS_AT_ONCE = 1_000_000;

/** Time that flows: from `#now` at `sinceMs` (real, monotonic) at the clock's speed, never past `targetMs`. */
interface Flow {
  readonly sinceMs: number;
  readonly targetMs: number;
  readonly wake: AbortController;
}

/**
 * One clock for a venue and its observer, starting at a recorded instant and running at a chosen speed.
 *
 * At `speed: 'max'` it jumps to the next timer as soon as nothing is outstanding; at a number, recorded time flows
 * that many times as fast as real time. What it cannot see, real I/O such as a Redis round trip, is announced with
 * `hold()`; time stands still until it is released.
 */
export class ReplayClock implements Clock {
  readonly #timers = new TimerQueue();
  readonly #speed: number | 'max';
  #now: number;
  #flow: Flow | undefined;
  #isRunning = false;
  #held = 0;
  #onRelease: (() => void) | undefined;

  /** @throws RangeError when `speed` is neither `max` nor a positive number */
  constructor(options: { readonly startMs: number; readonly speed: number | 'max' }) {
    if (options.speed !== 'max' && !(options.speed > 0)) {
      throw new RangeError(`a replay runs at a positive speed or at max, not at ${options.speed}`);
    }
    this.#now = options.startMs;
    this.#speed = options.speed;
  }

  now(): number {
    return Math.floor(this.#exactNow());
  }

  monotonicMs(): number {
    return systemClock.monotonicMs();
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    // Whole milliseconds, as `now` reads them: whoever waits a fraction until an instant would wake before it, for ever.
    const dueMs = Math.ceil(this.now() + Math.max(0, delayMs));
    const cancel = this.#timers.add(dueMs, callback);
    if (this.#flow !== undefined && dueMs < this.#flow.targetMs) this.#standStill();
    return cancel;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  /** Announces work the clock cannot see; time does not move until the returned function is called. */
  hold(): () => void {
    this.#held += 1;
    this.#standStill();
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

  /**
   * Runs time until `untilMs`, or until `signal` is aborted. Timers fire in order of due time.
   * @throws Error when it runs already: time has one driver
   */
  async run(untilMs: number, signal?: AbortSignal): Promise<void> {
    if (this.#isRunning) throw new Error('this clock runs already');
    this.#isRunning = true;
    const onAbort = () => {
      this.#standStill();
      this.#onRelease?.();
    };
    signal?.addEventListener('abort', onAbort);
    try {
      await this.#run(untilMs, signal);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.#isRunning = false;
    }
  }

  async #run(untilMs: number, signal?: AbortSignal): Promise<void> {
    for (;;) {
      await this.#quiet(signal);
      if (signal?.aborted) return;
      const due = this.#timers.nextDue() ?? Number.POSITIVE_INFINITY;
      const targetMs = Math.min(due, untilMs);
      if (this.#speed !== 'max' && this.#now < targetMs) {
        await this.#flowTo(targetMs, this.#speed);
        // Work may have come up meanwhile, or an earlier timer.
        continue;
      }
      this.#now = Math.max(this.#now, targetMs);
      if (due > untilMs) return;
      this.#fireDue();
    }
  }

  /** Everything due at this very instant is one step: the work it causes overlaps, as on a real machine. */
  #fireDue(): void {
    let firings = 0;
    for (let due = this.#timers.popDue(this.#now); due !== undefined; due = this.#timers.popDue(this.#now)) {
      firings += 1;
      if (firings > MAX_FIRINGS_AT_ONCE) throw new Error('a timer re-arms itself without a delay');
      due();
    }
  }

  async #flowTo(targetMs: number, speed: number): Promise<void> {
    const wake = new AbortController();
    this.#flow = { sinceMs: systemClock.monotonicMs(), targetMs, wake };
    const isReached = await systemClock.sleep((targetMs - this.#now) / speed, wake.signal).then(
      () => true,
      () => false,
    );
    this.#standStill();
    if (isReached) this.#now = Math.max(this.#now, targetMs);
  }

  /** Ends a flow of time where it stands. */
  #standStill(): void {
    const flow = this.#flow;
    if (flow === undefined) return;
    this.#now = this.#exactNow();
    this.#flow = undefined;
    flow.wake.abort();
  }

  /** Now with its fraction of a millisecond, so that many short flows add up to what passed. */
  #exactNow(): number {
    const flow = this.#flow;
    if (flow === undefined || this.#speed === 'max') return this.#now;
    const elapsedMs = (systemClock.monotonicMs() - flow.sinceMs) * this.#speed;
    return Math.min(flow.targetMs, this.#now + elapsedMs);
  }

  /** Resolves when nothing is held and the event loop has nothing left to do, or when `signal` is aborted. */
  async #quiet(signal?: AbortSignal): Promise<void> {
    let quietTurns = 0;
    while (quietTurns < QUIET_TURNS && !signal?.aborted) {
      if (this.#held > 0) await this.#released();
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
      quietTurns = this.#held > 0 ? 0 : quietTurns + 1;
    }
  }

  #released(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#onRelease = () => {
        this.#onRelease = undefined;
        resolve();
      };
    });
  }
}
