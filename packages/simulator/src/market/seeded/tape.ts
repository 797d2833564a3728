import { cut, derive, Dice, weigh } from './dice';
import { MARGIN } from './node';
import type { Node, Side, Tape } from './node';

/** How unevenly what is left is traded. */
const SIZE_SPREAD = 0.55;

/** What a trade of the sketch is there for: a point of the price path, or to bring a side's volume and worth about. */
interface Draft {
  price: number;
  size: number;
  readonly isBought: boolean;
  readonly isPath: boolean;
}

/** Writes out the trades of a stretch; they add up to it exactly. */
export function writeTape(node: Node): Tape {
  const dice = new Dice(derive(node.seed, 1));
  const drafts = sketch(node, dice);
  for (const isBought of [true, false]) {
    const side = isBought ? node.bought : node.sold;
    const own = drafts.filter((draft) => draft.isBought === isBought);
    const path = own.filter((draft) => draft.isPath);
    sizePath(path, side, dice);
    balance(
      own.filter((draft) => !draft.isPath),
      rest(side, path),
      dice,
    );
  }
  const time = timesOf(node, dice);
  return {
    time,
    price: drafts.map((draft) => draft.price),
    size: drafts.map((draft) => draft.size),
    isBought: drafts.map((draft) => draft.isBought),
  };
}

/** Ascending instants within the stretch. */
export function timesOf(node: Pick<Node, 'start' | 'length' | 'count'>, dice: Dice): number[] {
  const times = Array.from({ length: node.count }, () => node.start + dice.below(node.length));
  return times.toSorted((a, b) => a - b);
}

/** The first trade at the open, the last at the close, high and low between, about a third to balance the sides. */
function sketch(node: Node, dice: Dice): Draft[] {
  const { count } = node;
  const inner = count - 2;
  const highAt = 1 + dice.below(inner);
  const lowAt = 1 + ((highAt + dice.below(inner - 1)) % inner);
  const balancers = balancersAt(count, highAt, lowAt, dice);
  let flip = false;
  let balanceFlip = false;
  return Array.from({ length: count }, (_, at): Draft => {
    if (balancers.has(at)) {
      balanceFlip = !balanceFlip;
      return { price: 0, size: 0, isBought: balanceFlip, isPath: false };
    }
    flip = !flip;
    return { price: pathPrice(node, at, highAt, lowAt, dice), size: 0, isBought: flip, isPath: true };
  });
}

function balancersAt(count: number, highAt: number, lowAt: number, dice: Dice): Set<number> {
  const free = Array.from({ length: count - 2 }, (_, at) => at + 1).filter(
    (at) => at !== highAt && at !== lowAt,
  );
  const wanted = Math.max(4, Math.floor(count / 3));
  const chosen = new Set<number>();
  // Selection sampling: each free place is taken with the chance that leaves exactly `wanted` taken in the end.
  free.forEach((at, seen) => {
    if (dice.next() * (free.length - seen) < wanted - chosen.size) chosen.add(at);
  });
  return chosen;
}

function pathPrice(node: Node, at: number, highAt: number, lowAt: number, dice: Dice): number {
  if (at === 0) return node.open;
  if (at === node.count - 1) return node.close;
  if (at === highAt) return node.high;
  if (at === lowAt) return node.low;
  const line = node.open + ((node.close - node.open) * at) / node.count;
  const price = Math.round(line + (dice.bell() * (node.high - node.low)) / 3);
  return inside(price, node.low, node.high);
}

/** Between low and high, reached by none but the trades that are there to reach them; what lies beyond is turned back. */
function inside(price: number, low: number, high: number): number {
  const turned = price >= high ? 2 * high - price - 1 : price <= low ? 2 * low - price + 1 : price;
  return Math.min(high, Math.max(low, turned));
}

function sizePath(path: readonly Draft[], side: Side, dice: Dice): void {
  const most = (side.base * MARGIN) / Math.max(1, path.length);
  for (const draft of path) draft.size = Math.max(1, Math.floor(dice.next() * most));
}

function rest(side: Side, path: readonly Draft[]): Side {
  let { base, quote } = side;
  for (const { price, size } of path) {
    base -= size;
    quote -= price * size;
  }
  return { base, quote };
}

/** Two neighbouring prices can express any average between them: the remainder decides how much trades at the upper. */
function balance(drafts: readonly Draft[], side: Side, dice: Dice): void {
  const lower = Math.floor(side.quote / side.base);
  const remainder = side.quote - lower * side.base;
  const wanted = Math.round((drafts.length * remainder) / side.base);
  const least = Math.max(remainder > 0 ? 1 : 0, drafts.length - (side.base - remainder));
  const uppers = Math.max(least, Math.min(wanted, remainder, drafts.length - 1));
  const isUpper = drafts.map((_, at) => (at * 7) % drafts.length < uppers);
  if (isUpper.filter(Boolean).length !== uppers) isUpper.forEach((_, at) => (isUpper[at] = at < uppers));
  fill(
    drafts.filter((_, at) => isUpper[at]),
    lower + 1,
    remainder,
    dice,
  );
  fill(
    drafts.filter((_, at) => !isUpper[at]),
    lower,
    side.base - remainder,
    dice,
  );
}

function fill(drafts: readonly Draft[], price: number, base: number, dice: Dice): void {
  const least = drafts.map(() => 1);
  const sizes = cut(base, least, weigh(dice, drafts.length, SIZE_SPREAD));
  drafts.forEach((draft, at) => {
    draft.price = price;
    draft.size = sizes[at] ?? 0;
  });
}
