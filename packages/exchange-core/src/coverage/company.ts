import type { CandleCacheStrategy } from '@livermore/cache';
import { closeTimeOf, isClosed, timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Timeframe } from '@livermore/schemas';
import type { Company } from '../ports';

export interface BusyCompanyOptions {
  readonly exchangeId: number;
  readonly cache: Pick<CandleCacheStrategy, 'readExchangeCandles'>;
  /** The symbols kept, the busiest first. */
  readonly busiest: () => readonly string[];
  /** Whether our own view of the venue was impaired at some time of a range (ms). */
  readonly wasDown: (range: OpenTimeRange) => boolean;
}

/** Symbols asked, and how many of them must have traded. */
const ASKED = 10;
const ENOUGH = 3;

/**
 * Other symbols as witnesses that the venue was well: of its ten busiest at least three are known to have traded before, in
 * and after the bar. Nothing is said for a time when we could not see the venue, or with fewer symbols.
 */
export class BusyCompany implements Company {
  readonly #options: BusyCompanyOptions;

  constructor(options: BusyCompanyOptions) {
    this.#options = options;
  }

  async tradedIn(timeframe: Timeframe, range: OpenTimeRange): Promise<ReadonlySet<number>> {
    const { busiest, wasDown, cache, exchangeId } = this.#options;
    const asked = busiest().slice(0, ASKED);
    if (asked.length < ASKED) return new Set();
    const step = timeframeMs(timeframe);
    const window = { from: range.from - step, to: range.to + step - 1 };
    const traded = await Promise.all(
      asked.map(async (symbol) => {
        const bars = await cache.readExchangeCandles(exchangeId, { symbol, timeframe }, window);
        return new Set(bars.filter((bar) => isClosed(bar) && bar.volume > 0).map((bar) => bar.timestamp));
      }),
    );
    const well = new Set<number>();
    for (let openTime = range.from; openTime < range.to; openTime += step) {
      if (wasDown({ from: openTime, to: closeTimeOf(timeframe, openTime) })) continue;
      const isWitness = (bars: ReadonlySet<number>) =>
        [openTime - step, openTime, openTime + step].every((each) => bars.has(each));
      if (traded.filter(isWitness).length >= ENOUGH) well.add(openTime);
    }
    return well;
  }
}
