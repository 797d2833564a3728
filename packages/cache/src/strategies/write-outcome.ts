import { CANDLE_SOURCES } from '@livermore/schemas';
import type { CandleSource } from '@livermore/schemas';

/**
 * What is said of a bar that is announced. `live`: a close in its turn; those of a series come in order of open time.
 * `late`: one behind a later close, or of a time when nobody watched. `correction`: a bar that was told before and has other
 * values now. `retracted`: one that was told and is not there after all.
 */
export const CLOSE_LABELS = ['live', 'late', 'correction', 'retracted'] as const;
export type CloseLabel = (typeof CLOSE_LABELS)[number];

/** What a write by the order of truth did. */
export interface WriteOutcome {
  readonly written: boolean;
  /** Something was cached at that open time. */
  readonly replaced: boolean;
  /** Open, high, low, close or volume differ from what was cached; true where nothing was. */
  readonly changed: boolean;
  /** What was cached was already closed. */
  readonly wasClosed: boolean;
  /** As what this was announced; absent when it was not. */
  readonly news?: CloseLabel;
  /** It became settled by this write. */
  readonly settled: boolean;
  /** It differs from the bar, which stands until a second reading decides. */
  readonly doubted: boolean;
  /** It says what is cached. */
  readonly agrees: boolean;
  /** What is cached now was once closed with other values. */
  readonly corrected: boolean;
  /** Source of what was cached. */
  readonly previousSource?: CandleSource;
}

export const NOTHING_WRITTEN: WriteOutcome = Object.freeze({
  written: false,
  replaced: false,
  changed: false,
  wasClosed: false,
  settled: false,
  doubted: false,
  agrees: false,
  corrected: false,
});

const LABEL_OF_BIT: readonly (readonly [number, CloseLabel])[] = [
  [16, 'live'],
  [32, 'late'],
  [64, 'correction'],
];
/** No write is answered with more than this: eleven bits, and the code of a source. */
export const MAX_OUTCOME = 2 ** 16 - 1;
const PREVIOUS_SHIFT = 4096;
const SOURCE_BITS = 0x0f;

/** Outcomes by their number: a few dozen occur, and a warmup reads a hundred thousand of them. At most one for each number there is. */
const OUTCOMES = new Map<number, WriteOutcome>();

/** Reads the number a candle's write is answered with; the bits are in the header of the Lua command. */
export function outcomeOf(code: number): WriteOutcome {
  const known = OUTCOMES.get(code);
  if (known !== undefined) return known;
  const outcome = Object.freeze(outcomeRead(code));
  OUTCOMES.set(code, outcome);
  return outcome;
}

function outcomeRead(code: number): WriteOutcome {
  const replaced = (code & 2) !== 0;
  const news = LABEL_OF_BIT.find(([bit]) => (code & bit) !== 0)?.[1];
  const previousSource = CANDLE_SOURCES[(Math.floor(code / PREVIOUS_SHIFT) & SOURCE_BITS) - 1];
  return {
    written: (code & 1) !== 0,
    replaced,
    changed: !replaced || (code & 4) !== 0,
    wasClosed: (code & 8) !== 0,
    settled: (code & 128) !== 0,
    doubted: (code & 256) !== 0,
    corrected: (code & 512) !== 0,
    agrees: (code & 1024) !== 0,
    ...(news === undefined ? {} : { news }),
    ...(previousSource === undefined ? {} : { previousSource }),
  };
}
