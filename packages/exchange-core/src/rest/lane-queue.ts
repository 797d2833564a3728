import { RequestQueueFullError } from '../errors';
import { LANES } from '../ports';
import type { Lane } from '../ports';
import type { Spending } from './weight-ledger';

/** A request that waits for its turn. */
export interface Waiting {
  readonly lane: Lane;
  readonly weight: number;
  go(spending: Spending): void;
  fail(error: unknown): void;
}

/** Requests in their lanes, each lane bounded and first come first served. */
export class LaneQueue {
  readonly #maxPerLane: number;
  readonly #lanes: ReadonlyMap<Lane, Waiting[]> = new Map(LANES.map((lane) => [lane, []]));

  constructor(maxPerLane: number) {
    this.#maxPerLane = maxPerLane;
  }

  /** How many wait in each lane. */
  get depths(): Readonly<Record<Lane, number>> {
    const depth = (lane: Lane) => this.#of(lane).length;
    return {
      repair: depth('repair'),
      boundary: depth('boundary'),
      warmup: depth('warmup'),
      audit: depth('audit'),
    };
  }

  /** Weight of everything that waits. */
  get weight(): number {
    return LANES.reduce(
      (sum, lane) => this.#of(lane).reduce((inLane, waiting) => inLane + waiting.weight, sum),
      0,
    );
  }

  /** The next in turn, which stays in the queue. */
  peek(): Waiting | undefined {
    for (const lane of LANES) {
      const first = this.#of(lane)[0];
      if (first !== undefined) return first;
    }
    return undefined;
  }

  /** Joins the end of its lane. @throws RequestQueueFullError */
  join(waiting: Waiting): void {
    const queue = this.#of(waiting.lane);
    if (queue.length >= this.#maxPerLane) {
      throw new RequestQueueFullError(
        `${queue.length} requests already wait in the ${waiting.lane} lane; this one was refused`,
        { lane: waiting.lane, waiting: queue.length },
      );
    }
    queue.push(waiting);
  }

  /** Takes back the first place of its lane, for another try. It was counted before, so no bound applies. */
  rejoin(waiting: Waiting): void {
    this.#of(waiting.lane).unshift(waiting);
  }

  remove(waiting: Waiting): void {
    const queue = this.#of(waiting.lane);
    const at = queue.indexOf(waiting);
    if (at >= 0) queue.splice(at, 1);
  }

  /** Empties every lane. */
  takeAll(): readonly Waiting[] {
    return LANES.flatMap((lane) => this.#of(lane).splice(0));
  }

  #of(lane: Lane): Waiting[] {
    return this.#lanes.get(lane) ?? [];
  }
}
