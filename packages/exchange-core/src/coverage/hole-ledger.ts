import {
  HARDCODED_CONFIG,
  closeTimeOf,
  newestClosedOpenTime,
  seriesKey,
  timeframeMs,
} from '@livermore/schemas';
import type { OpenTimeRange, Series } from '@livermore/schemas';
import type { PageReport } from '../ports';
import type { ExchangeProtocol, RestLimits } from '../protocol/protocol';
import { LATE_FRAME_MS } from './known-bars';

/** What the feed saw of a symbol; a part of what a `FeedObservation` knows. */
export interface HeardAndSeen {
  /** Whether something of the symbol came, and all of it lies between two venue times (ms). */
  heardDuring(symbol: string, from: number, to: number): boolean;
  /** Whether nothing came between them, while the symbol was subscribed. */
  silentDuring(symbol: string, from: number, to: number): boolean;
}

export interface HoleLedgerOptions {
  readonly emptyBuckets: ExchangeProtocol['emptyBuckets'];
  readonly limits: Pick<RestLimits, 'confirmMs'>;
  readonly feed: HeardAndSeen;
  /** Candles each series should hold: holes behind them are no concern. */
  readonly target: number;
}

/** A hole, by its first bar. */
export interface Hole extends Series {
  readonly openTime: number;
  /** When it was noticed (venue time, ms). */
  readonly noticedAt: number;
}

export interface HoleFacts {
  /** Closed bars that must be there, and are not; and of how many series. */
  readonly overdue: number;
  readonly series: number;
  /** Closed bars that are not there, of which it is not known whether the venue has them. */
  readonly undecided: number;
  /** What has been overdue for the longest; undefined where nothing is. */
  readonly oldest: Hole | undefined;
}

/** What a look at the cache found of a series. Open times in ms. */
export interface LookAtSeries {
  /** What is not there, but for what the venue is known not to have. */
  readonly missing: readonly OpenTimeRange[];
  /** What the venue was asked for and does not have. */
  readonly absent: readonly OpenTimeRange[];
  /** The first and the last bar that were looked for. */
  readonly oldest: number;
  readonly newest: number;
  /** Whether nearly every bar that is there has trades. */
  readonly isBusy: boolean;
}

/** Bars that are not there: `from` ≤ open time < `to`, ms. */
interface Missing extends OpenTimeRange {
  readonly noticedAt: number;
  /** No older bar is there: they may be of a time before the symbol was listed. */
  readonly isLeading: boolean;
  /** The venue was asked for them and does not have them. */
  readonly isAbsent: boolean;
}

/** One bar of a hole, with what is known of it. */
type HoleToJudge = Hole &
  Pick<Missing, 'isAbsent' | 'isLeading'> &
  Pick<Kept, 'isBusy'> & { readonly lackedAt: LackedAt | undefined };

interface Judged {
  overdue: number;
  undecided: number;
  firstOverdue?: number;
  lastOverdue?: number;
}

interface Kept {
  readonly series: Series;
  /** Open time of the newest bar that is there, or that is known not to be. */
  newest: number;
  missing: readonly Missing[];
  /** Nearly every bar of it has trades. */
  readonly isBusy: boolean;
}

/** By open time, when an answer of the venue lacked a bar last (venue time, ms). */
type LackedAt = Map<number, number>;

/** A closed bar may be on its way for so long, ms. */
export const HOLE_GRACE_MS = 60_000;
/** One that has not come so long after its close, ms, is asked for; and again after this. */
const ASK_AFTER_MS = 40_000;
/** A bar that the venue must have and does not is no news after this, ms: it will not have it any more. */
const ABSENT_FOR_MS = 3_600_000;
const ASK_AHEAD_MS = HOLE_GRACE_MS - ASK_AFTER_MS;
const ASK_AGAIN_MS = 60_000;

/**
 * The holes of every series, as a figure that is kept: told by what closes, by what the cache was seen to hold, and by
 * what the venue answered. A hole is *overdue* when evidence says that its bar must exist, or when nobody has asked for
 * it although an answer would say something by now; it is *undecided* while an answer lacked it, or the feed was silent
 * in it, and nothing is proven. Pure; memory is bounded by the bars that the series should hold.
 */
