import type { Node, Tape } from './node';

/** Running sums of the trades of a bucket. `count` 0: nothing traded, `close` is the last price before it. */
export interface Tally {
  open: number;
  high: number;
  low: number;
  close: number;
  count: number;
  base: number;
  quote: number;
  boughtBase: number;
  boughtQuote: number;
  firstId: number;
}

export function emptyTally(): Tally {
  return {
    open: 0,
    high: 0,
    low: 0,
    close: 0,
    count: 0,
    base: 0,
    quote: 0,
    boughtBase: 0,
    boughtQuote: 0,
    firstId: -1,
  };
}

/** Adds everything that happened in a stretch. */
export function addNode(tally: Tally, node: Node): void {
  if (tally.count === 0) {
    tally.open = node.open;
    tally.high = node.high;
    tally.low = node.low;
    tally.firstId = node.firstId;
  } else {
    if (node.high > tally.high) tally.high = node.high;
    if (node.low < tally.low) tally.low = node.low;
  }
  tally.close = node.close;
  tally.count += node.count;
  tally.base += node.bought.base + node.sold.base;
  tally.quote += node.bought.quote + node.sold.quote;
  tally.boughtBase += node.bought.base;
  tally.boughtQuote += node.bought.quote;
}

/** Adds the trades with from ≤ time < to. */
export function addTrades(tally: Tally, node: Node, tape: Tape, from: number, to: number): void {
  for (let at = firstAtOrAfter(tape.time, from); at < tape.time.length; at += 1) {
    if ((tape.time[at] ?? 0) >= to) return;
    const price = tape.price[at] ?? 0;
    const size = tape.size[at] ?? 0;
    if (tally.count === 0) {
      tally.open = price;
      tally.high = price;
      tally.low = price;
      tally.firstId = node.firstId + at;
    } else {
      if (price > tally.high) tally.high = price;
      if (price < tally.low) tally.low = price;
    }
    tally.close = price;
    tally.count += 1;
    tally.base += size;
    tally.quote += price * size;
    if (tape.isBought[at] === true) {
      tally.boughtBase += size;
      tally.boughtQuote += price * size;
    }
  }
}

/** Index of the first instant ≥ `at` in an ascending list (its length when there is none). */
export function firstAtOrAfter(times: readonly number[], at: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
