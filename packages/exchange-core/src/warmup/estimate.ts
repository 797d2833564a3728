import type { WeightLimit } from '../protocol/protocol';

/** How long requests take under a venue's allowance. Times in ms. */
export interface EstimateInput {
  readonly weight: number;
  readonly requests: number;
  /** Weight the venue allows in `perMs`, and the share of it (0..1) that is never spent. */
  readonly limit: number;
  readonly perMs: number;
  readonly window: WeightLimit['window'];
  readonly reserve: number;
  /** Weight already used in the current window. */
  readonly alreadyUsed: number;
  readonly now: number;
  /** From a request until its candles are stored. */
  readonly latencyMs: number;
  /** Requests in flight at most. */
  readonly concurrency: number;
}

/** Windows looked at one by one; what is left after them is extrapolated. */
const MAX_WINDOWS = 10_000;

/**
 * Estimates when the last of `requests` is done, from `now`.
 *
 * A window lets through what the allowance leaves and what latency permits, whichever is less; then the rest waits
 * for the next one. A fixed window ends with the clock's own; a sliding one lets go of a request a whole period after its
 * answer, since nobody can tell when the venue counted it.
 */
export function estimateMs(input: EstimateInput): number {
  if (input.requests <= 0) return 0;
  const { latencyMs, now } = input;
  const perMs = input.window === 'fixed' ? input.perMs : input.perMs + Math.max(latencyMs, 0);
  const allowance = Math.max(1, input.limit * (1 - input.reserve));
  const perRequest = Math.max(input.weight / input.requests, Number.EPSILON);
  const perBatchMs = Math.max(latencyMs, 0);
  const fits = (weight: number) => Math.max(0, Math.floor(weight / perRequest + 1e-9));
  let left = input.requests;
  let elapsed = 0;
  let windowMs = input.window === 'fixed' ? perMs - (now % perMs) : perMs;
  let room = fits(allowance - input.alreadyUsed);
  for (let windows = 0; windows < MAX_WINDOWS; windows += 1) {
    const byLatency = perBatchMs === 0 ? left : Math.ceil((windowMs * input.concurrency) / perBatchMs);
    const sent = Math.min(left, room, byLatency);
    if (sent === left) return elapsed + Math.ceil(left / input.concurrency) * perBatchMs;
    left -= sent;
    elapsed += windowMs;
    windowMs = perMs;
    room = Math.max(1, fits(allowance));
  }
  return elapsed + (left / Math.max(1, fits(allowance))) * perMs;
}

/** Durations remembered: several times what is in flight. */
const SAMPLES = 256;

/**
 * Learns how long something takes from how long it took: a quantile of the newest durations. For requests a low
 * one, since most of them also waited for their turn, which the estimate counts itself.
 */
export class LatencyMeter {
  readonly #samples: number[] = [];
  readonly #guessMs: number;
  readonly #quantile: number;
  #count = 0;

  constructor(options: { readonly guessMs: number; readonly quantile: number }) {
    this.#guessMs = options.guessMs;
    this.#quantile = options.quantile;
  }

  add(durationMs: number): void {
    this.#samples[this.#count % SAMPLES] = durationMs;
    this.#count += 1;
  }

  /** ms; the guess until something was measured. */
  get latencyMs(): number {
    const sorted = this.#samples.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length * this.#quantile)] ?? this.#guessMs;
  }
}
