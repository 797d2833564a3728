import { afterEach, describe, expect, it, vi } from 'vitest';
import { ReplayClock } from './replay-clock';

const START_MS = 1_600_000_000_000;
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

function maxClock() {
  return new ReplayClock({ startMs: START_MS, speed: 'max' });
}

describe('ReplayClock at max', () => {
  it('jumps from timer to timer in order of due time and ends at the given instant', async () => {
    const clock = maxClock();
    const seen: string[] = [];
    for (const delay of [86_400_000, 60_000, 60_000, 5]) {
      clock.setTimer(() => seen.push(`${delay}@${clock.now() - START_MS}`), delay);
    }
    await clock.run(START_MS + 100_000);
    expect(seen).toEqual(['5@5', '60000@60000', '60000@60000']);
    expect(clock.now()).toBe(START_MS + 100_000);
    await clock.run(START_MS + 86_400_000);
    expect(seen.at(-1)).toBe('86400000@86400000');
  });

  it('lets a sleeper set its next timer before time moves on', async () => {
    const clock = maxClock();
    const at: number[] = [];
    const loop = (async () => {
      for (let round = 0; round < 50; round += 1) {
        await clock.sleep(60_000);
        at.push(clock.now() - START_MS);
      }
    })();
    clock.setTimer(() => undefined, 3_600_000 * 24);
    await clock.run(START_MS + 3_600_000 * 24);
    await loop;
    expect(at).toEqual(Array.from({ length: 50 }, (_, round) => (round + 1) * 60_000));
  });

  it('never wakes whoever waits a fraction of a millisecond before the instant waited for', async () => {
    const clock = maxClock();
    const instant = START_MS + 1000.53;
    let rounds = 0;
    const arm = () => {
      rounds += 1;
      if (clock.now() < instant) clock.setTimer(arm, instant - clock.now());
    };
    clock.setTimer(arm, 999.9);
    await clock.run(START_MS + 5000);
    expect(rounds).toBe(2);
  });

  it('stands still while work it cannot see is held', async () => {
    const clock = maxClock();
    const seen: string[] = [];
    clock.setTimer(() => {
      const release = clock.hold();
      void (async () => {
        for (let turn = 0; turn < 20; turn += 1) await nextTurn();
        seen.push(`work done at ${clock.now() - START_MS}`);
        release();
      })();
    }, 10);
    clock.setTimer(() => seen.push(`timer at ${clock.now() - START_MS}`), 11);
    await clock.run(START_MS + 20);
    expect(seen).toEqual(['work done at 10', 'timer at 11']);
  });

  it('waits for all holds, and for one taken in the very turn in which another is released', async () => {
    const clock = maxClock();
    const seen: string[] = [];
    clock.setTimer(() => {
      const first = clock.hold();
      const second = clock.hold();
      void nextTurn().then(async () => {
        first();
        first();
        await nextTurn();
        second();
        const third = clock.hold();
        for (let turn = 0; turn < 10; turn += 1) await nextTurn();
        seen.push('third released');
        third();
      });
    }, 1);
    clock.setTimer(() => seen.push('next timer'), 2);
    await clock.run(START_MS + 5);
    expect(seen).toEqual(['third released', 'next timer']);
  });

  it('holds for the life of a promise, also when it fails', async () => {
    const clock = maxClock();
    const failed = clock.during(nextTurn().then(() => Promise.reject(new Error('broken'))));
    const seen: string[] = [];
    failed.catch((error: unknown) => seen.push(String(error)));
    clock.setTimer(() => seen.push('timer'), 1);
    await clock.run(START_MS + 5);
    expect(seen).toEqual(['Error: broken', 'timer']);
  });

  it('ends on abort, also while something is held for ever, and fires nothing after it', async () => {
    const clock = maxClock();
    const abort = new AbortController();
    const fired: string[] = [];
    clock.setTimer(() => {
      clock.hold();
      setImmediate(() => abort.abort());
    }, 5);
    clock.setTimer(() => fired.push('late'), 6);
    await clock.run(START_MS + 60_000, abort.signal);
    expect(clock.now()).toBe(START_MS + 5);
    expect(fired).toEqual([]);
  });

  it('has one driver: a second run is refused while the first goes on', async () => {
    const clock = maxClock();
    const release = clock.hold();
    const first = clock.run(START_MS + 10);
    await expect(clock.run(START_MS + 20)).rejects.toThrow('runs already');
    release();
    await first;
    await clock.run(START_MS + 20);
    expect(clock.now()).toBe(START_MS + 20);
  });

  it('does not move back when told to run to the past', async () => {
    const clock = maxClock();
    await clock.run(START_MS - 1_000);
    expect(clock.now()).toBe(START_MS);
  });

  it('names a timer that re-arms itself without a delay instead of hanging', async () => {
    const clock = maxClock();
    const again = () => void clock.setTimer(again, 0);
    again();
    await expect(clock.run(START_MS + 1)).rejects.toThrow('re-arms itself');
  });

  it.each([0, -1, Number.NaN])('refuses the speed %d', (speed) => {
    expect(() => new ReplayClock({ startMs: 0, speed })).toThrow(RangeError);
  });
});

