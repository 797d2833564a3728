interface Entry {
  readonly dueMs: number;
  readonly order: number;
  callback: (() => void) | undefined;
}

/** Cancelled timers are swept out once they are most of a heap of at least this size. */
const SWEEP_AT = 64;

/** Timers in order of due time, first come first served among equals. A binary heap; cancelling is lazy. */
export class TimerQueue {
  #heap: Entry[] = [];
  #order = 0;
  #live = 0;

  get size(): number {
    return this.#live;
  }

  /** Entries held, cancelled ones included: bounded by the live ones. */
  get heapSize(): number {
    return this.#heap.length;
  }

  /** Adds a callback due at `dueMs`; returns what cancels it. @throws RangeError when `dueMs` is not a number */
  add(dueMs: number, callback: () => void): () => void {
    if (Number.isNaN(dueMs)) throw new RangeError('a timer was set to be due at NaN');
    const entry: Entry = { dueMs, order: this.#order++, callback };
    this.#push(entry);
    this.#live += 1;
    return () => {
      if (entry.callback === undefined) return;
      entry.callback = undefined;
      this.#live -= 1;
      if (this.#heap.length >= SWEEP_AT && this.#live * 2 < this.#heap.length) this.#sweep();
    };
  }

  /** Due time of the earliest live timer, or undefined. */
  nextDue(): number | undefined {
    while (this.#heap[0] !== undefined && this.#heap[0].callback === undefined) this.#pop();
    return this.#heap[0]?.dueMs;
  }

  /** Takes the earliest timer that is due at `nowMs`, or undefined. */
  popDue(nowMs: number): (() => void) | undefined {
    const due = this.nextDue();
    if (due === undefined || due > nowMs) return undefined;
    const entry = this.#pop();
    const callback = entry?.callback;
    if (entry !== undefined && callback !== undefined) {
      entry.callback = undefined;
      this.#live -= 1;
    }
    return callback;
  }

  #sweep(): void {
    // A sorted array is a heap.
    this.#heap = this.#heap
      .filter((entry) => entry.callback !== undefined)
      .toSorted((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(entry, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || top === last) return top;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const child =
        right !== undefined && left !== undefined && isBefore(right, left) ? 2 * at + 2 : 2 * at + 1;
      const below = heap[child];
      if (below === undefined || !isBefore(below, last)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
