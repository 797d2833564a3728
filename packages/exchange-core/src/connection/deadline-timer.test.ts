import { ManualClock } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { DeadlineTimer } from './deadline-timer';

describe('a deadline', () => {
  it('that is postponed a thousand times costs one timer', async () => {
    const clock = new ManualClock(0);
    let deadline = 100;
    const fired: number[] = [];
    const timer = new DeadlineTimer(clock, () => {
      fired.push(clock.now());
      if (clock.now() < deadline) timer.arm(deadline);
    });
    for (; deadline < 1_100; deadline += 1) timer.arm(deadline);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(2_000);
    expect(fired).toEqual([100, 1_100]);
  });

  it('that comes closer is kept', async () => {
    const clock = new ManualClock(0);
    const fired: number[] = [];
    const timer = new DeadlineTimer(clock, () => fired.push(clock.now()));
    timer.arm(1_000);
    timer.arm(10);
    await clock.advance(5_000);
    expect(fired).toEqual([10]);
  });

  it('that never comes, or is cancelled, leaves no timer', () => {
    const clock = new ManualClock(0);
    const timer = new DeadlineTimer(clock, () => undefined);
    timer.arm(undefined);
    timer.arm(Infinity);
    expect(clock.pendingTimers).toBe(0);
    timer.arm(5);
    timer.cancel();
    expect(clock.pendingTimers).toBe(0);
  });
});
