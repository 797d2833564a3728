import type { Instant, VenueTime } from './venue-time';

/** Series to repair, by topic: what may be missing since `since` (ms, venue time). */
export interface RepairNote {
  readonly topics: readonly string[];
  readonly since: number;
  readonly reason: string;
}

interface Debt {
  readonly since: Instant;
  readonly reason: string;
}

/**
 * Repairs that are owed to topics until they are subscribed again: fetching earlier would leave a hole between
 * the fetch and the first frame. One debt per topic; the older one stands.
 */
export class RepairLedger {
  readonly #owed = new Map<string, Debt>();
  readonly #venueTime: VenueTime;
  readonly #marginMs: number;

  constructor(venueTime: VenueTime, marginMs: number) {
    this.#venueTime = venueTime;
    this.#marginMs = marginMs;
  }

  owe(topics: Iterable<string>, since: Instant, reason: string): void {
    for (const topic of topics) {
      if (!this.#owed.has(topic)) this.#owed.set(topic, { since, reason });
    }
  }

  forget(topics: Iterable<string>): void {
    for (const topic of topics) this.#owed.delete(topic);
  }

  /**
   * What is owed to these topics, which are subscribed now; undefined when nothing is. What cannot be told in
   * venue time yet stays owed.
   */
  settle(topics: Iterable<string>): RepairNote | undefined {
    const settled: string[] = [];
    let since = Infinity;
    let reason = '';
    for (const topic of topics) {
      const debt = this.#owed.get(topic);
      const at = debt === undefined ? undefined : this.#venueTime.toVenue(debt.since);
      if (debt === undefined || at === undefined) continue;
      this.#owed.delete(topic);
      settled.push(topic);
      if (at < since) reason = debt.reason;
      since = Math.min(since, at);
    }
    return settled.length === 0 ? undefined : { topics: settled, since: since - this.#marginMs, reason };
  }

  /** Topics that wait for their repair. */
  get size(): number {
    return this.#owed.size;
  }
}
