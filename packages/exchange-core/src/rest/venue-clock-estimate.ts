/**
 * What is known of a venue's clock. Pure. Venue time is local steady time plus an offset that lies between two
 * bounds; each answer to a time request and each stamped frame narrows them. All times in ms; `steady` is a
 * local reading that nobody sets, though its rate may be slightly off.
 */
export interface ClockEstimate {
  /** Best guess of the offset. */
  readonly offset: number;
  /** The true offset is within this of the guess, at `asOf`; Infinity before the first measurement. */
  readonly errorMs: number;
  /** Steady time of the guess: its error grows from then on. */
  readonly asOf: number;
  /** A measurement that contradicts the guess: believed when the next one agrees with it. */
  readonly doubt?: Bounds;
}

/** One answered time request. */
export interface TimeSample {
  /** Steady time when the request left and when its answer arrived. */
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly serverTime: number;
}

interface Bounds {
  readonly lowest: number;
  readonly highest: number;
}

/** How much the rate of our clock may be off: quartz is good to some 50 parts in a million. */
const DRIFT = 1e-4;
/** Time answers are in whole milliseconds. */
const RESOLUTION_MS = 1;
/** A stamped frame may lead the guess by its error and this much more before it is doubted. */
const MAX_LEAD_MS = 1_000;

/** Nothing measured yet: the venue's time is guessed to be `offset` ahead of steady time. */
export function unmeasured(offset: number, steady: number): ClockEstimate {
  return { offset, errorMs: Number.POSITIVE_INFINITY, asOf: steady };
}

/** How far the guess can be from the truth at a steady time. */
export function errorAt(estimate: ClockEstimate, steady: number): number {
  return estimate.errorMs + DRIFT * Math.max(0, steady - estimate.asOf);
}

/**
 * Takes in a measurement. The venue read its clock between leaving and arrival, so half the round trip bounds
 * the error: quick answers narrow the guess, slow ones hardly matter. One that contradicts the guess (a cached
 * answer, or a clock that was set) only raises a doubt; two in a row that agree replace it.
 */
export function withSample(estimate: ClockEstimate, sample: TimeSample): ClockEstimate {
  const measured: Bounds = {
    lowest: sample.serverTime - sample.receivedAt - RESOLUTION_MS,
    highest: sample.serverTime - sample.sentAt + RESOLUTION_MS,
  };
  const steady = sample.receivedAt;
  const error = errorAt(estimate, steady);
  if (error === Number.POSITIVE_INFINITY) return between(measured, steady);
  const known = { lowest: estimate.offset - error, highest: estimate.offset + error };
  const both = overlap(known, measured);
  if (both !== undefined) return between(both, steady);
  const confirmed = estimate.doubt && overlap(estimate.doubt, measured);
  return confirmed === undefined ? { ...estimate, doubt: measured } : between(confirmed, steady);
}

/**
 * Takes in the venue's stamp on something that arrived at `steady`: its clock cannot be behind that. A stamp
 * far ahead of a measured guess is not followed; it raises a doubt that a measurement must settle.
 */
export function withStamp(estimate: ClockEstimate, venueTime: number, steady: number): ClockEstimate {
  const least = venueTime - steady;
  if (least <= estimate.offset) return estimate;
  const error = errorAt(estimate, steady);
  if (error === Number.POSITIVE_INFINITY) return { ...estimate, offset: least };
  if (least > estimate.offset + error + MAX_LEAD_MS) {
    return { ...estimate, doubt: { lowest: least, highest: Number.POSITIVE_INFINITY } };
  }
  return { ...estimate, offset: least, errorMs: error, asOf: steady };
}

/** Our own clock was set or slept: the guess stands, but how good it is nobody knows. */
export function shaken(estimate: ClockEstimate): ClockEstimate {
  return { offset: estimate.offset, errorMs: Number.POSITIVE_INFINITY, asOf: estimate.asOf };
}

function between(bounds: Bounds, steady: number): ClockEstimate {
  return {
    offset: (bounds.lowest + bounds.highest) / 2,
    errorMs: (bounds.highest - bounds.lowest) / 2,
    asOf: steady,
  };
}

function overlap(a: Bounds, b: Bounds): Bounds | undefined {
  const lowest = Math.max(a.lowest, b.lowest);
  const highest = Math.min(a.highest, b.highest);
  return lowest <= highest ? { lowest, highest } : undefined;
}
