import type { Clock, Random } from '@livermore/utils';
import type { ActiveFaults, FaultOf } from '../faults/active-faults';
import type { FaultDress } from './venue-options';
import type { ClientLink } from './venue';

/** The carrier's end of one connection: a client link that can also die in the middle of a frame. */
export interface Wire extends ClientLink {
  /** Sends the first half of a frame, then drops the connection. */
  cutMidFrame(text: string): void;
}

export interface LinkOptions {
  readonly wire: Wire;
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: ActiveFaults;
  readonly dress: () => FaultDress;
}

/** A frame held back to swap places with the next goes out after this long anyhow. */
const LONGEST_HOLD_MS = 1000;

/** What a venue sends on one connection, spoilt by the faults that last. */
export class FaultyLink implements ClientLink {
  readonly #options: LinkOptions;
  #isDead = false;
  #held: { readonly frame: string; readonly fault: FaultOf<'frames-reordered'> } | undefined;
  #lastFrame = '{"type":"cut"}';
  /** No frame may arrive before an earlier one: when the last delayed one is due. */
  #busyUntil = -Infinity;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  send(text: string): void {
    if (this.#isDead) return;
    this.#lastFrame = text;
    const { faults, dress } = this.#options;
    if (this.#happens('frames-dropped')) return;
    if (faults.act('frames-unknown') !== undefined) this.#deliver(dress().unknownFrame());
    const isCut = this.#happens('frames-truncated');
    const frame = isCut ? text.slice(0, Math.ceil(text.length / 2)) : text;
    this.#inOrder(frame);
    if (faults.act('frames-repeated') !== undefined) this.#deliver(frame);
  }

  ping(payload: string): void {
    if (this.#isDead && this.#options.faults.find('half-open')?.pings !== true) return;
    this.#options.wire.ping(payload);
  }

  close(code: number, reason: string): void {
    // Nothing of a dead connection arrives, not even its end.
    if (!this.#isDead) this.#options.wire.close(code, reason);
  }

  terminate(): void {
    this.#options.wire.terminate();
  }

  /** From now on nothing gets through, though the connection stands. */
  die(): void {
    this.#isDead = true;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  cut(isMidFrame: boolean): void {
    if (isMidFrame) this.#options.wire.cutMidFrame(this.#lastFrame);
    else this.#options.wire.terminate();
  }

  #happens(kind: 'frames-dropped' | 'frames-truncated'): boolean {
    const { faults, random } = this.#options;
    const fault = faults.find(kind);
    if (fault === undefined || random.next() >= fault.share) return false;
    faults.acted(fault);
    return true;
  }

  #inOrder(frame: string): void {
    const held = this.#held;
    if (held !== undefined) {
      this.#held = undefined;
      this.#options.faults.acted(held.fault);
      this.#deliver(frame);
      this.#deliver(held.frame);
      return;
    }
    const fault = this.#options.faults.find('frames-reordered');
    if (fault === undefined) {
      this.#deliver(frame);
      return;
    }
    const own = { frame, fault };
    this.#held = own;
    this.#options.clock.setTimer(() => {
      if (this.#held !== own) return;
      this.#held = undefined;
      this.#deliver(frame);
    }, LONGEST_HOLD_MS);
  }

  #deliver(frame: string): void {
    const { clock, faults, wire } = this.#options;
    const now = clock.now();
    const delay = faults.find('frames-delayed');
    const due = Math.max(this.#busyUntil, now + (delay?.byMs ?? 0));
    if (due <= now) {
      wire.send(frame);
      return;
    }
    this.#busyUntil = due;
    if (delay !== undefined) faults.acted(delay);
    clock.setTimer(() => {
      if (!this.#isDead) wire.send(frame);
    }, due - now);
  }
}
