/** What was said of the health of an exchange at some time. */
export interface HealthLine {
  readonly ok: boolean;
  /** The checks that fail, as `name: detail`. */
  readonly failing: readonly string[];
}

/** How long bars were missing that came after all, ms. */
export interface Mends {
  readonly count: number;
  readonly medianMs: number;
  readonly ninetiethMs: number;
  readonly mostMs: number;
}

/** Holds what health says against what is missing, look by look. */
export class HealthLog {
  readonly #lies: string[] = [];
  /** By bar, since when it is missing and nobody says that anything is wrong (ms). */
  readonly #unsaidSince = new Map<string, number>();
  /** By bar, since when it is missing (ms). */
  readonly #missingSince = new Map<string, number>();
  readonly #mended: number[] = [];
  readonly #failed = new Map<string, string>();
  readonly #toleratedMs: number;

  /** `toleratedMs`: between two looks the world goes on; what is missing at one may be there, or said, at the next. */
  constructor(toleratedMs: number) {
    this.#toleratedMs = toleratedMs;
  }

  /**
   * At `now` (venue time, ms) these bars have been missing for longer than a health answer may pass over; `said` is what
   * the nodes say, none where none runs.
   */
  look(now: number, missing: readonly string[], said: readonly HealthLine[]): void {
    for (const each of said.flatMap((line) => line.failing))
      this.#failed.set(each.split(':')[0] ?? each, each);
    this.#noteMissing(now, new Set(missing));
    const isWell = said.some((line) => line.ok);
    for (const bar of this.#unsaidSince.keys()) {
      if (!isWell || !missing.includes(bar)) this.#unsaidSince.delete(bar);
    }
    if (!isWell) return;
    for (const bar of missing) {
      const since = this.#unsaidSince.get(bar);
      if (since === undefined) this.#unsaidSince.set(bar, now);
      else if (now - since >= this.#toleratedMs) {
        this.#lies.push(bar);
        this.#unsaidSince.set(bar, Infinity);
      }
    }
  }

  #noteMissing(now: number, missing: ReadonlySet<string>): void {
    for (const [bar, since] of this.#missingSince) {
      if (missing.has(bar)) continue;
      this.#mended.push(now - since);
      this.#missingSince.delete(bar);
    }
    for (const bar of missing) if (!this.#missingSince.has(bar)) this.#missingSince.set(bar, now);
  }

  /** Bars that were missing while health said that all was well. */
  get lies(): readonly string[] {
    return this.#lies;
  }

  /** Names of the checks that failed at any time. */
  get failed(): readonly string[] {
    return [...this.#failed.keys()].toSorted();
  }

  /** What each of them said last. */
  get complaints(): readonly string[] {
    return [...this.#failed.values()];
  }

  get mends(): Mends {
    const sorted = this.#mended.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    return { count: sorted.length, medianMs: at(0.5), ninetiethMs: at(0.9), mostMs: at(1) };
  }
}

/** What is said of the mending of a row, in a few words; empty where nothing was missing. */
export function mendsText({ count, medianMs, ninetiethMs, mostMs }: Mends): string {
  if (count === 0) return '';
  const [median, ninetieth, most] = [medianMs, ninetiethMs, mostMs].map((ms) => Math.round(ms / 1000));
  return `${count} bars missing for a time: half of them ${median} s or less, nine in ten ${ninetieth} s, all ${most} s`;
}
