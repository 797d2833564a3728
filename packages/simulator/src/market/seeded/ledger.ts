import { DAY_MS } from '../intervals';
import { dayOf } from './day';
import type { Character } from './day';
import { partsOf } from './node';
import type { Node, Tape } from './node';
import { split } from './split';
import { addNode, addTrades, emptyTally, firstAtOrAfter } from './tally';
import type { Tally } from './tally';
import { writeTape } from './tape';

/** Nodes and trades kept in memory over all symbols, about 80 bytes each; the longest unused days are forgotten. */
const MEMO_BUDGET = 600_000;
const DAYS_KEPT = 20_000;

/** Remembers days while they are in use. What is forgotten is decided again, equal. */
export class DayMemo {
  readonly #days = new Map<string, { readonly node: Node; cost: number }>();
  #cost = 0;
  #latest: { readonly key: string; readonly entry: { readonly node: Node; cost: number } } | undefined;

  day(name: string, character: Character, day: number): Node {
    const key = `${name}|${day}`;
    if (this.#latest?.key === key) return this.#latest.entry.node;
    let entry = this.#days.get(key);
    if (entry === undefined) {
      entry = { node: dayOf(character, day), cost: 1 };
      this.#cost += 1;
    } else {
      this.#days.delete(key);
    }
    this.#days.set(key, entry);
    this.#latest = { key, entry };
    this.#forget();
    return entry.node;
  }

  children(node: Node, parts: number): readonly Node[] {
    if (node.children === undefined) {
      node.children = split(node, parts);
      this.#spend(parts);
    }
    return node.children;
  }

  tape(node: Node): Tape {
    if (node.tape === undefined) {
      node.tape = writeTape(node);
      this.#spend(node.count);
    }
    return node.tape;
  }

  #spend(cost: number): void {
    this.#cost += cost;
    if (this.#latest !== undefined) this.#latest.entry.cost += cost;
  }

  #forget(): void {
    while ((this.#cost > MEMO_BUDGET || this.#days.size > DAYS_KEPT) && this.#days.size > 1) {
      const oldest = this.#days.entries().next().value;
      if (oldest === undefined) return;
      this.#days.delete(oldest[0]);
      this.#cost -= oldest[1].cost;
    }
  }
}

/** What one symbol's trades add up to over any stretch of time. */
export class Ledger {
  readonly #memo: DayMemo;
  readonly #name: string;
  readonly #character: Character;

  constructor(memo: DayMemo, name: string, character: Character) {
    this.#memo = memo;
    this.#name = name;
    this.#character = character;
  }

  /** Sums of the trades with from ≤ time < to; without any, `close` is the last price before `from`. */
  tally(from: number, to: number): Tally {
    const tally = emptyTally();
    const first = Math.max(this.#character.firstDay, Math.floor(from / DAY_MS));
    for (let day = first; day * DAY_MS < to; day += 1) {
      this.#add(tally, this.#day(day), from, to);
    }
    if (tally.count === 0) tally.close = this.priceBefore(from);
    return tally;
  }

  /** The last price before `at`; that of the listing when nothing traded yet. */
  priceBefore(at: number): number {
    const day = Math.max(this.#character.firstDay, Math.floor((at - 1) / DAY_MS));
    let node = this.#day(day);
    for (let parts = partsOf(node); parts > 0; parts = partsOf(node)) {
      const children: readonly Node[] = this.#memo.children(node, parts);
      const index = Math.floor(((at - 1 - node.start) * parts) / node.length);
      node = children[Math.max(0, Math.min(parts - 1, index))] ?? node;
    }
    const tape = this.#memo.tape(node);
    const before = firstAtOrAfter(tape.time, at) - 1;
    return tape.price[before] ?? node.before;
  }

  /** Visits each written-out stretch that meets [from, to), in order, until the visitor returns false. */
  visit(from: number, to: number, visitor: (node: Node, tape: Tape) => boolean): void {
    const first = Math.max(this.#character.firstDay, Math.floor(from / DAY_MS));
    for (let day = first; day * DAY_MS < to; day += 1) {
      if (!this.#visit(this.#day(day), from, to, visitor)) return;
    }
  }

  #visit(node: Node, from: number, to: number, visitor: (node: Node, tape: Tape) => boolean): boolean {
    if (node.start + node.length <= from || node.start >= to) return true;
    const parts = partsOf(node);
    if (parts === 0) return visitor(node, this.#memo.tape(node));
    return this.#memo.children(node, parts).every((child) => this.#visit(child, from, to, visitor));
  }

  #add(tally: Tally, node: Node, from: number, to: number): void {
    const end = node.start + node.length;
    if (end <= from || node.start >= to) return;
    if (from <= node.start && end <= to) {
      addNode(tally, node);
      return;
    }
    const parts = partsOf(node);
    if (parts === 0) {
      addTrades(tally, node, this.#memo.tape(node), from, to);
      return;
    }
    for (const child of this.#memo.children(node, parts)) this.#add(tally, child, from, to);
  }

  #day(day: number): Node {
    return this.#memo.day(this.#name, this.#character, day);
  }
}
