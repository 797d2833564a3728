import { closeTimeOf, isClosed, timeframeMs } from '@livermore/schemas';
import type { CandleCacheStrategy, StoredCandle } from '@livermore/cache';
import type { Series, Timeframe } from '@livermore/schemas';
import { AppError, messageOf, systemRandom } from '@livermore/utils';
import type { Clock, Logger, Random } from '@livermore/utils';
import type { PageLoader, VenueTime } from '../ports';
import type { CandlePage, RestProtocol } from '../protocol/protocol';

/** Bars compared so far. `compared` = `equal` + `different`. */
export interface AuditCounts {
  readonly compared: number;
  readonly equal: number;
  readonly different: number;
}

/** A bar of ours that was not what the venue says. */
export interface AuditDifference extends Series {
  /** Open time, ms. */
  readonly timestamp: number;
  readonly source: 'stream' | 'derived';
  readonly ours: StoredCandle;
  readonly venue: StoredCandle;
}

export interface AuditFacts extends AuditCounts {
  /** Pages asked for, and those that failed. */
  readonly pages: number;
  readonly failures: number;
  readonly byTimeframe: Readonly<Partial<Record<Timeframe, AuditCounts>>>;
  readonly bySource: Readonly<Partial<Record<'stream' | 'derived', AuditCounts>>>;
  /** The newest differences; `different` counts all. */
  readonly differences: readonly AuditDifference[];
}

export interface AuditOptions {
  readonly exchangeId: number;
  /** What may be picked, now. */
  readonly series: () => readonly Series[];
  readonly cache: Pick<CandleCacheStrategy, 'readExchangeCandles'>;
  readonly loader: PageLoader;
  readonly limits: Pick<RestProtocol['limits'], 'candlesPerPage' | 'confirmMs'>;
  readonly venueTime: VenueTime;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Logger;
  readonly random?: Random;
  /** Distance of two pages, ms. */
  readonly everyMs?: number;
  readonly onDifference?: (difference: AuditDifference) => void;
}

/** One page in half a minute: a few thousandths of any venue's allowance. */
const EVERY_MS = 30_000;
/** Bars of one page: enough to be worth a request, few enough for its lowest price. */
const PAGE_BARS = 50;
const NEWEST_LOOKED_AT = 200;
/** Series looked into for one page: most hold nothing to audit once they have been. */
const PICKS = 8;
const DIFFERENCES_KEPT = 50;
const NOTHING: AuditCounts = { compared: 0, equal: 0, different: 0 };

/**
 * Compares bars that were streamed or derived with the venue's own, a page at a time, inside the spare budget.
 * What it fetches goes the way of all history: so a difference is not only counted, it is corrected.
 */
