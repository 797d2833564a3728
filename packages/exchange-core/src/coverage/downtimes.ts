import type { OpenTimeRange } from '@livermore/schemas';

const MINUTE_MS = 60_000;
/** Minutes remembered: more than a day. */
const MINUTES_KEPT = 2_000;

/** When our own view of a venue was impaired: its socket down, or its REST not answering. Bounded. */
export class Downtimes {
  readonly #minutes = new Set<number>();
  #downSince: number | undefined;

  /** Something failed at `at` (ms): the minute around it does not count as seen. */
  failedAt(at: number): void {
    this.#add(Math.floor(at / MINUTE_MS));
  }

  /** The feed carries nothing from `at` (ms) on, until `isUpAt`. */
  isDownFrom(at: number): void {
    this.#downSince ??= at;
  }

  isUpAt(at: number): void {
    if (this.#downSince === undefined) return;
    const first = Math.floor(this.#downSince / MINUTE_MS);
    const last = Math.floor(at / MINUTE_MS);
    for (let minute = Math.max(first, last - MINUTES_KEPT); minute <= last; minute += 1) this.#add(minute);
    this.#downSince = undefined;
  }

  /** Whether any minute of a range (ms) is one of these. */
  wasDown({ from, to }: OpenTimeRange): boolean {
    if (this.#downSince !== undefined && to > this.#downSince) return true;
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
