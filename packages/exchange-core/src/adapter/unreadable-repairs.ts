import { REPAIR_MARGIN_MS } from '../connection/connection-rules';
import type { MessageOrigin } from '../connection/connection-options';
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
 * series, and no other, is owed a repair; where it does not say whose bar it is, every series of its connection. A series is
 * repaired at most once a minute; what comes meanwhile is owed together, and told when the minute is over. Bounded by the
 * topics wanted.
 */
export class UnreadableRepairs {
  readonly #options: UnreadableRepairsOptions;
  readonly #turns = new Map<string, Turn>();
  readonly #timer: DeadlineTimer;

  constructor(options: UnreadableRepairsOptions) {
    this.#options = options;
    this.#timer = new DeadlineTimer(options.clock, () => this.#wake());
  }

  /** Notes what of a message could not be read. */
  note(elements: readonly UnreadableElement[], from: MessageOrigin): void {
    for (const { topics = [], openTime, field } of elements) {
      const reason = `${field} could not be read`;
      const wanted = (topics === 'any' ? from.carried : topics).filter((topic) => this.#isCandles(topic));
      if (topics === 'any') {
        // As after a lost frame: only what this message told is unknown.
        const since = this.#since(openTime, this.#timeOf(from));
        if (since !== undefined) this.#owe(wanted, { since, reason });
        continue;
      }
      for (const topic of wanted) {
        const lastGood = this.#options.wanted.lastGoodAt(topic) ?? this.#timeOf(from);
        const since = this.#since(openTime, lastGood);
        if (since !== undefined) this.#owe([topic], { since, reason });
      }
    }
  }

  /** Forgets what is owed. */
  clear(): void {
    this.#timer.cancel();
    this.#turns.clear();
  }

  #isCandles(topic: string): boolean {
    return this.#options.wanted.subscriptionOf(topic)?.timeframe !== undefined;
  }

  #timeOf({ venueTime }: MessageOrigin): number | undefined {
    return venueTime ?? this.#options.venueTime.toVenue({ ours: this.#options.clock.now() });
  }

  /** Since when a series is not known (venue time, ms): its bar's open time, but never later than what was good last. */
  #since(openTime: number | undefined, lastGood: number | undefined): number | undefined {
    return lastGood === undefined ? openTime : Math.min(openTime ?? Infinity, lastGood - REPAIR_MARGIN_MS);
  }

  /** Tells a debt of those whose turn it is, in one note, and keeps that of the others. */
  #owe(topics: readonly string[], debt: Debt): void {
    const now = this.#options.clock.now();
    const due: string[] = [];
    for (const topic of topics) {
      const turn = this.#turns.get(topic);
      if (turn === undefined || turn.nextAt <= now) {
        due.push(topic);
      } else {
        const owed = turn.owed === undefined || debt.since < turn.owed.since ? debt : turn.owed;
        this.#turns.set(topic, { ...turn, owed });
      }
    }
    this.#tell(due, debt, now);
  }

  #tell(topics: readonly string[], { since, reason }: Debt, now: number): void {
    if (topics.length === 0) return;
    for (const topic of topics) this.#turns.set(topic, { nextAt: now + SPACING_MS });
    this.#timer.arm(now + SPACING_MS);
    this.#options.repair({ topics, since, reason });
  }

  #wake(): void {
    const now = this.#options.clock.now();
    const due = new Map<string, { readonly topics: string[]; readonly debt: Debt }>();
    let next = Infinity;
    for (const [topic, { nextAt, owed }] of this.#turns) {
      if (nextAt > now) {
        next = Math.min(next, nextAt);
      } else if (owed === undefined) {
        this.#turns.delete(topic);
      } else {
        const alike = `${owed.since} ${owed.reason}`;
        const known = due.get(alike);
        if (known === undefined) due.set(alike, { topics: [topic], debt: owed });
        else known.topics.push(topic);
      }
    }
    this.#timer.arm(next);
    for (const { topics, debt } of due.values()) this.#tell(topics, debt, now);
  }
}