export class Audit {
  readonly #options: AuditOptions;
  readonly #random: Random;
  #facts: AuditFacts = {
    ...NOTHING,
    pages: 0,
    failures: 0,
    byTimeframe: {},
    bySource: {},
    differences: [],
  };

  constructor(options: AuditOptions) {
    this.#options = options;
    this.#random = options.random ?? systemRandom;
  }

  get facts(): AuditFacts {
    return this.#facts;
  }

  /** Audits until the signal is aborted, or the venue refuses this location. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, everyMs = EVERY_MS, logger } = this.#options;
    while (!signal.aborted) {
      try {
        await clock.sleep(everyMs, signal);
        await this.auditOnce(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#facts = { ...this.#facts, failures: this.#facts.failures + 1 };
        logger.warn({ event: 'audit_failed', error: messageOf(error) });
        if (error instanceof AppError && error.code === 'EXCHANGE_BLOCKED') return;
      }
    }
  }

  /** Picks a page, fetches it and compares. @returns the page, or undefined when there was nothing to audit */
  async auditOnce(signal: AbortSignal): Promise<CandlePage | undefined> {
    const { loader } = this.#options;
    const picked = await this.#pick();
    if (picked === undefined) return undefined;
    const { page, ours } = picked;
    this.#facts = { ...this.#facts, pages: this.#facts.pages + 1 };
    await loader.load(page, { lane: 'audit', signal, announce: true });
    const venue = await this.#read(page, { from: page.from, to: page.to - 1 });
    const byTime = new Map(venue.map((bar) => [bar.timestamp, bar]));
    for (const bar of ours) this.#compare(page, bar, byTime.get(bar.timestamp));
    return page;
  }

  /** A page around a bar that is ours, of a series chosen by chance; newer bars are likelier. */
  async #pick(): Promise<{ page: CandlePage; ours: OurBar[] } | undefined> {
    const all = this.#options.series();
    for (let tries = 0; tries < Math.min(PICKS, all.length); tries += 1) {
      const series = all[Math.floor(this.#random.next() * all.length)];
      if (series === undefined) continue;
      const ours = await this.#ourBars(series);
      // Squared: a quarter of the picks falls into the newest sixteenth.
      const chosen = ours.at(-1 - Math.floor(this.#random.next() ** 2 * ours.length));
      if (chosen === undefined) continue;
      const page = this.#pageFrom(series, chosen.timestamp, ours[0]?.timestamp ?? chosen.timestamp);
      const inside = ours.filter((bar) => bar.timestamp >= page.from && bar.timestamp < page.to);
      return { page, ours: inside };
    }
    return undefined;
  }

  /** Bars that are ours and that the venue's answer is the last word on. */
  async #ourBars(series: Series): Promise<OurBar[]> {
    const { limits, venueTime } = this.#options;
    const settled = venueTime.now() - limits.confirmMs;
    const bars = await this.#read(series, { limit: NEWEST_LOOKED_AT });
    return bars.flatMap((bar) => {
      const isOld = isClosed(bar) && closeTimeOf(bar.timeframe, bar.timestamp) <= settled;
      const { source } = bar;
      return isOld && (source === 'stream' || source === 'derived') ? [{ ...bar, source }] : [];
    });
  }

  /**
   * A page that ends with the chosen bar's neighbours before it, none of them too young, nor older than `oldest`:
   * bars we never had are no business of an audit.
   */
  #pageFrom(series: Series, openTime: number, oldest: number): CandlePage {
    const step = timeframeMs(series.timeframe);
    const bars = Math.min(PAGE_BARS, this.#options.limits.candlesPerPage);
    return { ...series, from: Math.max(oldest, openTime + step - bars * step), to: openTime + step };
  }

  #read(
    series: Series,
    query: { readonly from?: number; readonly to?: number; readonly limit?: number },
  ): Promise<StoredCandle[]> {
    const { symbol, timeframe } = series;
    return this.#options.cache.readExchangeCandles(this.#options.exchangeId, { symbol, timeframe }, query);
  }

  /** `venue` counts only once the answer has replaced ours: what it did not mention proves nothing. */
  #compare({ symbol, timeframe }: Series, ours: OurBar, venue: StoredCandle | undefined): void {
    if (venue === undefined || venue.sequenceNum === ours.sequenceNum) return;
    const isEqual = FIELDS.every((field) => ours[field] === venue[field]);
    const { byTimeframe, bySource, differences } = this.#facts;
    const { source, timestamp } = ours;
    const difference: AuditDifference = { symbol, timeframe, timestamp, source, ours, venue };
    this.#facts = {
      ...this.#facts,
      ...counted(this.#facts, isEqual),
      byTimeframe: { ...byTimeframe, [timeframe]: counted(byTimeframe[timeframe] ?? NOTHING, isEqual) },
      bySource: { ...bySource, [source]: counted(bySource[source] ?? NOTHING, isEqual) },
      differences: isEqual ? differences : [...differences, difference].slice(-DIFFERENCES_KEPT),
    };
    if (isEqual) return;
    const values = { ours: valuesOf(ours), venue: valuesOf(venue) };
    this.#options.logger.warn({ event: 'audit_difference', symbol, timeframe, timestamp, source, ...values });
    this.#options.onDifference?.(difference);
  }
}

type OurBar = StoredCandle & { readonly source: 'stream' | 'derived' };

const FIELDS = ['open', 'high', 'low', 'close', 'volume'] as const;

function valuesOf(bar: StoredCandle): readonly number[] {
  return FIELDS.map((field) => bar[field]);
}

function counted(counts: AuditCounts, isEqual: boolean): AuditCounts {
  return {
    compared: counts.compared + 1,
    equal: counts.equal + (isEqual ? 1 : 0),
    different: counts.different + (isEqual ? 0 : 1),
  };
}
