/** What a frame's place in its connection's counter says. */
export type SequenceVerdict = 'in-order' | 'gap' | 'repeat';

/**
 * Judges a per-connection counter that grows by one with each frame. The first frame of a connection is
 * always in order; after a gap, counting goes on from what was received.
 * @example judgeSequence(4, 7) // 'gap': 5 and 6 were lost
 */
export function judgeSequence(last: number | undefined, received: number): SequenceVerdict {
  if (last === undefined || received === last + 1) return 'in-order';
  return received > last ? 'gap' : 'repeat';
}
