import { ManualClock } from '@livermore/utils';
import { expect, it } from 'vitest';
import { SteadyClock } from './steady-clock';

it('goes on when the machine is set back, and tells its instants in the machine’s time', () => {
  const machine = new ManualClock(1_000_000);
  const steady = new SteadyClock(machine);
  expect(steady.now()).toBe(1_000_000);
  machine.jump(-300_000);
  expect(steady.now()).toBe(1_000_000);
  machine.jump(5_000);
  expect(steady.now()).toBe(1_005_000);
  expect(steady.toMachine(1_005_000)).toBe(machine.now());
  expect(steady.toMachine(0)).toBe(0);
  machine.jump(60_000);
  expect(steady.now()).toBe(1_065_000);
});
