/** What a frame's place in its connection's counter says. */
export type SequenceVerdict = 'in-order' | 'gap' | 'repeat' | 'restart';

/** Where a counter stands. */
export interface SequenceState {
  readonly last: number;
  /** Frames in a row that were numbered below it, each one up from the one before. */
  readonly lower: number;
  readonly lastLower: number;
}

/** A frame that comes twice, or late, is alone; so many in a row that count up are a counter that began anew. */
const RESTART_AFTER = 3;

/**
 * Judges a per-connection counter that grows by one with each frame. The first frame of a connection is
 * always in order; after a gap or a restart, counting goes on from what was received.
 * @example judgeSequence({ last: 4, lower: 0, lastLower: 0 }, 7)[0] // 'gap': 5 and 6 were lost
 */
export function judgeSequence(
  state: SequenceState | undefined,
  received: number,
): readonly [SequenceVerdict, SequenceState] {
  const counted = { last: received, lower: 0, lastLower: 0 };
  if (state === undefined || received === state.last + 1) return ['in-order', counted];
  if (received > state.last) return ['gap', counted];
  const lower = state.lower > 0 && received === state.lastLower + 1 ? state.lower + 1 : 1;
  if (lower >= RESTART_AFTER) return ['restart', counted];
  return ['repeat', { last: state.last, lower, lastLower: received }];
}
