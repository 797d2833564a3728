import { newestClosedOpenTime, seriesKey, timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Series, SourcedCandle, Timeframe } from '@livermore/schemas';
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

/** How a bar was settled: by trades, by nothing that traded or is there, or by what only stands in for the venue's own. */
export type Settlement = 'traded' | 'quiet' | 'stand-in';

/** What a closed bar settles, by how it is known. */
export function settlementOf({ source }: Pick<SourcedCandle, 'source'>): Settlement {
  if (source === 'no-trades') return 'quiet';
  return source === 'rest' ? 'traded' : 'stand-in';
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
  /** Times it was asked for since its symbol gave a sign of life. */
  vain: number;
}

interface Hole extends OpenTimeRange {
  readonly series: Series;
  /** Nothing says that any bar of it is there: an answer had none, and that was all. */
  readonly canWait: boolean;
}

const MINUTE_MS = 60_000;
/** A flagged close may be late by this much before REST is asked. */
const CLOSE_GRACE_MS = 5_000;
/** Room for the error of the venue's clock as we know it: asked too early, REST's answer would not be final. */
const SETTLE_MARGIN_MS = 500;
/** Bars before the newest that every boundary fetch reads again: venues correct their last bars. */
const REREAD_BARS = 2;
/** A subscription is suspected in rounds 2, 4, 8 and 16 in a row that find its series behind, and in every 16th from there. */
const LEAST_SILENT_ROUNDS = 2;
const SILENT_ROUNDS = 16;

/**
 * Knows for each series which bar must be closed by now, by the venue's clock, and has fetched what is not: right
 * after each boundary where the stream does not close bars itself, and whenever a streamed close is overdue.
 * After a sleep or a missed boundary the same rule catches up. One timer a minute, whatever the number of series.
 *
 * What is not there is asked for in every round. A series of which the last answer had nothing, and whose symbol has given no
 * sign of life since, can wait: it takes its turn among all that is asked for in vain, so that a venue
 * full of products that never trade costs a share of the allowance.
 *
 * Of a bar that is behind the newest settled one nothing would remind us: it is noticed when the newer one is settled, or
 * when an answer lacked it, and handed over to repair in the next round.
 */
