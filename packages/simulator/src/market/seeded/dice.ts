/** Chance that belongs to a place: the same seed and place give the same throws for ever. */

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** A seed from a seed and a number. */
export function derive(seed: number, part: number): number {
  return mix((mix(seed) + Math.imul(part ^ (part / 4_294_967_296), 0x9e3779b1)) >>> 0);
}

/** Throws in [0, 1) (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  /** In (-1, 1), more often near 0. */
  bell(): number {
    return this.next() + this.next() - 1;
  }
}

/** Random weights between 1 - spread and 1 + spread. */
export function weigh(dice: Dice, parts: number, spread: number): number[] {
  return Array.from({ length: parts }, () => 1 - spread + 2 * spread * dice.next());
}

/** Cuts `total` into parts of at least `least[i]`, the rest in proportion to the weights; the sum is exact. */
export function cut(total: number, least: readonly number[], weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  const spare = total - least.reduce((a, b) => a + b, 0);
  let given = 0;
  let weight = 0;
  return least.map((floor, at) => {
    weight += weights[at] ?? 0;
    const upTo = at === least.length - 1 ? spare : Math.floor((spare * weight) / sum);
    const part = floor + upTo - given;
    given = upTo;
    return part;
  });
}
