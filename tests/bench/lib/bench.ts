import type { StartedRedis } from '@livermore/embedded';

/** A number with what it counts: `{ value: 62_000, unit: 'frames/s' }`. */
export interface Figure {
  readonly value: number;
  readonly unit: string;
}

/** What a ratio must be to be good. */
export type Target = { readonly atMost: number } | { readonly atLeast: number };

/** One line of the table: ours beside its peer or limit, measured in one run, in turns. */
export interface Row {
  readonly id: string;
  /** What was done, and how much of it. */
  readonly work: string;
  readonly ours: Figure;
  /** Who or what it is held against. */
  readonly against: string;
  readonly theirs: Figure;
  /** Named the way the target reads: `ours ÷ limit`, `peer ÷ ours`. */
  readonly ratioOf: string;
  readonly ratio: number;
  /** Absent where nothing was promised: the row informs. */
  readonly target?: Target;
  readonly rounds: number;
  readonly notes?: readonly string[];
}

/** What ten times the work cost: 10 is linear. */
export interface Growth {
  readonly id: string;
  readonly small: string;
  readonly large: string;
  /** How many times the work is larger. */
  readonly times: number;
  /** How many times its cost is larger. */
  readonly costTimes: number;
}

/** Something that could not be measured here, and why. */
export interface Skipped {
  readonly id: string;
  readonly what: string;
  readonly why: string;
}

export interface BenchResult {
  readonly rows: readonly Row[];
  readonly growth: readonly Growth[];
  readonly skipped?: readonly Skipped[];
}

export interface BenchContext {
  /** A private, empty Redis. Whoever uses it may empty it. */
  readonly redisUrl: string;
  /** Another one, with nothing behind it. Whoever starts it stops it. */
  readonly newRedis: () => Promise<StartedRedis>;
  /** Fewer rounds and smaller amounts: to see that it runs, not to quote. */
  readonly isQuick: boolean;
  /** Whether benches that take minutes of real time by nature may. */
  readonly usesWallClock: boolean;
  /** Tells a person what is going on. */
  readonly say: (text: string) => void;
}

export interface Bench {
  readonly id: string;
  readonly title: string;
  run(context: BenchContext): Promise<BenchResult>;
}

/** Whether a row keeps its target; undefined where it has none. */
export function isMet({ ratio, target }: Pick<Row, 'ratio' | 'target'>): boolean | undefined {
  if (target === undefined) return undefined;
  return 'atMost' in target ? ratio <= target.atMost : ratio >= target.atLeast;
}
