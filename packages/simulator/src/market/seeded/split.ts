import { cut, derive, Dice, weigh } from './dice';
import { LEAST_TRADES, LEAST_UNITS_PER_TRADE } from './node';
import type { Node } from './node';
import { rangesOf, shareQuote } from './ranges';

/** Trades come more evenly than volume: no lull is long. */
const COUNT_SPREAD = 0.2;
const VOLUME_SPREAD = 0.55;
/** Both sides trade much where much is traded: else their average prices would lie apart, and ranges span the difference. */
const SIDE_SPREAD = 0.2;

/** Splits a stretch into `parts` equal ones that add up to it exactly. */
export function split(node: Node, parts: number): readonly Node[] {
  const dice = new Dice(derive(node.seed, 1));
  const fewest = Array<number>(parts).fill(LEAST_TRADES);
  const counts = cut(node.count, fewest, weigh(dice, parts, COUNT_SPREAD));
  const units = counts.map((count) => count * LEAST_UNITS_PER_TRADE);
  const volumes = weigh(dice, parts, VOLUME_SPREAD);
  const leaning = weigh(dice, parts, SIDE_SPREAD);
  const bought = cut(node.bought.base, units, volumes);
  const sold = cut(
    node.sold.base,
    units,
    volumes.map((volume, at) => volume * (leaning[at] ?? 1)),
  );
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
