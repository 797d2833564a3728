import type { Dice } from './dice';
import { MARGIN } from './node';
import type { Side, Summary } from './node';

/** Open, high, low and close of a part, ticks. */
export interface Range {
  open: number;
  high: number;
  low: number;
  close: number;
}

/** The range of a walk of n steps is about this many of its steps' deviations, times √n. */
const REACH_OF_A_WALK = 1.6;
/** 1 / the deviation of `Dice.bell`. */
const BELL = 2.45;
/** How far a part reaches beyond its open and close on each side, at most, in deviations of a step. */
const EXCURSION = 0.8;
/** Times the path is bent towards the average price at most; each leaves a fraction of what was missing. */
const BENDS = 2;
/** The share of the range within which the average price is as good as met. */
const NEAR_ENOUGH = 0.04;
/** How far the ranges are widened, one try after the other, where the average cannot be met otherwise. */
const WIDENINGS = [0.2, 0.3, 0.4, 0.6, 0.8, 1, 1] as const;

/**
 * A walk from the open to the close that reaches high and low, each in one part where ticks allow, and whose parts can
 * hold the average prices of both sides. `bought`, `sold`: the base units of each part.
 */
export function rangesOf(
  node: Summary,
  bought: readonly number[],
  sold: readonly number[],
  dice: Dice,
): readonly Range[] {
  const walk = walkOf(node, bought.length, dice);
  const ranges = walk.map((part) => ({ ...part }));
  fit(ranges, walk, node);
  for (let round = 0; round < BENDS; round += 1) {
    const distance = missing(node, bought, sold, ranges);
    if (Math.abs(distance) <= NEAR_ENOUGH * (node.high - node.low)) break;
    bend(walk, distance);
    fit(ranges, walk, node);
  }
  widen(ranges, node, { bought, sold }, dice);
  return ranges;
}

function walkOf(node: Summary, parts: number, dice: Dice): Range[] {
  const deviation = (node.high - node.low) / (REACH_OF_A_WALK * Math.sqrt(parts));
  const walk: Range[] = [];
  let close = node.open;
  for (let at = 0; at < parts; at += 1) {
    const open = close;
    close += dice.bell() * BELL * deviation;
    walk.push({ open, high: dice.next(), low: dice.next(), close });
  }
  const drift = (node.close - close) / parts;
  walk.forEach((part, at) => {
    part.open += drift * at;
    part.close += drift * (at + 1);
    part.high = Math.max(part.open, part.close) + part.high * EXCURSION * deviation;
    part.low = Math.min(part.open, part.close) - part.low * EXCURSION * deviation;
  });
  return walk;
}

/** Whole ticks within the node's range: what lies beyond its open and close is scaled so as to reach high and low. */
function fit(ranges: readonly Range[], walk: readonly Range[], node: Summary): void {
  const top = Math.max(node.open, node.close);
  const bottom = Math.min(node.open, node.close);
  let [highest] = walk;
  let [lowest] = walk;
  for (const part of walk) {
    if (part.high > (highest?.high ?? 0)) highest = part;
    if (part.low < (lowest?.low ?? 0)) lowest = part;
  }
  const above = (node.high - top) / Math.max(1, (highest?.high ?? top) - top);
  const below = (bottom - node.low) / Math.max(1, bottom - (lowest?.low ?? bottom));
  const within = (price: number): number => {
    let scaled = price;
    if (price > top) scaled = top + (price - top) * above;
    else if (price < bottom) scaled = bottom - (bottom - price) * below;
    return Math.min(node.high, Math.max(node.low, Math.round(scaled)));
  };
  let last = node.open;
  ranges.forEach((range, at) => {
    const part = walk[at];
    if (part === undefined) return;
    range.open = last;
    range.close = at === walk.length - 1 ? node.close : within(part.close);
    last = range.close;
    const [upper, lower] = range.open > range.close ? [range.open, last] : [last, range.open];
    range.high = part === highest ? node.high : Math.max(upper, Math.min(node.high - 1, within(part.high)));
    range.low = part === lowest ? node.low : Math.min(lower, Math.max(node.low + 1, within(part.low)));
  });
}

const middleOf = ({ open, high, low, close }: Range): number => (open + high + low + close) / 4;

/** By how much the average price of the node exceeds that of its parts, were each traded around its middle. */
function missing(
  node: Summary,
  bought: readonly number[],
  sold: readonly number[],
  ranges: readonly Range[],
): number {
  let worth = 0;
  ranges.forEach((range, at) => (worth += middleOf(range) * ((bought[at] ?? 0) + (sold[at] ?? 0))));
  return (node.bought.quote + node.sold.quote - worth) / (node.bought.base + node.sold.base);
}

