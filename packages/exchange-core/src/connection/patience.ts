import { timeframeMs } from '@livermore/schemas';
import type { Clock } from '@livermore/utils';
import type { StreamLimits, StreamProtocol, Subscription } from '../protocol/protocol';
import type { Vitals } from './connection-model';

/** Longest silence (ms) that is ever put up with: a connection an hour costs nothing. */
const LONGEST_MS = 3_600_000;

/**
 * How long a connection may be silent without anything being wrong, ms: until the first frame that must come whether
 * or not anything trades, and each time twice as long where replacing it brought nothing either.
 * @param silences times in a row that a silent connection was replaced and its successor delivered nothing
 */
export function quietMsOf(
  carried: Iterable<Subscription>,
  { silentAfterMs, endOfBarMs }: Pick<StreamLimits, 'silentAfterMs' | 'endOfBarMs'>,
  silences: number,
): number {
  let shortest = Infinity;
  for (const { timeframe } of carried)
    if (timeframe !== undefined) shortest = Math.min(shortest, timeframeMs(timeframe));
  const isPromised = endOfBarMs !== undefined && shortest < Infinity;
  const ownMs = isPromised ? Math.max(silentAfterMs, shortest + endOfBarMs) : silentAfterMs;
  return Math.min(ownMs * 2 ** silences, Math.max(silentAfterMs, LONGEST_MS));
}

export interface PatienceOptions {
  /** What the connection carries, as it is at any time. */
  readonly carried: ReadonlyMap<string, Subscription>;
  readonly protocol: Pick<StreamProtocol, 'limits' | 'standing'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** What one connection may be expected to deliver, and what it has learned of its own silences. */
export class Patience {
  readonly #options: PatienceOptions;
  #silences = 0;
  #quietMs = 0;
  #carriesData = false;
  /** Since when (ms) it carries anything that delivers data. */
  #since = 0;

  constructor(options: PatienceOptions) {
    this.#options = options;
    this.reckon();
  }

  /** To be called when what is carried has changed. */
  reckon(): void {
    const { carried, protocol, clock } = this.#options;
    const carriesData = carried.size > protocol.standing.length;
    if (carriesData && !this.#carriesData) this.#since = clock.now();
    this.#carriesData = carriesData;
    this.#quietMs = quietMsOf(carried.values(), protocol.limits, this.#silences);
  }

  /** The signs of life of a socket: none are expected of what was not carried yet. */
  vitals(socket: Pick<Vitals, 'lastFrameAt' | 'lastDataAt'> | undefined): Vitals {
    return {
      lastFrameAt: socket?.lastFrameAt ?? 0,
      lastDataAt: Math.max(socket?.lastDataAt ?? 0, this.#since),
      carriesData: this.#carriesData,
      quietMs: this.#quietMs,
    };
  }

  /** It was replaced for its silence. */
  wasSilent(): void {
    this.#silences += 1;
    this.reckon();
  }

  /** Whether it waits longer than it would if it had never been silent. */
  get isStretched(): boolean {
    return this.#silences > 0;
  }

  /** It delivers what happens, and not only what was. */
  delivered(): void {
    this.#silences = 0;
    this.reckon();
  }
}
