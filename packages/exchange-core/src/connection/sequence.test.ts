import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeSequence } from './sequence';

describe('a per-connection counter', () => {
  it.each([
    [undefined, 0, 'in-order'],
    [undefined, 17, 'in-order'],
    [4, 5, 'in-order'],
    [4, 6, 'gap'],
    [4, 4, 'repeat'],
    [4, 0, 'repeat'],
  ] as const)('after %s, %s is: %s', (last, received, verdict) => {
    expect(judgeSequence(last, received)).toBe(verdict);
  });

  it('sees a gap exactly where frames were lost, and lets each frame through once', () => {
    const frames = fc.array(fc.record({ isLost: fc.boolean(), isRepeated: fc.boolean() }), { maxLength: 50 });
    fc.assert(
      fc.property(frames, (sent) => {
        let last: number | undefined;
        let gaps = 0;
        const passed: number[] = [];
        sent.forEach(({ isLost, isRepeated }, number) => {
          if (isLost) return;
          for (const received of isRepeated ? [number, number] : [number]) {
            const verdict = judgeSequence(last, received);
            if (verdict === 'repeat') continue;
            if (verdict === 'gap') gaps += 1;
            last = received;
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
