import { hash32, seededRandom } from '@livermore/utils';
import type { ActiveFaults } from './active-faults';
import type { Fault } from './fault';

/** One REST request after the other: what chance decides about an answer is the same for everything in it. */
export class RestTurn {
  readonly #seed: number;
  readonly #noted = new Set<Fault>();
  #number = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** The next request begins. */
  begin(): void {
    this.#number += 1;
    this.#noted.clear();
  }

  get number(): number {
    return this.#number;
  }

  /** Counts a fault once in the present request, however many looks at the market its answer takes. */
  note(faults: ActiveFaults, fault: Fault): void {
    if (this.#noted.has(fault)) return;
    this.#noted.add(fault);
    faults.acted(fault);
  }

  /** Uniform in [0, 1), for one purpose of the present request. */
  draw(purpose: string): number {
    return seededRandom(hash32(`${this.#seed}|${purpose}|${this.#number}`)).next();
  }
}

/** What decides about the candles of REST answers. */
export interface RestView {
  readonly faults: ActiveFaults;
  readonly turn: RestTurn;
  /** Decides which rows are missing, repeated or out of place. */
  readonly seed: number;
}
