import type { Clock, LogFields, Logger } from '@livermore/utils';

/** Warnings at a bounded frequency: one of each event per period, saying how many were left out. */
export class LogThrottle {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #last = new Map<string, { at: number; suppressed: number }>();

  constructor(logger: Logger, clock: Clock, everyMs: number) {
    this.#logger = logger;
    this.#clock = clock;
    this.#everyMs = everyMs;
  }

  /** Logs a warning, unless one of the same event was logged within the period. @returns whether it was */
  warn(fields: LogFields): boolean {
    const now = this.#clock.monotonicMs();
    const last = this.#last.get(fields.event);
    if (last !== undefined && now - last.at < this.#everyMs) {
      last.suppressed += 1;
      return false;
    }
    this.#logger.warn({ ...fields, ...(last?.suppressed ? { suppressed: last.suppressed } : {}) });
    this.#last.set(fields.event, { at: now, suppressed: 0 });
    return true;
  }
}
