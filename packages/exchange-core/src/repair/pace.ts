/** How much of its burst a pace may spend at once: what it allows in so many seconds. */
const BURST_S = 10;

/** So many turns a minute, a few of them at once. Times are the venue's, ms: they run with what is paced, also in a replay. */
export class Pace {
  readonly #perMs: number;
  readonly #most: number;
  #turns: number;
  #countedAt: number;

  constructor(perMinute: number, now: number) {
    this.#perMs = perMinute / 60_000;
    this.#most = Math.max(1, (perMinute / 60) * BURST_S);
    this.#turns = this.#most;
    this.#countedAt = now;
  }

  /** Takes a turn. @returns whether there was one */
  take(now: number): boolean {
    this.#count(now);
    if (this.#turns < 1) return false;
    this.#turns -= 1;
    return true;
  }

  /** Takes turns that nobody waited for: others wait longer. */
  spend(turns: number): void {
    this.#turns -= turns;
  }

  /** How long until there is a turn, ms; 0 when there is one. */
  nextMs(now: number): number {
    this.#count(now);
    return Math.max(0, Math.ceil((1 - this.#turns) / this.#perMs));
  }

  #count(now: number): void {
    const passedMs = Math.max(0, now - this.#countedAt);
    this.#turns = Math.min(this.#most, this.#turns + passedMs * this.#perMs);
    this.#countedAt = now;
  }
}
