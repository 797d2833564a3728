import { ReplayClock } from '@livermore/utils';
import type { Clock } from '@livermore/utils';
import type { VenueTime } from '../ports';
import { errorAt, shaken, unmeasured, withSample, withStamp } from './venue-clock-estimate';
import type { ClockEstimate, TimeSample } from './venue-clock-estimate';

export interface VenueClockFacts {
  /** The venue's clock less ours, ms. */
  readonly offsetMs: number;
  /** The venue's time is right to within this, ms; Infinity before the first measurement. */
  readonly errorMs: number;
}

/** What wants to know when the reading is no longer to be trusted, or moves. */
export interface VenueClockListener {
  /** A measurement is needed soon: our clock was set, the machine slept, or evidence contradicts the reading. */
  doubted(): void;
  /** The reading moved by `byMs` in one step, and not because time passed. */
  stepped(byMs: number): void;
}

/** A difference between our wall clock and steady time that grows by this at once means a clock was set, ms. */
const JUMP_MS = 500;
/** Corrections below this are ordinary refinement, ms. */
const STEP_MS = 100;

/**
 * The venue's clock as seen from here. It runs on steady time, so that setting this machine's clock, five minutes
 * off or in the middle of a run, moves nothing; measurements and stamped frames steer it.
 */
export class VenueClock implements VenueTime {
  readonly #clock: Clock;
  readonly #steady: () => number;
  readonly #listeners: VenueClockListener[] = [];
  #estimate: ClockEstimate;
  #wallAhead: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#steady = steadyOf(clock);
    this.#wallAhead = clock.now() - this.#steady();
    this.#estimate = unmeasured(this.#wallAhead, this.#steady());
  }

  /** The venue's time, ms since the epoch. */
  now(): number {
    const steady = this.#steady();
    this.#noticeJump(steady);
    return steady + this.#estimate.offset;
  }

  /** The venue's time is right to within this, ms; Infinity before the first measurement. */
  errorMs(): number {
    return errorAt(this.#estimate, this.#steady());
  }

  /** Local steady time, ms: what samples are taken on. */
  steadyMs(): number {
    return this.#steady();
  }

  get facts(): VenueClockFacts {
    return { offsetMs: this.now() - this.#clock.now(), errorMs: this.errorMs() };
  }

  /** Takes in an answered time request. */
  measured(sample: TimeSample): void {
    this.#take(withSample(this.#estimate, sample));
  }

  /** Takes in the venue's stamp (ms) on a frame that has just arrived: the venue cannot be earlier than that. */
  observe(venueTime: number): void {
    const steady = this.#steady();
    this.#noticeJump(steady);
    if (venueTime - steady > this.#estimate.offset) this.#take(withStamp(this.#estimate, venueTime, steady));
  }

  listen(listener: VenueClockListener): void {
    this.#listeners.push(listener);
  }

  #take(next: ClockEstimate): void {
    const before = this.#estimate;
    this.#estimate = next;
    const byMs = next.offset - before.offset;
    if (Math.abs(byMs) >= STEP_MS) for (const listener of this.#listeners) listener.stepped(byMs);
    if (next.doubt !== undefined && next.doubt !== before.doubt) this.#doubt();
  }

  #noticeJump(steady: number): void {
    const wallAhead = this.#clock.now() - steady;
    if (Math.abs(wallAhead - this.#wallAhead) < JUMP_MS) return;
    this.#wallAhead = wallAhead;
    this.#estimate = shaken(this.#estimate);
    this.#doubt();
  }

  #doubt(): void {
    for (const listener of this.#listeners) listener.doubted();
  }
}

/** A replay's time has nothing to do with the machine's, so there the replayed clock itself is the steady one. */
function steadyOf(clock: Clock): () => number {
  return clock instanceof ReplayClock ? () => clock.now() : () => clock.monotonicMs();
}