export class HoleLedger {
  readonly #options: HoleLedgerOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #lackedAt = new Map<string, LackedAt>();
  /** By series that is being looked at: what became of bars meanwhile. */
  readonly #meanwhile = new Map<string, { readonly openTime: number; readonly isThere: boolean }[]>();

  constructor(options: HoleLedgerOptions) {
    this.#options = options;
  }

  /** A look at a series begins: what closes or is lost until `looked` is said of it counts besides. */
  looking(series: Series): void {
    this.#meanwhile.set(seriesKey(series), []);
  }

  /**
   * The cache was looked at: of a series, all that it lacks. Times are ms, `now` by the venue's clock.
   */
  looked(series: Series, look: LookAtSeries, now: number): void {
    const before = this.#kept.get(seriesKey(series));
    // What closed while the cache was being read is not in what was read.
    const newest = Math.max(look.newest, before?.newest ?? 0);
    const since = (before?.missing ?? []).filter((range) => range.from > look.newest);
    const absent = this.#strangelyAbsent(series, look);
    const missing = [...look.missing, ...absent]
      .map((range) => ({
        ...range,
        isAbsent: absent.includes(range),
        noticedAt: noticedOf(range, before, now),
        isLeading: range.from <= look.oldest,
      }))
      .toSorted((a, b) => a.from - b.from);
    const lackedAt = this.#lackedAt.get(seriesKey(series));
    for (const openTime of lackedAt?.keys() ?? []) {
      const isMissing = openTime > look.newest || missing.some((range) => isIn(range, openTime));
      if (!isMissing) lackedAt?.delete(openTime);
    }
    this.#kept.set(seriesKey(series), {
      series,
      newest,
      missing: [...missing, ...since],
      isBusy: look.isBusy,
    });
    const noted = this.#meanwhile.get(seriesKey(series)) ?? [];
    this.#meanwhile.delete(seriesKey(series));
    for (const { openTime, isThere } of noted) {
      if (isThere) this.closed(series, openTime, now);
      else this.lost(series, openTime, now);
    }
  }

  #noteMeanwhile(series: Series, openTime: number, isThere: boolean): void {
    const noted = this.#meanwhile.get(seriesKey(series));
    if (noted !== undefined && noted.length < HARDCODED_CONFIG.cache.maxCandlesPerSeries) {
      noted.push({ openTime, isThere });
    }
  }

  /** A bar is there as closed, or the venue does not have it. What lies between it and the newest before it is not. */
  closed(series: Series, openTime: number, now: number): void {
    this.#noteMeanwhile(series, openTime, true);
    const kept = this.#kept.get(seriesKey(series));
    if (kept === undefined) return;
    const step = timeframeMs(series.timeframe);
    if (openTime > kept.newest) {
      const from = kept.newest + step;
      if (from < openTime)
        kept.missing = [
          ...kept.missing,
          { from, to: openTime, noticedAt: now, isLeading: false, isAbsent: false },
        ];
      kept.newest = openTime;
    } else if (kept.missing.length > 0) {
      kept.missing = kept.missing.flatMap((range) => without(range, openTime, step));
    }
    this.#lackedAt.get(seriesKey(series))?.delete(openTime);
  }

  /** The venue was asked and does not have a bar. Where it must have it, it stays a hole for an hour. */
  absent(series: Series, openTime: number, now: number): void {
    if (this.#options.emptyBuckets === 'flat' || this.#isHeard(series, openTime)) return;
    this.closed(series, openTime, now);
  }

  /** A bar that was there is there no more. */
  lost(series: Series, openTime: number, now: number): void {
    this.#noteMeanwhile(series, openTime, false);
    const kept = this.#kept.get(seriesKey(series));
    if (kept === undefined || openTime > kept.newest) return;
    if (kept.missing.some((range) => isIn(range, openTime))) return;
    const to = openTime + timeframeMs(series.timeframe);
    const lost = { from: openTime, to, noticedAt: now, isLeading: false, isAbsent: false };
    kept.missing = [...kept.missing, lost].toSorted((a, b) => a.from - b.from);
  }

  /**
   * The venue answered at `answeredAt` (venue time, ms), and nothing can be said yet of the bars at these open times. `newestRow`:
   * of the rows that it served. A venue that serves a row for every bar has said nothing where it served none.
   */
  lacked(
    series: Series,
    openTimes: readonly number[],
    { answeredAt, newestRow }: Pick<PageReport, 'answeredAt' | 'newestRow'>,
  ): void {
    if (newestRow === undefined && this.#options.emptyBuckets === 'flat') return;
    const key = seriesKey(series);
    const { confirmMs } = this.#options.limits;
    const lackedAt = this.#lackedAt.get(key) ?? new Map<number, number>();
    for (const openTime of openTimes) {
      if (answeredAt >= closeTimeOf(series.timeframe, openTime) + confirmMs)
        lackedAt.set(openTime, answeredAt);
    }
    for (const oldest of lackedAt.keys()) {
      if (lackedAt.size <= HARDCODED_CONFIG.cache.maxCandlesPerSeries) break;
      lackedAt.delete(oldest);
    }
    this.#lackedAt.set(key, lackedAt);
  }

  /** A series is not kept any more. */
  forget(series: Series): void {
    this.#kept.delete(seriesKey(series));
    this.#lackedAt.delete(seriesKey(series));
  }

  /** Every hole at the venue's time `now` (ms), but for bars that closed less than a minute ago. */
  facts(now: number): HoleFacts {
    let [overdue, undecided, series] = [0, 0, 0];
    let oldest: Hole | undefined;
    for (const kept of this.#kept.values()) {
      let lacking = 0;
      for (const hole of this.#holesOf(kept, now - HOLE_GRACE_MS)) {
        const judged = this.#judge(kept, hole, now);
        undecided += judged.undecided;
        lacking += judged.overdue;
        const { firstOverdue } = judged;
        if (firstOverdue === undefined) continue;
        const noticedAt = Math.max(hole.noticedAt, firstOverdue + timeframeMs(kept.series.timeframe));
        if (oldest === undefined || noticedAt < oldest.noticedAt) {
          oldest = { ...kept.series, openTime: firstOverdue, noticedAt };
        }
      }
      overdue += lacking;
      if (lacking > 0) series += 1;
    }
    return { overdue, series, undecided, oldest };
  }

  /**
   * The holes that will be overdue soon, or are, and that no answer has lacked lately: what is to be asked for at the venue's
   * time `now` (ms).
   */
  *toAsk(now: number): Generator<{ readonly series: Series; readonly range: OpenTimeRange }> {
    for (const kept of this.#kept.values()) {
      const { series } = kept;
      const step = timeframeMs(series.timeframe);
      const lackedAt = this.#lackedAt.get(seriesKey(series));
      const isDue = (openTime: number) => now - (lackedAt?.get(openTime) ?? -Infinity) >= ASK_AGAIN_MS;
      for (const hole of this.#holesOf(kept, now - ASK_AFTER_MS)) {
        if (hole.isAbsent) continue;
        const { firstOverdue, lastOverdue } = this.#judge(kept, hole, now + ASK_AHEAD_MS, isDue);
        if (firstOverdue === undefined || lastOverdue === undefined) continue;
        yield { series, range: { from: firstOverdue, to: lastOverdue + step } };
      }
    }
  }

  /** The part of each hole of a series that had closed by `closedBy` (venue time, ms), ascending. */
  #holesOf({ series: { timeframe }, missing, newest }: Kept, closedBy: number): readonly Missing[] {
    const step = timeframeMs(timeframe);
    const end = newestClosedOpenTime(timeframe, closedBy) + step;
    const least = end - this.#options.target * step;
    const behind = { from: newest + step, to: end, noticedAt: 0, isLeading: false, isAbsent: false };
    return [...missing, behind]
      .map((range) => ({ ...range, from: Math.max(range.from, least), to: Math.min(range.to, end) }))
      .filter(({ from, to }) => from < to);
  }

  /** How many bars of a hole are overdue, and how many undecided; of those that `counts` takes for overdue. */
  #judge(
    { series, isBusy }: Kept,
    hole: Missing,
    now: number,
    counts?: (openTime: number) => boolean,
  ): Judged {
    const step = timeframeMs(series.timeframe);
    const lackedAt = this.#lackedAt.get(seriesKey(series));
    const isFlat = this.#options.emptyBuckets === 'flat';
    // Thousands of bars that were lost at once are not looked at one by one.
    const isAll =
      isFlat && !hole.isAbsent && counts === undefined && !(hole.isLeading && lackedAt !== undefined);
    if (isAll) {
      const overdue = (hole.to - hole.from) / step;
      return { overdue, undecided: 0, firstOverdue: hole.from, lastOverdue: hole.to - step };
    }
    const judged = { overdue: 0, undecided: 0 } as Judged;
    for (let openTime = hole.from; openTime < hole.to; openTime += step) {
      if (this.#isUndecided({ ...series, ...hole, openTime, isBusy, lackedAt }, now)) judged.undecided += 1;
      else if (counts === undefined || counts(openTime)) {
        judged.overdue += 1;
        judged.firstOverdue ??= openTime;
        judged.lastOverdue = openTime;
      }
    }
    return judged;
  }

  /**
   * Of bars that the venue does not have, those that it must have: something was heard of them, or it serves a row for every
   * bar since its first.
   */
  #strangelyAbsent(series: Series, { absent, oldest }: LookAtSeries): readonly OpenTimeRange[] {
    if (this.#options.emptyBuckets === 'flat') return absent.filter(({ from }) => from > oldest);
    const step = timeframeMs(series.timeframe);
    return absent.flatMap(({ from, to }) => {
      const bars = Array.from({ length: (to - from) / step }, (_, at) => from + at * step);
      return bars.filter((at) => this.#isHeard(series, at)).map((at) => ({ from: at, to: at + step }));
    });
  }

  #isHeard({ symbol, timeframe }: Series, openTime: number): boolean {
    const close = closeTimeOf(timeframe, openTime);
    return this.#options.feed.heardDuring(symbol, openTime + LATE_FRAME_MS, close);
  }

  #isUndecided(hole: HoleToJudge, now: number): boolean {
    const { emptyBuckets, feed, limits } = this.#options;
    const { symbol, timeframe, openTime, noticedAt, isAbsent, isLeading, isBusy, lackedAt } = hole;
    if (isAbsent) return now - Math.max(noticedAt, closeTimeOf(timeframe, openTime)) >= ABSENT_FOR_MS;
    if (emptyBuckets === 'flat') return isLeading && lackedAt?.has(openTime) === true;
    const [from, close] = [openTime + LATE_FRAME_MS, closeTimeOf(timeframe, openTime)];
    if (feed.heardDuring(symbol, from, close)) return false;
    const isSilent = feed.silentDuring(symbol, from, close);
    // Nobody watched, and what trades in nearly every bar has hardly skipped this one.
    if (isBusy && !isLeading && !isSilent) return false;
    // Before that no answer says anything of a bar that is not in it.
    if (now < close + limits.confirmMs + HOLE_GRACE_MS) return true;
    return lackedAt?.has(openTime) === true || isSilent;
  }
}

function isIn({ from, to }: OpenTimeRange, openTime: number): boolean {
  return openTime >= from && openTime < to;
}

/** When any part of a range was first noticed to be missing. */
function noticedOf(range: OpenTimeRange, before: Kept | undefined, now: number): number {
  const known = before?.missing.filter(({ from, to }) => from < range.to && to > range.from) ?? [];
  return Math.min(now, ...known.map((each) => each.noticedAt));
}

function without(range: Missing, openTime: number, step: number): readonly Missing[] {
  if (!isIn(range, openTime)) return [range];
  const parts = [
    { ...range, to: openTime },
    // An older one is there now: what follows it is of a time when the symbol was listed.
    { ...range, from: openTime + step, isLeading: false },
  ];
  return parts.filter(({ from, to }) => from < to);
}
