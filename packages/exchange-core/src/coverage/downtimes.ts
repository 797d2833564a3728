import type { OpenTimeRange } from '@livermore/schemas';

const MINUTE_MS = 60_000;
/** Minutes remembered: more than a day. */
const MINUTES_KEPT = 2_000;

/** When our own view of a venue was impaired: one of its sockets down, or its REST not answering. Bounded. */
export class Downtimes {
  readonly #minutes = new Set<number>();
  /** By connection, since when it is down, ms. */
  readonly #downSince = new Map<string, number>();

  /** Something failed at `at` (ms): the minute around it does not count as seen. */
  failedAt(at: number): void {
    this.#add(Math.floor(at / MINUTE_MS));
  }

  /** A connection carries nothing from `at` (ms) on, until `isUpAt` is said of it. */
  isDownFrom(connection: string, at: number): void {
    if (!this.#downSince.has(connection)) this.#downSince.set(connection, at);
  }

  /** A connection carries what it should again, from `at` (ms) on. */
  isUpAt(connection: string, at: number): void {
    const since = this.#downSince.get(connection);
    if (since === undefined) return;
    const first = Math.floor(since / MINUTE_MS);
    const last = Math.floor(at / MINUTE_MS);
    for (let minute = Math.max(first, last - MINUTES_KEPT); minute <= last; minute += 1) this.#add(minute);
    this.#downSince.delete(connection);
  }

  /** Whether any minute of a range (ms) is one of these. */
  wasDown({ from, to }: OpenTimeRange): boolean {
    for (const since of this.#downSince.values()) if (to > since) return true;
    for (const minute of this.#minutes) {
      if (minute * MINUTE_MS < to && (minute + 1) * MINUTE_MS > from) return true;
    }
    return false;
  }

  #add(minute: number): void {
    this.#minutes.delete(minute);
    this.#minutes.add(minute);
    if (this.#minutes.size <= MINUTES_KEPT) return;
    const [oldest] = this.#minutes;
    if (oldest !== undefined) this.#minutes.delete(oldest);
  }
}
