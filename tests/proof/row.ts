import type { ReplayReport } from '@livermore/replay';

/** One row of the matrix. */
export interface ProofRow {
  readonly group: 'replay' | 'process';
  readonly venue: string;
  readonly id: string;
  readonly title: string;
  /** How the fault was caused. */
  readonly cause: string;
  readonly candles: ReplayReport['candles'];
  /** REST answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly requests: number;
  readonly connections: number;
  /** Closes heard on the Redis channel. */
  readonly announced: number;
  /** Why the row fails; none when it holds. */
  readonly problems: readonly string[];
  /** What is worth knowing and fails no row. */
  readonly notes?: readonly string[];
  /** What was wrong, bar by bar, as far as it was kept. */
  readonly differences: ReplayReport['differences'];
  readonly missing: ReplayReport['missing'];
}
