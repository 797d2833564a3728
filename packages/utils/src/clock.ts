/**
 * The only file that touches the machine's clock and timers. Everything else is handed a `Clock`, so that a
 * test, a replay and a simulator can run on time of their own.
 */

/** Time, as an argument. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** A monotonic reading in milliseconds with sub-millisecond resolution, for measuring durations only. */
  monotonicMs(): number;
  /** Calls back once after `delayMs`; returns what cancels it. A callback must not throw. */
  setTimer(callback: () => void, delayMs: number): () => void;
  /** Resolves after `ms`. Rejects with the signal's reason as soon as `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Largest delay a Node timer takes; a longer one fires at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** `sleep` in terms of `setTimer`: the same for every clock. */
export function sleepOn(clock: Pick<Clock, 'setTimer'>, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.setTimer(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The machine's clock. Wrappers, not references: a test runner's fake timers replace the globals. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(callback, delayMs) {
    let timer: NodeJS.Timeout;
    const arm = (left: number) => {
      const step = Math.min(left, MAX_TIMER_MS);
      timer = setTimeout(() => (left > step ? arm(left - step) : callback()), Math.max(0, step));
    };
    arm(delayMs);
    return () => clearTimeout(timer);
  },
  sleep: (ms, signal) => sleepOn(systemClock, ms, signal),
};