export class BoundaryKeeper {
  readonly #options: BoundaryKeeperOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #bySymbol = new Map<string, Kept[]>();
  /** By series, one range each: what was noticed since the last round. */
  readonly #holes = new Map<string, Hole>();
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
    this.#drop(series);
    const isFlagged = this.#options.flagged.includes(series.timeframe);
    const kept = { series, isFlagged, settledTo, behind: 0, vain: 0 };
    this.#kept.set(seriesKey(series), kept);
    this.#bySymbol.set(series.symbol, [...(this.#bySymbol.get(series.symbol) ?? []), kept]);
  }

  forget(series: Series): void {
    this.#drop(series);
    this.#holes.delete(seriesKey(series));
  }

  /** A bar is in the cache as closed, or the venue does not have it. */
  settled(series: Series, openTime: number, as: Settlement = 'traded'): void {
    const key = seriesKey(series);
    const kept = this.#kept.get(key);
    if (as === 'stand-in' && kept?.isFlagged !== true) return;
    this.#fill(key, openTime);
    if (kept === undefined) return;
    // What is read again says nothing of now.
    if (openTime <= kept.settledTo) return;
    if (as !== 'quiet') this.active(series.symbol);
    const next = kept.settledTo + timeframeMs(kept.series.timeframe);
    if (openTime > next) this.#notice(kept.series, { from: next, to: openTime }, false);
    kept.settledTo = openTime;
    kept.behind = 0;
  }

  /** An answer lacked a bar (open time, ms), and nothing can be said of it yet. */
  lacked(series: Series, openTime: number): void {
    this.#notice(series, { from: openTime, to: openTime + timeframeMs(series.timeframe) }, true);
  }

  /** The symbol trades: whatever of it is not there is asked for at the next round. */
  active(symbol: string): void {
    for (const kept of this.#bySymbol.get(symbol) ?? []) kept.vain = 0;
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
    this.#handOver();
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
    kept.behind += 1;
    if (isSuspect(kept.behind)) this.#options.onSilent?.(kept.series);
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
    kept.behind = isBehind ? kept.behind + 1 : 0;
    if (!isBehind && !this.#isConfirmation(timeframe, now)) return;
    const from = Math.min(kept.settledTo + length, due - REREAD_BARS * length);
    this.#ask(kept, from, { due, lane: 'boundary', reason: isBehind ? 'boundary' : 'confirm' });
  }

  /** Whether the newest closed bar is too young for any reading so far to have settled it. */
  #isConfirmation(timeframe: Timeframe, now: number): boolean {
    const { settleMs, finality } = this.#options;
    const sinceClose = now % timeframeMs(timeframe);
    return sinceClose >= settleMs + MINUTE_MS && sinceClose < finality.fromMs + MINUTE_MS;
  }

  #ask(kept: Kept, from: number, why: { due: number; lane: 'repair' | 'boundary'; reason: string }): void {
    const { series } = kept;
    const { lane, reason } = why;
    const to = why.due + timeframeMs(series.timeframe);
    const canWait = kept.vain > 0;
    kept.vain += 1;
    this.#options.repair({ series, from, to, lane, reason, ...(canWait ? { canWait } : {}) });
  }

  /** Repair asks for what is behind the newest settled bar, until there is a verdict; what is not behind it is the round's. */
  #handOver(): void {
    for (const [key, { series, from, to, canWait }] of this.#holes) {
      const kept = this.#kept.get(key);
      if (kept === undefined) continue;
      this.#holes.delete(key);
      const end = Math.min(to, kept.settledTo + timeframeMs(series.timeframe));
      if (from >= end) continue;
      const range = { from, to: end };
      this.#options.repair({
        series,
        ...range,
        lane: 'repair',
        reason: 'hole',
        ...(canWait ? { canWait } : {}),
      });
    }
  }

  /** A series has one range of holes: a wider one costs a row or two more, and no more memory. */
  #notice({ symbol, timeframe }: Series, { from, to }: OpenTimeRange, canWait: boolean): void {
    const key = seriesKey({ symbol, timeframe });
    const known = this.#holes.get(key);
    this.#holes.set(key, {
      series: { symbol, timeframe },
      from: Math.min(from, known?.from ?? from),
      to: Math.max(to, known?.to ?? to),
      canWait: canWait && (known?.canWait ?? true),
    });
  }

  /** A bar came: what was noticed of its series may have an end less. */
  #fill(key: string, openTime: number): void {
    const hole = this.#holes.get(key);
    if (hole === undefined) return;
    const step = timeframeMs(hole.series.timeframe);
    const from = openTime === hole.from ? hole.from + step : hole.from;
    const to = openTime === hole.to - step ? hole.to - step : hole.to;
    if (from >= to) this.#holes.delete(key);
    else if (from !== hole.from || to !== hole.to) this.#holes.set(key, { ...hole, from, to });
  }

  #drop(series: Series): void {
    const kept = this.#kept.get(seriesKey(series));
    this.#kept.delete(seriesKey(series));
    const left = this.#bySymbol.get(series.symbol)?.filter((each) => each !== kept) ?? [];
    if (left.length === 0) this.#bySymbol.delete(series.symbol);
    else this.#bySymbol.set(series.symbol, left);
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

function isSuspect(roundsBehind: number): boolean {
  if (roundsBehind % SILENT_ROUNDS === 0) return true;
  return (
    roundsBehind >= LEAST_SILENT_ROUNDS &&
    roundsBehind < SILENT_ROUNDS &&
    Number.isInteger(Math.log2(roundsBehind))
  );
}
