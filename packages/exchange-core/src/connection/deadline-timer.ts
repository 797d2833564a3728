import type { Clock } from '@livermore/utils';

/**
 * One timer for a moving deadline. Postponing costs nothing: the timer fires at the old time, its owner looks
 * again and arms the new one. So a deadline that moves with each frame does not cost a timer per frame.
 */
export class DeadlineTimer {
  readonly #clock: Clock;
  readonly #callback: () => void;
  #armedFor = Infinity;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, callback: () => void) {
    this.#clock = clock;
    this.#callback = callback;
  }

  /** Sees to it that the callback runs at `at` (ms) or earlier; nothing to do for undefined or Infinity. */
  arm(at: number | undefined): void {
    if (at === undefined || at >= this.#armedFor) return;
    this.#cancel?.();
    this.#armedFor = at;
    this.#cancel = this.#clock.setTimer(() => this.#fire(), at - this.#clock.now());
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#armedFor = Infinity;
  }

  #fire(): void {
    this.#armedFor = Infinity;
    this.#cancel = undefined;
    this.#callback();
  }
}
