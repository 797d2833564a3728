import type { AbsenceStore, CandleCacheStrategy, Look, LookStore } from '@livermore/cache';
import { HARDCODED_CONFIG, seriesKey, timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Series } from '@livermore/schemas';
import { inRounds } from '@livermore/utils';
import type { Clock, Logger } from '@livermore/utils';
import type { PageReport, VenueTime } from '../ports';
import type { RepairRequest } from './gap-repairer';

export interface LooksOptions {
  readonly exchangeId: number;
  readonly store: Pick<LookStore, 'count' | 'due' | 'postpone' | 'remove'>;
  readonly absences: Pick<AbsenceStore, 'read'>;
  readonly cache: Pick<CandleCacheStrategy, 'readExchangeCandles'>;
  /** Every series that is kept, now: looks at others are forgotten. */
  readonly series: () => readonly Series[];
  readonly repair: (request: RepairRequest) => void;
  readonly venueTime: VenueTime;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Logger;
}

const EVERY_MS = 5_000;
/** Room for readings that are made anyway, ms: a boundary's last round settles most of what is due then. */
const GRACE_MS = 8_000;
/** A look that was asked for and changed nothing is asked for again after this, and after half of the bar's age. */
const LEAST_AGAIN_MS = 60_000;
/** Bars of one series that are this near to each other, in bars, are read by one request. */
const NEAR_BARS = 250;

/**
 * Has bars read again when they are due: what rests on one reading, what a reading contradicts, what was said to be quiet
 * or absent. The list lies beside the candles; this works it off, series by series.
 */
export class Looks {
  readonly #options: LooksOptions;
  /** By series, open times of verdicts (quiet, absent) that were due for their look when a reading was last asked for. */
  readonly #verdicts = new Map<string, readonly number[]>();
  #waiting = 0;

  constructor(options: LooksOptions) {
    this.#options = options;
  }

  /** How many bars waited for a look at the start, then at the last round. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * A reading that was asked for here has come. What is still quiet or absent needs no further look of its own; the other
   * looks are let go by the step that settles their bar.
   */
  async done({ page, absent, stillQuiet }: PageReport): Promise<void> {
    const { exchangeId, store } = this.#options;
    const verdicts = this.#verdicts.get(seriesKey(page)) ?? [];
    const still = new Set([...absent, ...stillQuiet]);
    const { symbol, timeframe } = page;
    const over = verdicts.filter((openTime) => still.has(openTime));
    await store.remove(
      exchangeId,
      over.map((openTime) => ({ series: { symbol, timeframe }, openTime })),
    );
  }

  /** Works until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger, store, exchangeId } = this.#options;
    // What a former process left waits from the first moment on: nobody is to be told that nothing does.
    this.#waiting = await store.count(exchangeId).catch(() => 0);
    const options = { everyMs: EVERY_MS, failed: 'looks_failed', clock, logger };
    await inRounds(() => this.round(), options, signal);
  }

  /** Asks for everything that is due now. */
  async round(): Promise<void> {
    const { exchangeId, store, venueTime, series: kept, repair } = this.#options;
    const now = venueTime.now();
    const dueBy = now - GRACE_MS;
    const due = await store.due(exchangeId, dueBy);
    const isKept = new Set(due.length === 0 ? [] : kept().map(seriesKey));
    const isWorth = (look: Look) => isKept.has(seriesKey(look.series)) && isInSeries(look, now);
    const worth = due.filter(isWorth);
    await store.remove(
      exchangeId,
      due.filter((look) => !isWorth(look)),
    );
    if (due.length > 0) this.#options.logger.info({ event: 'looks_due', bars: due.length });
    for (const { series, openTimes } of bySeries(worth)) {
      this.#verdicts.set(seriesKey(series), await this.#verdictsAmong(series, openTimes));
      for (const range of rangesNear(openTimes, timeframeMs(series.timeframe))) {
        repair({ series, ...range, reason: 'look', lane: 'repair' });
      }
      const again = openTimes.map((openTime) => ({ series, openTime, due: nextOf(openTime, now) }));
      await store.postpone(exchangeId, dueBy, again);
    }
    this.#waiting = await store.count(exchangeId);
  }

  /** Which of some open times (ascending, ms) are said to be quiet or absent by now. */
  async #verdictsAmong(series: Series, openTimes: readonly number[]): Promise<readonly number[]> {
    const { exchangeId, absences, cache } = this.#options;
    const window = { from: openTimes[0] ?? 0, to: openTimes.at(-1) ?? 0 };
    const [absent, bars] = await Promise.all([
      absences.read(exchangeId, series, window),
      cache.readExchangeCandles(exchangeId, series, window),
    ]);
    const quiet = bars.filter((bar) => bar.source === 'no-trades').map((bar) => bar.timestamp);
    const verdicts = new Set([...absent, ...quiet]);
    return openTimes.filter((openTime) => verdicts.has(openTime));
  }
}

/** Whether a bar can still be in its series: older ones have left it, and nothing would settle them. */
function isInSeries({ series, openTime }: Look, now: number): boolean {
  return openTime >= now - HARDCODED_CONFIG.cache.maxCandlesPerSeries * timeframeMs(series.timeframe);
}

/** When a bar (open time, ms) that was asked for at `now` (ms) is asked for again, where nothing comes of it. */
function nextOf(openTime: number, now: number): number {
  return now + Math.max(LEAST_AGAIN_MS, (now - openTime) / 2);
}

/** Looks by series, open times ascending. */
function bySeries(
  looks: readonly Look[],
): readonly { readonly series: Series; readonly openTimes: readonly number[] }[] {
  const groups = new Map<string, { readonly series: Series; readonly openTimes: number[] }>();
  for (const { series, openTime } of looks) {
    const key = seriesKey(series);
    const group = groups.get(key) ?? { series, openTimes: [] };
    group.openTimes.push(openTime);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ series, openTimes }) => ({
    series,
    openTimes: openTimes.toSorted((a, b) => a - b),
  }));
}

/** Ranges of bars of `step` ms that hold all open times (ascending), bars near to each other together. */
function rangesNear(openTimes: readonly number[], step: number): readonly OpenTimeRange[] {
  const ranges: { from: number; to: number }[] = [];
  for (const openTime of openTimes) {
    const last = ranges.at(-1);
    if (last !== undefined && openTime - last.from < NEAR_BARS * step) last.to = openTime + step;
    else ranges.push({ from: openTime, to: openTime + step });
  }
  return ranges;
}
