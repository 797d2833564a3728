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
  /** Our time less the venue's, ms; 0 until a message told. */
  #ahead = 0;

  /** A message that the venue stamped `venueTime` arrived at `now`, ours. */
  observe(venueTime: number, now: number): void {
    this.#ahead = now - venueTime;
  }

  toVenue(instant: Instant): number {
    return instant.venue ?? instant.ours - this.#ahead;
  }
}
