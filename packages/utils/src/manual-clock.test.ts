import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from './manual-clock';

describe('ManualClock', () => {
  it('fires timers in order of due time, first come first served, each at its own instant', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(30), { maxLength: 20 }), async (delays) => {
        const clock = new ManualClock(1_000);
        const fired: { readonly at: number; readonly id: number }[] = [];
        for (const [id, delay] of delays.entries()) {
          clock.setTimer(() => fired.push({ at: clock.now(), id }), delay);
        }
        await clock.advance(30);
        const expected = delays
          .map((delay, id) => ({ at: 1_000 + delay, id }))
          .toSorted((a, b) => a.at - b.at || a.id - b.id);
        expect(fired).toEqual(expected);
        expect(clock.pendingTimers).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it('fires what a fired timer set, within the same advance', async () => {
    const clock = new ManualClock(0);
    const at: number[] = [];
    const tick = () => {
      at.push(clock.now());
      if (at.length < 4) clock.setTimer(tick, 10);
    };
    clock.setTimer(tick, 10);
    await clock.advance(35);
    expect(at).toEqual([10, 20, 30]);
    expect(clock.now()).toBe(35);
  });

  it('lets promises settle between firings', async () => {
    const clock = new ManualClock(0);
    const seen: string[] = [];
    void clock.sleep(10).then(() => seen.push(`slept until ${clock.now()}`));
    clock.setTimer(() => seen.push('timer at 11'), 11);
    await clock.advance(20);
    expect(seen).toEqual(['slept until 10', 'timer at 11']);
  });

  it('fires a timer exactly at the edge of an advance and none beyond it', async () => {
    const clock = new ManualClock(0);
    const fired: number[] = [];
    clock.setTimer(() => fired.push(10), 10);
    clock.setTimer(() => fired.push(11), 11);
    await clock.advance(10);
    expect(fired).toEqual([10]);
  });

  it('never runs backwards when advances overlap or the clock jumps meanwhile', async () => {
    const clock = new ManualClock(0);
    await Promise.all([clock.advance(100), clock.advance(50)]);
    expect(clock.now()).toBe(100);
    clock.setTimer(() => clock.jump(5_000), 10);
    await clock.advance(20);
    expect(clock.now()).toBe(5_110);
  });

  it('fires after a jump what fell due during it, late, as a machine waking from sleep does', async () => {
    const clock = new ManualClock(0);
    const at: number[] = [];
    clock.setTimer(() => at.push(clock.now()), 10);
    clock.jump(60_000);
    expect(at).toEqual([]);
    await clock.advance(0);
    expect(at).toEqual([60_000]);
  });

  it('a cancelled timer and an aborted sleep leave nothing behind', async () => {
    const clock = new ManualClock(0);
    const fired: string[] = [];
    clock.setTimer(() => fired.push('timer'), 5)();
    const abort = new AbortController();
    const slept = clock.sleep(5, abort.signal).catch((reason: unknown) => fired.push(String(reason)));
    abort.abort('stop');
    await slept;
    await clock.advance(10);
    expect(fired).toEqual(['stop']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('names a timer that re-arms itself without a delay instead of hanging', async () => {
    const clock = new ManualClock(0);
    const again = () => void clock.setTimer(again, 0);
    again();
    await expect(clock.advance(1)).rejects.toThrow('re-arms itself');
  });
});
