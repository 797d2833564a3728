/** Counts by name, for at most `capacity` names; what comes after counts as `other`. */
export class Tally {
  readonly #counts = new Map<string, number>();
  readonly #capacity: number;
  #total = 0;

  constructor(capacity = 64) {
    this.#capacity = capacity;
  }

  /** Counts one; returns how often this name was counted. */
  add(name: string): number {
    const known = this.#counts.has(name) || this.#counts.size < this.#capacity ? name : 'other';
    const count = (this.#counts.get(known) ?? 0) + 1;
    this.#counts.set(known, count);
    this.#total += 1;
    return count;
  }

  get total(): number {
    return this.#total;
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}

/** Whether the nth occurrence is worth a log line: the 1st, 2nd, 4th, 8th … */
export function isWorthLogging(count: number): boolean {
  return Number.isInteger(Math.log2(count));
}
