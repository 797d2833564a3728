import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeSequence } from './sequence';
import type { SequenceState } from './sequence';

const verdictsOf = (numbers: readonly number[]) => {
  let state: SequenceState | undefined;
  return numbers.map((received) => {
    const [verdict, next] = judgeSequence(state, received);
    state = next;
    return verdict;
  });
};

describe('a per-connection counter', () => {
  it.each<[string, readonly number[], string]>([
    ['begins anywhere', [17, 18], 'in-order'],
    ['has lost what it leaves out', [4, 6], 'gap'],
    ['says nothing new twice', [4, 4], 'repeat'],
    ['says nothing new late', [3, 4, 6, 5], 'repeat'],
    ['is not believed to begin anew by one low number', [4, 0], 'repeat'],
    ['is not believed to begin anew by two', [40, 0, 1], 'repeat'],
    ['begins anew when a third follows', [40, 0, 1, 2], 'restart'],
    ['goes on from there', [40, 0, 1, 2, 3], 'in-order'],
    ['is not taken to begin anew by repeats that do not count up', [40, 7, 7, 7, 7], 'repeat'],
    ['is not taken to begin anew by late frames between others', [8, 7, 9, 8, 10, 9], 'repeat'],
  ])('%s', (_title, numbers, verdict) => {
    expect(verdictsOf(numbers).at(-1)).toBe(verdict);
  });

  it('sees a gap exactly where frames were lost, and lets each frame through once', () => {
    const frames = fc.array(fc.record({ isLost: fc.boolean(), isRepeated: fc.boolean() }), { maxLength: 50 });
    fc.assert(
      fc.property(frames, (sent) => {
        let state: SequenceState | undefined;
        let gaps = 0;
        const passed: number[] = [];
        sent.forEach(({ isLost, isRepeated }, number) => {
          if (isLost) return;
          for (const received of isRepeated ? [number, number] : [number]) {
            const [verdict, next] = judgeSequence(state, received);
            state = next;
            if (verdict === 'repeat') continue;
            if (verdict === 'gap') gaps += 1;
            passed.push(received);
          }
        });
        const kept = sent.flatMap(({ isLost }, number) => (isLost ? [] : [number]));
        expect(passed).toEqual(kept);
        expect(gaps).toBe(kept.filter((number, at) => at > 0 && number - (kept[at - 1] ?? 0) > 1).length);
      }),
    );
  });
});
