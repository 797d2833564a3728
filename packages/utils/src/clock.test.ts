import { afterEach, describe, expect, it, vi } from 'vitest';
import { sleepOn, systemClock } from './clock';
import { ManualClock } from './manual-clock';

const DAY_MS = 86_400_000;

describe('systemClock', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('follows the globals, so that a test runner can replace them', () => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
    expect(systemClock.now()).toBe(1_700_000_000_000);
  });

  it('waits for longer than the longest delay a Node timer takes', () => {
    vi.useFakeTimers({ now: 0 });
    const fired: number[] = [];
    systemClock.setTimer(() => fired.push(systemClock.now()), 60 * DAY_MS);
    vi.advanceTimersByTime(60 * DAY_MS - 1);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(fired).toEqual([60 * DAY_MS]);
  });

  it('cancels a timer that was already re-armed', () => {
    vi.useFakeTimers({ now: 0 });
    const fired: number[] = [];
    const cancel = systemClock.setTimer(() => fired.push(1), 60 * DAY_MS);
    vi.advanceTimersByTime(30 * DAY_MS);
    cancel();
    vi.advanceTimersByTime(60 * DAY_MS);
    expect(fired).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('measures durations on a clock that does not go back', () => {
    const first = systemClock.monotonicMs();
    expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(first);
  });
});

describe('sleepOn', () => {
  it('rejects at once when the signal is aborted already, and sets no timer', async () => {
    const clock = new ManualClock(0);
    await expect(sleepOn(clock, 10, AbortSignal.abort('gone'))).rejects.toBe('gone');
    expect(clock.pendingTimers).toBe(0);
  });

  it('lets go of the signal when it wakes: a thousand sleeps leave no listener', async () => {
    const clock = new ManualClock(0);
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, 'removeEventListener');
    for (let round = 0; round < 5; round += 1) {
      const slept = sleepOn(clock, 1, signal);
      await clock.advance(1);
      await slept;
    }
    expect(removed).toHaveBeenCalledTimes(5);
  });
});