/** Bends the walk between its ends, so that its average moves by about `distance`: a bow is two thirds of its middle. */
function bend(walk: readonly Range[], distance: number): void {
  const bow = (along: number) => 6 * distance * along * (1 - along);
  walk.forEach((part, at) => {
    const above = part.high - Math.max(part.open, part.close);
    const below = Math.min(part.open, part.close) - part.low;
    part.open += bow(at / walk.length);
    part.close += bow((at + 1) / walk.length);
    part.high = Math.max(part.open, part.close) + above;
    part.low = Math.min(part.open, part.close) - below;
  });
}

/**
 * Widens the parts' ranges, upwards or downwards, until the averages of both sides can be met within them; to the whole
 * range only as a last resort, so that neighbours do not end alike.
 */
function widen(
  ranges: readonly Range[],
  node: Summary,
  base: { readonly bought: readonly number[]; readonly sold: readonly number[] },
  dice: Dice,
): void {
  for (const share of WIDENINGS) {
    const lacks = [lackOf(node.bought, base.bought, ranges), lackOf(node.sold, base.sold, ranges)];
    if (lacks.every((lack) => lack === 0)) return;
    const isHigher = lacks.includes(1);
    const isLower = lacks.includes(-1);
    for (const range of ranges) {
      const part = share === 1 ? 1 : share * dice.next();
      if (isHigher) range.high += Math.floor((node.high - range.high) * part);
      if (isLower) range.low -= Math.floor((range.low - node.low) * part);
    }
  }
}

/** 1: the parts cannot be traded high enough for the side's worth; -1: not low enough; 0: they can. */
function lackOf(side: Side, base: readonly number[], ranges: readonly Range[]): -1 | 0 | 1 {
  let least = 0;
  let most = 0;
  ranges.forEach((range, at) => {
    const low = leastWorth(range, base[at] ?? 0);
    least += low;
    most += Math.max(low, mostWorth(range, base[at] ?? 0));
  });
  if (side.quote > most) return 1;
  return side.quote < least ? -1 : 0;
}

const leastWorth = ({ high, low }: Range, base: number) => Math.ceil(base * (low + MARGIN * (high - low)));
const mostWorth = ({ high, low }: Range, base: number) => Math.floor(base * (high - MARGIN * (high - low)));

/**
 * Shares a worth among parts: each around its middle, all moved as far towards one edge as the sum wants.
 */
export function shareQuote(side: Side, base: readonly number[], ranges: readonly Range[]): readonly number[] {
  const shares: number[] = [];
  let spare = side.quote;
  let rise = 0;
  let fall = 0;
  ranges.forEach((range, at) => {
    const units = base[at] ?? 0;
    const least = leastWorth(range, units);
    const most = Math.max(least, mostWorth(range, units));
    const middle = Math.min(most, Math.max(least, Math.floor(middleOf(range) * units)));
    shares.push(middle);
    spare -= middle;
    rise += most - middle;
    fall += middle - least;
  });
  const room = spare > 0 ? rise : fall;
  const along = room === 0 ? 0 : Math.min(1, Math.abs(spare) / room);
  let left = side.quote;
  ranges.forEach((range, at) => {
    const [units, middle] = [base[at] ?? 0, shares[at] ?? 0];
    const least = leastWorth(range, units);
    const edge = spare > 0 ? Math.max(least, mostWorth(range, units)) : least;
    shares[at] = Math.floor(middle + (edge - middle) * along);
    left -= shares[at];
  });
  return withRest(shares, left, base, ranges);
}

/** What rounding left over goes to parts that have room for it: one that spans a single price has none. */
function withRest(
  shares: number[],
  rest: number,
  base: readonly number[],
  ranges: readonly Range[],
): readonly number[] {
  let left = rest;
  let widest = 0;
  ranges.forEach((range, at) => {
    const reach = ranges[widest];
    if (reach === undefined || range.high - range.low > reach.high - reach.low) widest = at;
    const room = Math.max(0, mostWorth(range, base[at] ?? 0) - (shares[at] ?? 0));
    const extra = Math.min(left, room);
    shares[at] = (shares[at] ?? 0) + extra;
    left -= extra;
  });
  shares[widest] = (shares[widest] ?? 0) + left;
  return shares;
}
