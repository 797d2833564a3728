import type { Random } from '@livermore/utils';
import { wireTime } from './wire';

/**
 * Envelope timestamps of one connection: never going back, with 0 to 9 digits after the second, as a process with
 * a nanosecond clock writes them.
 */
export class EnvelopeTime {
  readonly #random: Random;
  #ms = 0;
  #nanos = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The next timestamp at `nowMs`. */
  next(nowMs: number): string {
    const ms = Math.floor(nowMs);
    if (ms !== this.#ms) {
      this.#ms = ms;
      this.#nanos = this.#random.next() < 0.2 ? 0 : Math.floor(this.#random.next() * 500_000);
    } else {
      this.#nanos = Math.min(999_999, this.#nanos + 1 + Math.floor(this.#random.next() * 900));
    }
    return wireTime(this.#ms, this.#nanos);
  }
}
