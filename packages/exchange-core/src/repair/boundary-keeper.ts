import { newestClosedOpenTime, seriesKey, timeframeMs } from '@livermore/schemas';
import type { Series, Timeframe } from '@livermore/schemas';
import type { Clock } from '@livermore/utils';
import type { VenueTime } from '../ports';
import type { RepairRequest } from './gap-repairer';

export interface BoundaryKeeperOptions {
  /** Timeframes the stream closes by flag: fetched only when a close is overdue. The others are fetched always. */
  readonly flagged: readonly Timeframe[];
  /** REST may lack the newest bar until this long after its close, ms. */
  readonly settleMs: number;
  /** When a second reading settles a bar of a timeframe that is fetched: until then every round reads it again. */
  readonly finality: { readonly fromMs: number };
  readonly venueTime: VenueTime;
  readonly clock: Clock;
  readonly repair: (request: RepairRequest) => void;
  /** A streamed series stays silent although others flow: its subscription is suspect. */
  readonly onSilent?: (series: Series) => void;
}

interface Kept {
  readonly series: Series;
  readonly isFlagged: boolean;
  /**
   * Open time of the newest bar that needs no asking: closed in the cache, or absent at the venue. Where bars are fetched,
   * only what the venue itself said of a bar counts: a stand-in is no answer.
   */
  settledTo: number;
  /** Rounds in a row that found it behind. */
  behind: number;
  /** Round (minute number) before which it is left alone. */
  notBefore: number;
}

const MINUTE_MS = 60_000;
/** A flagged close may be late by this much before REST is asked. */
const CLOSE_GRACE_MS = 5_000;
/** Room for the error of the venue's clock as we know it: asked too early, REST's answer would not be final. */
const SETTLE_MARGIN_MS = 500;
/** A series found behind is asked for in rounds 1, 2, 4, 8 … minutes apart, up to this. */
const MAX_ROUNDS_APART = 16;
/** Bars before the newest that every boundary fetch reads again: venues correct their last bars. */
const REREAD_BARS = 2;
/** Overdue rounds after which the subscription itself is suspected. */
const SILENT_AFTER_ROUNDS = 2;

/**
 * Knows for each series which bar must be closed by now, by the venue's clock, and has fetched what is not: right
 * after each boundary where the stream does not close bars itself, and whenever a streamed close is overdue.
 * After a sleep or a missed boundary the same rule catches up. One timer a minute, whatever the number of series.
 */
export class BoundaryKeeper {
  readonly #options: BoundaryKeeperOptions;
  readonly #kept = new Map<string, Kept>();
  #cancel: (() => void) | undefined;

  constructor(options: BoundaryKeeperOptions) {
    this.#options = options;
  }

  /** Series that are behind now: what a health answer should know. */
  get behind(): number {
    let count = 0;
    for (const kept of this.#kept.values()) if (kept.behind > 0) count += 1;
    return count;
  }

  /** Watches a series from the bar after `settledTo` (open time, ms) on. */
  watch(series: Series, settledTo: number): void {
    const isFlagged = this.#options.flagged.includes(series.timeframe);
    this.#kept.set(seriesKey(series), { series, isFlagged, settledTo, behind: 0, notBefore: 0 });
  }

  forget(series: Series): void {
    this.#kept.delete(seriesKey(series));
  }

  /** A bar is in the cache as closed, or the venue does not have it. `isNative`: the venue said so itself. */
  settled(series: Series, openTime: number, isNative = true): void {
    const kept = this.#kept.get(seriesKey(series));
    if (kept === undefined || openTime <= kept.settledTo || !(kept.isFlagged || isNative)) return;
    kept.settledTo = openTime;
    kept.behind = 0;
    kept.notBefore = 0;
  }

  /** The symbol trades: whatever was left alone for being quiet is asked for at the next round. */
  active(symbol: string, timeframes: readonly Timeframe[]): void {
    for (const timeframe of timeframes) {
      const kept = this.#kept.get(seriesKey({ symbol, timeframe }));
      if (kept !== undefined) kept.notBefore = 0;
    }
  }

  start(): void {
    this.#arm();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** One round at the venue's time `now` (ms): asks for everything that should be closed and is not. */
  round(now: number): void {
    for (const kept of this.#kept.values()) {
      if (kept.isFlagged) this.#checkFlagged(kept, now);
      else this.#fetchPolled(kept, now);
    }
  }

  #checkFlagged(kept: Kept, now: number): void {
    const due = newestClosedOpenTime(kept.series.timeframe, now - CLOSE_GRACE_MS + 1);
    if (kept.settledTo >= due) {
      kept.behind = 0;
      return;
    }
    if (!this.#isTurn(kept, now)) return;
    if (kept.behind >= SILENT_AFTER_ROUNDS) this.#options.onSilent?.(kept.series);
    this.#ask(kept, kept.settledTo + timeframeMs(kept.series.timeframe), {
      due,
      lane: 'repair',
      reason: 'overdue',
    });
  }

  #fetchPolled(kept: Kept, now: number): void {
    const { timeframe } = kept.series;
    const length = timeframeMs(timeframe);
    const due = newestClosedOpenTime(timeframe, now);
    const isBehind = kept.settledTo < due;
    if (!isBehind && !this.#isConfirmation(timeframe, now)) {
      kept.behind = 0;
      return;
    }
    if (isBehind && isFirstRound(timeframe, now)) kept.notBefore = kept.behind = 0;
    if (isBehind && !this.#isTurn(kept, now)) return;
    const from = Math.min(kept.settledTo + length, due - REREAD_BARS * length);
    this.#ask(kept, from, { due, lane: 'boundary', reason: isBehind ? 'boundary' : 'confirm' });
  }

  /** Whether the newest closed bar is too young for any reading so far to have settled it. */
  #isConfirmation(timeframe: Timeframe, now: number): boolean {
    const { settleMs, finality } = this.#options;
    const sinceClose = now % timeframeMs(timeframe);
    return sinceClose >= settleMs + MINUTE_MS && sinceClose < finality.fromMs + MINUTE_MS;
  }

  #isTurn(kept: Kept, now: number): boolean {
    const round = Math.floor(now / MINUTE_MS);
    if (round < kept.notBefore) return false;
    kept.behind += 1;
    kept.notBefore = round + Math.min(MAX_ROUNDS_APART, 2 ** Math.min(kept.behind - 1, 10));
    return true;
  }

  #ask(kept: Kept, from: number, why: { due: number; lane: 'repair' | 'boundary'; reason: string }): void {
    const to = why.due + timeframeMs(kept.series.timeframe);
    this.#options.repair({ series: kept.series, from, to, lane: why.lane, reason: why.reason });
  }

  /** The next round: a little after the next minute of the venue's clock, when its REST has settled. */
  #arm(): void {
    const now = this.#options.venueTime.now();
    const offset =
      this.#options.flagged.length > 0 ? CLOSE_GRACE_MS : this.#options.settleMs + SETTLE_MARGIN_MS;
    const next = Math.floor((now - offset) / MINUTE_MS + 1) * MINUTE_MS + offset;
    this.#cancel = this.#options.clock.setTimer(() => {
      this.#arm();
      this.round(this.#options.venueTime.now());
    }, next - now);
  }
}

/**
 * Whether this is the first round after a boundary: a new bar is asked for at once, however often its quiet predecessors
 * were asked for in vain. Minutes have no other rounds: a quiet symbol would be asked for in every one.
 */
function isFirstRound(timeframe: Timeframe, now: number): boolean {
  const length = timeframeMs(timeframe);
  return length > MINUTE_MS && now % length < MINUTE_MS;
}
