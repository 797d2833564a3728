import { REPAIR_MARGIN_MS } from '../connection/connection-rules';
import { DeadlineTimer } from '../connection/deadline-timer';
import type { RepairNote } from '../connection/repair-ledger';
import type { SteadyClock } from '../connection/steady-clock';
import type { VenueTime } from '../connection/venue-time';
import type { UnreadableElement } from '../protocol/unreadable';
import type { WantedTopics } from './wanted-topics';

/** The least distance between two such repairs of one series, ms. */
const SPACING_MS = 60_000;

export interface UnreadableRepairsOptions {
  readonly clock: SteadyClock;
  readonly venueTime: VenueTime;
  readonly wanted: Pick<WantedTopics, 'subscriptionOf' | 'lastGoodAt'>;
  readonly repair: (note: RepairNote) => void;
}

interface Debt {
  readonly since: number;
  readonly reason: string;
}

/** When the next repair of a topic may be told, and what is owed until then. */
interface Turn {
  readonly nextAt: number;
  readonly owed?: Debt;
}

/**
 * An entry of candles that cannot be read leaves the state of its bar unknown: the frame may have been its last. So its
 * series, and no other, is owed a repair. A series is repaired at most once a minute; what comes meanwhile is owed
 * together, and told when the minute is over. Bounded by the topics wanted.
 */
export class UnreadableRepairs {
  readonly #options: UnreadableRepairsOptions;
  readonly #turns = new Map<string, Turn>();
  readonly #timer: DeadlineTimer;

  constructor(options: UnreadableRepairsOptions) {
    this.#options = options;
    this.#timer = new DeadlineTimer(options.clock, () => this.#wake());
  }

  /** Notes what of a message could not be read; `messageTime` is the venue's time of it (ms), where known. */
  note(elements: readonly UnreadableElement[], messageTime: number | undefined): void {
    for (const element of elements) {
      for (const topic of element.topics ?? []) {
        if (this.#options.wanted.subscriptionOf(topic) === undefined) continue;
        const since = this.#since(topic, element.openTime, messageTime);
        if (since !== undefined) this.#owe(topic, { since, reason: `${element.field} could not be read` });
      }
    }
  }

  /** Forgets what is owed. */
  clear(): void {
    this.#timer.cancel();
    this.#turns.clear();
  }

  /** Since when the series is not known (venue time, ms): its bar's open time, but never later than its last data. */
  #since(topic: string, openTime: number | undefined, messageTime: number | undefined): number | undefined {
    const { venueTime, wanted, clock } = this.#options;
    const lastGood = wanted.lastGoodAt(topic) ?? messageTime ?? venueTime.toVenue({ ours: clock.now() });
    if (lastGood === undefined) return openTime;
    return Math.min(openTime ?? Infinity, lastGood - REPAIR_MARGIN_MS);
  }

  #owe(topic: string, debt: Debt): void {
    const now = this.#options.clock.now();
    const turn = this.#turns.get(topic);
    if (turn === undefined || turn.nextAt <= now) {
      this.#tell(topic, debt, now);
    } else {
      const owed = turn.owed === undefined || debt.since < turn.owed.since ? debt : turn.owed;
      this.#turns.set(topic, { ...turn, owed });
    }
  }

  #tell(topic: string, { since, reason }: Debt, now: number): void {
    this.#turns.set(topic, { nextAt: now + SPACING_MS });
    this.#timer.arm(now + SPACING_MS);
    this.#options.repair({ topics: [topic], since, reason });
  }

  #wake(): void {
    const now = this.#options.clock.now();
    let next = Infinity;
    for (const [topic, { nextAt, owed }] of this.#turns) {
      if (nextAt > now) next = Math.min(next, nextAt);
      else if (owed === undefined) this.#turns.delete(topic);
      else this.#tell(topic, owed, now);
    }
    this.#timer.arm(next);
  }
}
