import type { Clock } from '@livermore/utils';
import { goTime } from './wire';

const SECOND_MS = 1000;

/** A beat a second for every connection that asked for them, on one grid and with one counter. */
export class Heartbeats {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #listeners = new Set<(event: string) => void>();
  /** Age (ms) the venue's process claims: the counter is its seconds. */
  #upMs: number;
  #beatAt: number;
  #cancel: (() => void) | undefined;

  /** `everyMs`: distance of two beats; a second on the real wire. */
  constructor(clock: Clock, upSeconds: number, everyMs = SECOND_MS) {
    this.#clock = clock;
    this.#everyMs = everyMs;
    this.#upMs = upSeconds * SECOND_MS;
    this.#beatAt = clock.now();
  }

  /** Calls back with the JSON of each beat's event; returns what stops it. */
  listen(listener: (event: string) => void): () => void {
    this.#listeners.add(listener);
    if (this.#cancel === undefined) {
      const missed = Math.max(0, Math.floor((this.#clock.now() - this.#beatAt) / this.#everyMs));
      this.#skip(missed);
      this.#arm();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.stop();
    };
  }

  /** The counter skips `by` numbers. */
  jump(by: number): void {
    this.#upMs += by * SECOND_MS;
  }

  /** The venue's clock jumped: the grid begins anew where the clock stands. */
  replan(): void {
    this.#beatAt = this.#clock.now();
    if (this.#cancel === undefined) return;
    this.stop();
    this.#arm();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #skip(beats: number): void {
    this.#beatAt += beats * this.#everyMs;
    this.#upMs += beats * SECOND_MS;
  }

  #arm(): void {
    const delay = this.#beatAt + this.#everyMs - this.#clock.now();
    this.#cancel = this.#clock.setTimer(() => this.#beat(), Math.max(0, delay));
  }

  #beat(): void {
    this.#cancel = undefined;
    const now = this.#clock.now();
    // The counter goes up by one a beat, whatever a beat's length: a missing number is a lost message.
    this.#upMs += SECOND_MS;
    // A machine that slept goes on from here: no burst, and the counter has no hole of its own making.
    this.#beatAt = now - this.#beatAt >= 2 * this.#everyMs ? now : this.#beatAt + this.#everyMs;
    const event = JSON.stringify({
      current_time: goTime(Math.floor(now), 820_713, this.#upMs),
      heartbeat_counter: Math.floor(this.#upMs / SECOND_MS),
    });
    for (const listener of this.#listeners) listener(event);
    if (this.#listeners.size > 0 && this.#cancel === undefined) this.#arm();
  }
}
