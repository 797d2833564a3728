import type { CandleCacheStrategy } from '@livermore/cache';
import { closeTimeOf, openTimeOf, seriesKey, timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Series, SourcedCandle, Timeframe } from '@livermore/schemas';
import { inRounds } from '@livermore/utils';
import type { Clock, Logger } from '@livermore/utils';
import { contradictionsIn, parentOf, partsOf } from '../coverage/family';
import type { Contradiction } from '../coverage/family';
import { asSourced } from '../coverage/reading';
import type { VenueTime } from '../ports';
import type { RepairRequest } from './gap-repairer';

export interface FamilyCheckOptions {
  readonly exchangeId: number;
  /** Name of the exchange, as candles carry it. */
  readonly exchangeName: string;
  readonly timeframes: readonly Timeframe[];
  readonly cache: Pick<CandleCacheStrategy, 'readExchangeCandles'>;
  /** How long after its close a bar is compared with its parts, ms: until then readings are still on their way. */
  readonly afterMs: number;
  readonly repair: (request: RepairRequest) => void;
  readonly venueTime: VenueTime;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Logger;
}

export interface FamilyFacts {
  /** Bars that contradict their parts now, and the age (ms) of the oldest of these contradictions. */
  readonly open: number;
  readonly oldestMs: number;
  readonly found: number;
  /** Contradictions of the venue with itself: all of it is settled. */
  readonly venues: number;
}

interface Pending {
  readonly series: Series;
  readonly openTime: number;
  readonly due: number;
}

interface Open {
  readonly since: number;
  readonly readings: number;
}

const EVERY_MS = 5_000;
/** Readings of a contradiction: the first at once, the next when a second reading may settle it. */
const AGAIN_MS = 45_000;
const SLOW_AGAIN_MS = 300_000;
const QUICK_READINGS = 4;
/** Bars that wait to be compared: all of a midnight of the largest venue. */
const MAX_PENDING = 20_000;
/** Contradictions followed at once: what is beyond them is asked for once, and found again by the audit. */
const MAX_OPEN = 10_000;

/**
 * Compares each closed bar with its parts. What contradicts is read again at once, the bar and its parts, and counted until
 * they agree or all of it is settled.
 */
export class FamilyCheck {
  readonly #options: FamilyCheckOptions;
  readonly #pending = new Map<string, Pending>();
  readonly #open = new Map<string, Open>();
  #found = 0;
  #venues = 0;

  constructor(options: FamilyCheckOptions) {
    this.#options = options;
  }

  get facts(): FamilyFacts {
    const now = this.#options.venueTime.now();
    const since = Math.min(now, ...[...this.#open.values()].map((each) => each.since));
    return { open: this.#open.size, oldestMs: now - since, found: this.#found, venues: this.#venues };
  }

  /** A bar (open time, ms) is closed, or has other values: it is compared with its parts, and its parent with it. */
  note({ symbol, timeframe }: Series, openTime: number): void {
    const { timeframes } = this.#options;
    const parent = parentOf(timeframe, openTime, timeframes);
    if (parent !== undefined) this.#expect({ symbol, timeframe: parent.timeframe }, parent.openTime);
    if (partsOf(timeframe, timeframes) !== undefined) this.#expect({ symbol, timeframe }, openTime);
  }

  /** Compares all bars of a range of a series with their parts. */
  async check(series: Series, range: OpenTimeRange): Promise<void> {
    const parts = partsOf(series.timeframe, this.#options.timeframes);
    if (parts === undefined) return;
    const [parents, children] = await Promise.all([
      this.#read(series, range),
      this.#read({ symbol: series.symbol, timeframe: parts }, range),
    ]);
    const found = new Map(contradictionsIn(parents, children).map((each) => [each.openTime, each]));
    // Bars that are not there any more contradict nothing: each place of the range is judged, whether it holds a bar or not.
    const step = timeframeMs(series.timeframe);
    for (let at = openTimeOf(series.timeframe, range.from); at < range.to; at += step) {
      this.#judge(series, at, found.get(at));
    }
  }

  /** Works until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    const options = { everyMs: EVERY_MS, failed: 'family_check_failed', clock, logger };
    await inRounds(() => this.round(), options, signal);
  }

  /** Compares what is due now. */
  async round(): Promise<void> {
    const now = this.#options.venueTime.now();
    for (const [key, pending] of this.#pending) {
      const { series, openTime, due } = pending;
      if (due > now) continue;
      this.#pending.delete(key);
      try {
        await this.check(series, { from: openTime, to: openTime + timeframeMs(series.timeframe) });
      } catch (error) {
        // Not compared is not agreed: it waits for the next round.
        this.#pending.set(key, pending);
        throw error;
      }
    }
  }

  #expect(series: Series, openTime: number, due?: number): void {
    const key = keyOf(series, openTime);
    if (this.#pending.size >= MAX_PENDING && !this.#pending.has(key)) this.#dropOldest();
    const now = this.#options.venueTime.now();
    const earliest = Math.max(now, closeTimeOf(series.timeframe, openTime) + this.#options.afterMs);
    this.#pending.set(key, { series, openTime, due: due ?? earliest });
  }

  /** Makes room. What contradicts is not dropped: nothing else would find out that it does so no longer. */
  #dropOldest(): void {
    for (const [key, pending] of this.#pending) {
      this.#pending.delete(key);
      if (!this.#open.has(key)) return;
      this.#pending.set(key, pending);
    }
  }

  #judge(series: Series, openTime: number, found: Contradiction | undefined): void {
    const key = keyOf(series, openTime);
    const known = this.#open.get(key);
    if (found === undefined || found.isVenues) {
      this.#open.delete(key);
      if (found !== undefined && known !== undefined) this.#venues += 1;
      return;
    }
    const now = this.#options.venueTime.now();
    const readings = (known?.readings ?? 0) + 1;
    if (known === undefined) {
      this.#found += 1;
      this.#options.logger.warn({ event: 'contradiction_found', ...series, openTime, parts: found.parts });
    }
    const range = { from: openTime, to: closeTimeOf(series.timeframe, openTime) };
    const why = { reason: 'contradiction', lane: 'repair' } as const;
    this.#options.repair({ series, ...range, ...why });
    this.#options.repair({ series: { symbol: series.symbol, timeframe: found.parts }, ...range, ...why });
    if (known === undefined && this.#open.size >= MAX_OPEN) return;
    this.#open.set(key, { since: known?.since ?? now, readings });
    this.#expect(series, openTime, now + (readings < QUICK_READINGS ? AGAIN_MS : SLOW_AGAIN_MS));
  }

  async #read(series: Series, range: OpenTimeRange): Promise<readonly SourcedCandle[]> {
    const { cache, exchangeId, exchangeName } = this.#options;
    const window = { from: range.from, to: range.to - 1 };
    const stored = await cache.readExchangeCandles(exchangeId, series, window);
    return stored.flatMap((candle) => asSourced(candle, exchangeName) ?? []);
  }
}

function keyOf(series: Series, openTime: number): string {
  return `${seriesKey(series)} ${openTime}`;
}
