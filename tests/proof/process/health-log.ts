/** What a node said of its health, as it went on. */
export interface HealthLine {
  readonly ok: boolean;
  /** The checks that fail, as `name: detail`. */
  readonly failing: readonly string[];
}

/** The health that several nodes of one exchange told last: well, if any of them says so. */
export class HealthLog {
  readonly #lies: string[] = [];
  /** By bar, since when it is missing and nobody says that anything is wrong (ms). */
  readonly #since = new Map<string, number>();
  #illReasons = new Set<string>();

  /**
   * At `now` (venue time, ms) these bars have been missing for longer than a health answer may pass over; `said` is what
   * the nodes say, none where none runs.
   */
  look(now: number, missing: readonly string[], said: readonly HealthLine[]): void {
    for (const line of said)
      for (const each of line.failing) this.#illReasons.add(each.split(':')[0] ?? each);
    const isWell = said.some((line) => line.ok);
    for (const bar of this.#since.keys()) if (!isWell || !missing.includes(bar)) this.#since.delete(bar);
    if (!isWell) return;
    for (const bar of missing) {
      const since = this.#since.get(bar);
      if (since === undefined) this.#since.set(bar, now);
      else if (now - since >= TOLERATED_MS) {
        this.#lies.push(bar);
        this.#since.set(bar, Infinity);
      }
    }
  }

  /** Bars that were missing while health said that all was well. */
  get lies(): readonly string[] {
    return this.#lies;
  }

  /** Names of the checks that failed at any time. */
  get failed(): readonly string[] {
    return [...this.#illReasons].toSorted();
  }
}

/** Between two looks the world goes on: what is missing at one may be there, or said, at the next, ms. */
const TOLERATED_MS = 40_000;
