/**
 * A stretch of time whose trades are decided from the top: first a day's open, high, low, close, volume and
 * trade count, then those of its parts, down to single trades. Every level adds up to the one above exactly,
 * so any bar of any length is read off without looking at more than a handful of nodes.
 *
 *   day (1) ─ 4h (6) ─ 1h (4) ─ 15m (4) ─ 5m (3) ─ 1m (5) ─ trades
 *
 * All figures are whole numbers: prices in ticks, sizes in units, quote amounts in ticks × units.
 */

/** Volume on one side of the taker: base units, and their worth. */
export interface Side {
  readonly base: number;
  readonly quote: number;
}

export interface Summary {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly count: number;
  readonly bought: Side;
  readonly sold: Side;
}

export interface Tape {
  /** Ascending, ms. */
  readonly time: readonly number[];
  readonly price: readonly number[];
  readonly size: readonly number[];
  readonly isBought: readonly boolean[];
}

export interface Node extends Summary {
  readonly start: number;
  readonly length: number;
  readonly seed: number;
  readonly firstId: number;
  /** Last price before this stretch. */
  readonly before: number;
  children: readonly Node[] | undefined;
  tape: Tape | undefined;
}

/** A stretch with at most this many trades is written out trade by trade. */
export const MOST_TRADES_OF_A_LEAF = 60;
/** Fewest trades a split leaves to a part: open, high, low, close, and two to balance each side. */
export const LEAST_TRADES = 8;
/** Fewest units of base on each side per trade. */
export const LEAST_UNITS_PER_TRADE = 4;
/** The average price of each side lies this share of the range away from high and low, so that parts can meet it. */
export const MARGIN = 0.2;

const PARTS: Readonly<Record<number, number>> = {
  86_400_000: 6,
  14_400_000: 4,
  3_600_000: 4,
  900_000: 3,
  300_000: 5,
};

/** Into how many parts a stretch is split; 0 where it is written out. */
export function partsOf(node: Pick<Node, 'length' | 'count'>): number {
  return node.count <= MOST_TRADES_OF_A_LEAF ? 0 : (PARTS[node.length] ?? 0);
}
