/** Addresses or keys remembered at once; the one seen longest ago is forgotten first. */
const MAX_KEYS = 1024;
const WINDOW_MS = 1000;

/** At most `limit` events per key within any second. A refused event does not count. */
export class RateWindow {
  readonly #recent = new Map<string, number[]>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether one more event is allowed at `now` (ms); counts it when it is. */
  admit(key: string, now: number): boolean {
    const recent = (this.#recent.get(key) ?? []).filter((at) => at > now - WINDOW_MS && at <= now);
    const isAdmitted = recent.length < this.#limit;
    if (isAdmitted) recent.push(now);
    this.#recent.delete(key);
    this.#recent.set(key, recent);
    this.#forgetOldest();
    return isAdmitted;
  }

  #forgetOldest(): void {
    if (this.#recent.size <= MAX_KEYS) return;
    const oldest = this.#recent.keys().next();
    if (!oldest.done) this.#recent.delete(oldest.value);
  }
}
