import { expect, test } from 'vitest';
import { Slots } from './slots';

test('never runs more than its number at once, and lets the others in by order of asking', async () => {
  const slots = new Slots(2);
  const order: number[] = [];
  let running = 0;
  const work = (id: number) =>
    slots.run(async () => {
      order.push(id);
      running += 1;
      expect(running).toBeLessThanOrEqual(2);
      await Promise.resolve();
      running -= 1;
      if (id === 1) throw new Error('one fails');
    });
  const ends = await Promise.allSettled([0, 1, 2, 3, 4].map(work));
  expect(order).toEqual([0, 1, 2, 3, 4]);
  expect(ends.map((end) => end.status === 'fulfilled')).toEqual([true, false, true, true, true]);
});
