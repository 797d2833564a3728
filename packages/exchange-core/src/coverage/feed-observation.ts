import type { Series } from '@livermore/schemas';
import type { FeedWitness } from '../ports';

/** What came is remembered by slots this long, ms. */
const SLOT_MS = 5_000;
/** Slots remembered of a symbol in which something came: hours of a busy one, all of a quiet one's day. */
const SLOTS_KEPT = 2_000;

interface Watched {
  /** Venue time (ms) since which nothing of it can have been lost; infinite until its next frame. */
  since: number;
  /** Venue time (ms) since which it is subscribed without a gap; infinite while it is not. */
  carriedSince: number;
  /** What came last. */
  said: string;
  /** Slots (number since the epoch) in which something came, ascending. */
  readonly active: number[];
}

/**
 * What a feed has seen of each symbol: since when it is carried without a gap, and when something came. So that
 * nothing came can be told from that nothing could come. Pure; memory is bounded for each symbol.
 */
export class FeedObservation implements FeedWitness {
  readonly #watched = new Map<string, Watched>();
  readonly #toldTo: () => number;

  /** `toldTo`: venue time (ms) up to which every connection has told what it had to tell. */
  constructor(toldTo: () => number) {
    this.#toldTo = toldTo;
  }

  /**
   * Something came for a symbol that was true at `at`, and arrived at `arrivedAt` (venue time, ms): `said`, in short. The
   * first frame after a subscription may tell of a bar that is long over: what is seen begins with its arrival. One that
   * says what the one before said shows that the symbol is carried, and no trade; nor does one that a subscription begins
   * with (`isFirst`): it is as of then, whenever it traded.
   */
  heard(symbol: string, at: number, arrivedAt: number, said: string, isFirst = false): void {
    const slot = Math.floor(at / SLOT_MS);
    const known = this.#watched.get(symbol);
    if (known === undefined) {
      const since = Math.max(at, arrivedAt);
      const active = !isFirst && isFresh(at, arrivedAt) ? [slot] : [];
      this.#watched.set(symbol, { since, carriedSince: since, said, active });
      return;
    }
    known.carriedSince = Math.min(known.carriedSince, Math.max(at, arrivedAt));
    const wasLost = known.since === Infinity;
    if (wasLost) known.since = Math.max(at, arrivedAt);
    if (known.said === said) return;
    known.said = said;
    if (isFirst || (wasLost && !isFresh(at, arrivedAt))) return;
    const after = known.active.findLastIndex((each) => each <= slot);
    if (known.active[after] === slot) return;
    known.active.splice(after + 1, 0, slot);
    if (known.active.length > SLOTS_KEPT) {
      const dropped = known.active.shift() ?? 0;
      known.since = Math.max(known.since, (dropped + 1) * SLOT_MS);
    }
  }

  /**
   * A symbol was told of that is subscribed since (venue time, ms), by what traded before: what came of it shows that it is
   * carried, and not when it traded.
   */
  carried(symbol: string, since: number): void {
    const known = this.#watched.get(symbol);
    if (known === undefined) {
      this.#watched.set(symbol, { since: Infinity, carriedSince: since, said: '', active: [] });
    } else if (known.carriedSince === Infinity) known.carriedSince = since;
  }

  /** Frames of these series, or of all, may have been lost: what is seen counts from the next frame of their symbols on. */
  interrupted(series?: readonly Pick<Series, 'symbol'>[]): void {
    const symbols = series?.map(({ symbol }) => symbol) ?? this.#watched.keys();
    for (const symbol of symbols) {
      const known = this.#watched.get(symbol);
      // What did come stays seen.
      if (known !== undefined) known.since = known.carriedSince = Infinity;
    }
  }

  quietDuring(symbol: string, from: number, to: number): boolean {
    const known = this.#watched.get(symbol);
    if (known === undefined || known.since > from || this.#toldTo() < to) return false;
    const [first, last] = [Math.floor(from / SLOT_MS), Math.floor((to - 1) / SLOT_MS)];
    return !hasBetween(known.active, first, last + 1);
  }

  /**
   * Whether nothing came of a symbol between two venue times (ms) while it was subscribed: less than that nothing traded,
   * because a subscription may have died that nothing was heard of.
   */
  silentDuring(symbol: string, from: number, to: number): boolean {
    const known = this.#watched.get(symbol);
    if (known === undefined || known.carriedSince > from || this.#toldTo() < to) return false;
    const [first, last] = [Math.floor(from / SLOT_MS), Math.floor((to - 1) / SLOT_MS)];
    return !hasBetween(known.active, first, last + 1);
  }

  heardDuring(symbol: string, from: number, to: number): boolean {
    const [first, end] = [Math.ceil(from / SLOT_MS), Math.floor(to / SLOT_MS)];
    return hasBetween(this.#watched.get(symbol)?.active ?? [], first, end);
  }
}

/** Whether a first frame tells of something that happened now, and not of when its bar was to close. */
function isFresh(at: number, arrivedAt: number): boolean {
  return arrivedAt - at < SLOT_MS;
}

/** Whether ascending numbers have one from `first` on and below `end`. Asked for each of thousands of bars. */
function hasBetween(ascending: readonly number[], first: number, end: number): boolean {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? Infinity) < first) low = middle + 1;
    else high = middle;
  }
  return (ascending[low] ?? Infinity) < end;
}
