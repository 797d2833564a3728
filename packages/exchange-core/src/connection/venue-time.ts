/** An instant known by the venue's clock, or only by ours (ms). */
export interface Instant {
  readonly venue?: number;
  readonly ours: number;
}

/**
 * The venue's clock as its messages show it. The difference includes the time a message travelled, so that an
 * instant converted to venue time is early rather than late.
 */
export class VenueTime {
  /** Our time less the venue's, ms; undefined until a message told. */
  #ahead: number | undefined;
  readonly #onKnown: () => void;

  /** @param onKnown called once, when the first message told */
  constructor(onKnown: () => void = () => undefined) {
    this.#onKnown = onKnown;
  }

  /** A message that the venue stamped `venueTime` arrived at `now`, ours. */
  observe(venueTime: number, now: number): void {
    const isFirst = this.#ahead === undefined;
    this.#ahead = now - venueTime;
    if (isFirst) this.#onKnown();
  }

  /** Undefined while the venue's clock is unknown: ours may be minutes off. */
  toVenue(instant: Instant): number | undefined {
    if (instant.venue !== undefined) return instant.venue;
    return this.#ahead === undefined ? undefined : instant.ours - this.#ahead;
  }
}