/** Lets real time of the machine pass, moved by hand: how fast replayed time flows is then exact. */
async function elapse(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  for (let turn = 0; turn < 6; turn += 1) await nextTurn();
}

function flowing(speed: number) {
  vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  const clock = new ReplayClock({ startMs: START_MS, speed });
  return { clock, elapsed: () => clock.now() - START_MS };
}

describe('ReplayClock at a number', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('flows that many times as fast as real time, also between timers', async () => {
    const { clock, elapsed } = flowing(60);
    const at: number[] = [];
    clock.setTimer(() => at.push(elapsed()), 60_000);
    const run = clock.run(START_MS + 120_000);
    await elapse(0);
    await elapse(500);
    expect(elapsed()).toBe(30_000);
    expect(at).toEqual([]);
    await elapse(500);
    expect(at).toEqual([60_000]);
    await elapse(1_000);
    await run;
    expect(elapsed()).toBe(120_000);
  });

  it('fires a timer that was set while time flowed towards a later one', async () => {
    const { clock, elapsed } = flowing(1);
    const at: string[] = [];
    clock.setTimer(() => at.push(`hour ${elapsed()}`), 3_600_000);
    const abort = new AbortController();
    const run = clock.run(START_MS + 7_200_000, abort.signal);
    await elapse(0);
    await elapse(1_000);
    clock.setTimer(() => at.push(`soon ${elapsed()}`), 250);
    await elapse(0);
    await elapse(250);
    expect(at).toEqual(['soon 1250']);
    abort.abort();
    await run;
    expect(elapsed()).toBe(1_250);
  });

  it('stands still while something is held and goes on from there', async () => {
    const { clock, elapsed } = flowing(10);
    const run = clock.run(START_MS + 10_000);
    await elapse(0);
    await elapse(200);
    const release = clock.hold();
    await elapse(5_000);
    expect(elapsed()).toBe(2_000);
    release();
    await elapse(0);
    await elapse(300);
    expect(elapsed()).toBe(5_000);
    await elapse(500);
    await run;
    expect(elapsed()).toBe(10_000);
  });

  it('loses nothing to rounding over many short holds', async () => {
    const { clock, elapsed } = flowing(0.3);
    const abort = new AbortController();
    const run = clock.run(START_MS + 1_000_000, abort.signal);
    await elapse(0);
    for (let round = 0; round < 100; round += 1) {
      await elapse(1);
      clock.hold()();
      await elapse(0);
    }
    expect(elapsed()).toBeGreaterThanOrEqual(29);
    abort.abort();
    await run;
  });

  it('stops where it stands when aborted', async () => {
    const { clock, elapsed } = flowing(1);
    const fired: string[] = [];
    clock.setTimer(() => fired.push('late'), 1_000);
    const abort = new AbortController();
    const run = clock.run(START_MS + 5_000, abort.signal);
    await elapse(0);
    await elapse(400);
    abort.abort();
    await run;
    expect(elapsed()).toBe(400);
    expect(fired).toEqual([]);
  });
});
