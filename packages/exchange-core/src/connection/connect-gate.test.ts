import { ManualClock } from '@livermore/utils';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectGate, connectGateFor, nextSlot } from './connect-gate';
import { steadyClockOf } from './steady-clock';

const LIMITS = { connectSpacingMs: 200, connects: { count: 3, perMs: 10_000 } };

describe('when the next attempt may be made', () => {
  it.each([
    ['at once, when there was none', [], 50_000, 50_000],
    ['a spacing after the last', [50_000], 50_050, 50_200],
    ['when the window has room again', [41_000, 48_000, 50_000], 50_500, 51_000],
    ['at once, when all of them are long ago', [1_000, 2_000, 3_000], 50_000, 50_000],
  ] as const)('%s', (_title, past, now, slot) => {
    expect(nextSlot(past, now, LIMITS)).toBe(slot);
  });
});

describe('the gate', () => {
  it('lets attempts through one after another, first come first served', async () => {
    const clock = new ManualClock(0);
    const gate = new ConnectGate(clock, LIMITS);
    const admitted: [string, number][] = [];
    for (const name of ['a', 'b', 'c', 'd']) gate.request(() => admitted.push([name, clock.now()]));
    expect(admitted).toEqual([]);
    await clock.advance(20_000);
    expect(admitted).toEqual([
      ['a', 0],
      ['b', 200],
      ['c', 400],
      ['d', 10_000],
    ]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('forgets whoever gave up the place', async () => {
    const clock = new ManualClock(0);
    const gate = new ConnectGate(clock, LIMITS);
    const admitted: string[] = [];
    const leave = gate.request(() => admitted.push('a'));
    gate.request(() => admitted.push('b'));
    leave();
    await clock.advance(0);
    expect(admitted).toEqual(['b']);
  });

  it('is one for all that connect to a host on a clock', () => {
    const clock = steadyClockOf(new ManualClock());
    const gate = connectGateFor('wss://venue.test:9443/a', LIMITS, clock);
    expect(connectGateFor('wss://venue.test:9443/b', LIMITS, clock)).toBe(gate);
    expect(connectGateFor('wss://other.test/a', LIMITS, clock)).not.toBe(gate);
    expect(connectGateFor('wss://venue.test:9443/a', LIMITS, steadyClockOf(new ManualClock()))).not.toBe(
      gate,
    );
  });

  it('keeps spacing and window whatever the order of requests', async () => {
    const requests = fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(requests, async (pauses) => {
        const clock = new ManualClock(0);
        const gate = new ConnectGate(clock, LIMITS);
        const at: number[] = [];
        for (const pause of pauses) {
          gate.request(() => at.push(clock.now()));
          await clock.advance(pause);
        }
        await clock.advance(200_000);
        expect(at).toHaveLength(pauses.length);
        at.forEach((time, index) => {
          const before = at[index - 1];
          const windowAgo = at[index - LIMITS.connects.count];
          if (before !== undefined) expect(time - before).toBeGreaterThanOrEqual(200);
          if (windowAgo !== undefined) expect(time - windowAgo).toBeGreaterThanOrEqual(10_000);
        });
      }),
      { numRuns: 30 },
    );
  });
});
