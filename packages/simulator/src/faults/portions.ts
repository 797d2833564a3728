import type { RestTurn } from './rest-turn';

interface Portioned {
  readonly kind: string;
  readonly share?: number;
  readonly answers?: number | undefined;
}

/** Decides which answers a fault is in that is in a share of them, or in so many at most. */
export class Portions {
  readonly #turn: RestTurn;
  readonly #had = new WeakMap<Portioned, Map<string, { readonly last: number; readonly answers: number }>>();

  constructor(turn: RestTurn) {
    this.#turn = turn;
  }

  /** Whether the present answer has it, the same however often it is asked. `about`: what answers are counted apart for. */
  has(fault: Portioned, about = ''): boolean {
    const counts = this.#had.get(fault) ?? new Map<string, { last: number; answers: number }>();
    this.#had.set(fault, counts);
    const { last, answers } = counts.get(about) ?? { last: -1, answers: 0 };
    const { number } = this.#turn;
    if (last === number) return true;
    if (fault.answers !== undefined && answers >= fault.answers) return false;
    if (fault.share !== undefined && this.#turn.draw(fault.kind) >= fault.share) return false;
    counts.set(about, { last: number, answers: answers + 1 });
    return true;
  }
}
