import type { Clock } from '@livermore/utils';
import { sleepOn } from '@livermore/utils';

/** What several processes must agree on to live in one time. */
export interface ScaledTime {
  /** Real time (ms) at which the scaled one began, and the instant (ms) it began with. */
  readonly realStartMs: number;
  readonly startMs: number;
  /** How many times faster than real time it goes. */
  readonly speed: number;
  /** At this instant (ms) this process' own wall clock is set by so much; its steady time is not. */
  readonly jump?: { readonly at: number; readonly byMs: number };
}

/** Largest delay a Node timer takes. */
const MAX_TIMER_MS = 2_147_483_647;

/** A clock that goes faster than real time, the same in every process that is told of it. */
export function scaledClock(time: ScaledTime): Clock {
  const { realStartMs, startMs, speed, jump } = time;
  const steady = () => (performance.timeOrigin + performance.now() - realStartMs) * speed;
  const clock: Clock = {
    now: () => {
      const now = Math.floor(startMs + steady());
      return jump !== undefined && now >= jump.at ? now + jump.byMs : now;
    },
    monotonicMs: steady,
    setTimer: (callback, delayMs) => {
      const timer = setTimeout(callback, Math.min(MAX_TIMER_MS, Math.max(0, delayMs) / speed));
      return () => clearTimeout(timer);
    },
    sleep: (ms, signal) => sleepOn(clock, ms, signal),
  };
  return clock;
}
