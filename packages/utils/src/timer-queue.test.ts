import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimerQueue } from './timer-queue';

type Step = { readonly add: number } | { readonly cancel: number } | { readonly popAt: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ add: fc.integer({ min: 0, max: 50 }) }) },
  { weight: 3, arbitrary: fc.record({ cancel: fc.nat(500) }) },
  { weight: 2, arbitrary: fc.record({ popAt: fc.integer({ min: 0, max: 60 }) }) },
);

interface Model {
  readonly dueMs: number;
  readonly id: number;
}

/** A list that is sorted anew before every look: what the heap must be indistinguishable from. */
class SortedList {
  #entries: Model[] = [];

  get size(): number {
    return this.#entries.length;
  }

  add(entry: Model): void {
    this.#entries.push(entry);
    this.#entries.sort((a, b) => a.dueMs - b.dueMs || a.id - b.id);
  }

  cancel(id: number): void {
    this.#entries = this.#entries.filter((entry) => entry.id !== id);
  }

  nextDue(): number | undefined {
    return this.#entries[0]?.dueMs;
  }

  popDue(nowMs: number): number | undefined {
    const first = this.#entries[0];
    if (first === undefined || first.dueMs > nowMs) return undefined;
    this.#entries.shift();
    return first.id;
  }
}

describe('TimerQueue', () => {
  it('does what a sorted list would, under any adds, cancels and takes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const queue = new TimerQueue();
        const model = new SortedList();
        const cancels: (() => void)[] = [];
        let fired = -1;
        for (const each of steps) {
          if ('add' in each) {
            const id = cancels.length;
            model.add({ dueMs: each.add, id });
            cancels.push(queue.add(each.add, () => (fired = id)));
          } else if ('cancel' in each) {
            const id = cancels.length === 0 ? 0 : each.cancel % cancels.length;
            cancels[id]?.();
            model.cancel(id);
          } else {
            fired = -1;
            queue.popDue(each.popAt)?.();
            expect(fired).toBe(model.popDue(each.popAt) ?? -1);
          }
          expect(queue.size).toBe(model.size);
          expect(queue.nextDue()).toBe(model.nextDue());
        }
      }),
    );
  });

  it('forgets cancelled timers instead of keeping them until they would have been due', () => {
    const queue = new TimerQueue();
    const kept: string[] = [];
    queue.add(5_000, () => kept.push('late'));
    queue.add(1_000, () => kept.push('early'));
    for (let round = 0; round < 10_000; round += 1) queue.add(9_000_000 - round, () => undefined)();
    expect(queue.size).toBe(2);
    expect(queue.heapSize).toBeLessThan(200);
    queue.popDue(5_000)?.();
    queue.popDue(5_000)?.();
    expect(kept).toEqual(['early', 'late']);
  });

  it('cancelling twice, or after the timer fired, changes nothing', () => {
    const queue = new TimerQueue();
    const cancel = queue.add(1, () => undefined);
    queue.add(2, () => undefined);
    queue.popDue(1);
    cancel();
    cancel();
    expect(queue.size).toBe(1);
  });

  it('refuses a due time that is not a number, which would spoil the order of all others', () => {
    expect(() => new TimerQueue().add(Number.NaN, () => undefined)).toThrow(RangeError);
  });
});
