import { cut, derive, Dice } from './dice';
import { LEAST_TRADES, LEAST_UNITS_PER_TRADE, MARGIN } from './node';
import type { Node, Side } from './node';

/** Trades come more evenly than volume: no lull is long. */
const COUNT_SPREAD = 0.2;

interface Range {
  readonly open: number;
  high: number;
  low: number;
  readonly close: number;
}

/** Splits a stretch into `parts` equal ones that add up to it exactly. */
export function split(node: Node, parts: number): readonly Node[] {
  const dice = new Dice(derive(node.seed, 1));
  const counts = cut(dice, node.count, Array<number>(parts).fill(LEAST_TRADES), COUNT_SPREAD);
  const units = counts.map((count) => count * LEAST_UNITS_PER_TRADE);
  const bought = cut(dice, node.bought.base, units);
  const sold = cut(dice, node.sold.base, units);
  const ranges = rangesOf(node, bought, sold, dice);
  const boughtQuote = shareQuote(node.bought, bought, ranges);
  const soldQuote = shareQuote(node.sold, sold, ranges);
  const length = node.length / parts;
  let firstId = node.firstId;
  let before = node.before;
  return ranges.map((range, at) => {
    const count = counts[at] ?? 0;
    const child: Node = {
      ...range,
      count,
      bought: { base: bought[at] ?? 0, quote: boughtQuote[at] ?? 0 },
      sold: { base: sold[at] ?? 0, quote: soldQuote[at] ?? 0 },
      start: node.start + at * length,
      length,
      seed: derive(node.seed, at + 2),
      firstId,
      before,
      children: undefined,
      tape: undefined,
    };
    firstId += count;
    before = range.close;
    return child;
  });
}

/** Open, high, low and close of each part: a bridge from the open to the close that touches high and low. */
function rangesOf(node: Node, bought: readonly number[], sold: readonly number[], dice: Dice): Range[] {
  const parts = bought.length;
  const span = node.high - node.low;
  const within = (price: number) => Math.min(node.high, Math.max(node.low, Math.round(price)));
  const mean = (node.bought.quote + node.sold.quote) / (node.bought.base + node.sold.base);
  // The bridge bends towards the average price, so that the parts can meet it without being stretched.
  const bend = mean - (node.open + node.close) / 2;
  const ranges: Range[] = [];
  let last = node.open;
  for (let at = 0; at < parts; at += 1) {
    const along = (at + 1) / parts;
    const line = node.open + (node.close - node.open) * along + bend * 4 * along * (1 - along);
    const close = at === parts - 1 ? node.close : within(line + (dice.bell() * span) / 4);
    const open = at === 0 ? node.open : within(last + dice.below(3) - 1);
    const reach = (span / parts) * 0.8;
    const high = within(Math.max(open, close) + dice.next() * reach);
    const low = within(Math.min(open, close) - dice.next() * reach);
    ranges.push({ open, high, low, close });
    last = close;
  }
  touch(ranges, node);
  stretch(ranges, node, bought, sold);
  return ranges;
}

/** The part that comes nearest to the high reaches it, and likewise for the low. */
function touch(ranges: readonly Range[], node: Node): void {
  let [highest] = ranges;
  let [lowest] = ranges;
  for (const range of ranges) {
    if (range.high > (highest?.high ?? 0)) highest = range;
    if (range.low < (lowest?.low ?? 0)) lowest = range;
  }
  if (highest !== undefined) highest.high = node.high;
  if (lowest !== undefined) lowest.low = node.low;
}

/** Widens the parts' ranges, at most to the whole's, until the whole's average prices can be met within them. */
function stretch(ranges: Range[], node: Node, bought: readonly number[], sold: readonly number[]): void {
  const isMet = () => canMeet(node.bought, bought, ranges) && canMeet(node.sold, sold, ranges);
  for (const share of [0.25, 0.5, 1]) {
    if (isMet()) return;
    for (const range of ranges) {
      range.high += Math.ceil((node.high - range.high) * share);
      range.low -= Math.ceil((range.low - node.low) * share);
    }
  }
}

function bounds(
  base: readonly number[],
  ranges: readonly Range[],
): { readonly low: number[]; readonly high: number[] } {
  const low = ranges.map((r, at) => Math.ceil((base[at] ?? 0) * (r.low + MARGIN * (r.high - r.low))));
  const high = ranges.map((r, at) => Math.floor((base[at] ?? 0) * (r.high - MARGIN * (r.high - r.low))));
  return { low, high };
}

const sumOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function canMeet(side: Side, base: readonly number[], ranges: readonly Range[]): boolean {
  const { low, high } = bounds(base, ranges);
  return sumOf(low) <= side.quote && side.quote <= sumOf(high) && low.every((l, at) => l <= (high[at] ?? 0));
}

/**
 * Shares a quote amount among parts so that each part's average price lies well within its range. What rounding of
 * the bounds leaves over, a few units at most, goes to the first part.
 */
function shareQuote(side: Side, base: readonly number[], ranges: readonly Range[]): number[] {
  const { low, high } = bounds(base, ranges);
  const slack = sumOf(high) - sumOf(low);
  const spare = Math.max(0, Math.min(slack, side.quote - sumOf(low)));
  const shares = low.map(
    (floor, at) => floor + (slack <= 0 ? 0 : Math.floor((((high[at] ?? 0) - floor) * spare) / slack)),
  );
  let left = side.quote - sumOf(shares);
  for (let at = 0; at < shares.length && left > 0; at += 1) {
    const extra = Math.min(left, (high[at] ?? 0) - (shares[at] ?? 0));
    shares[at] = (shares[at] ?? 0) + extra;
    left -= extra;
  }
  shares[0] = (shares[0] ?? 0) + left;
  return shares;
}
