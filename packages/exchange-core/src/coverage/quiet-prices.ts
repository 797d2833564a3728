import type { CandleCacheStrategy, StoredCandle } from '@livermore/cache';
import { MICROS_PER_MS, isClosed, seriesKey, timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Series, SourcedCandle } from '@livermore/schemas';
import { inRounds } from '@livermore/utils';
import type { Clock, Logger } from '@livermore/utils';
import type { HistorySink, VenueTime } from '../ports';

/**
 * Quiet bars whose price is not the close before them, with the price they should have. Pure. A quiet bar carries the
 * close of the bar before it on: when that one is corrected, or found late, whatever was carried on from it is wrong.
 * Bars that were taken back leave a gap; quiet ones behind it that carry the price which is changed had it from there.
 *
 * @param bars of one series, ascending
 * @param now the venue's time, ms: as of when the new price is true
 * @param takenBack closes of bars that are not there any more, by open time (ms)
 */
export function repriced(
  bars: readonly StoredCandle[],
  exchange: string,
  now: number,
  takenBack: ReadonlyMap<number, number> = new Map(),
): readonly SourcedCandle[] {
  const changed: SourcedCandle[] = [];
  let before: { readonly timestamp: number; readonly close: number; readonly was: number } | undefined;
  for (const bar of bars) {
    if (!isClosed(bar)) break;
    const isQuiet = bar.source === 'no-trades';
    const step = timeframeMs(bar.timeframe);
    const was = takenBack.get(bar.timestamp - step);
    if (before !== undefined && was !== undefined) before = { ...before, was };
    const isNext = before?.timestamp === bar.timestamp - step;
    const isCarried = before !== undefined && before.was !== before.close && before.was === bar.close;
    const price = isQuiet && (isNext || isCarried) ? (before?.close ?? bar.close) : bar.close;
    if (price !== bar.close) {
      const flat = { open: price, high: price, low: price, close: price };
      const sequenceNum = Math.max(Math.floor(now * MICROS_PER_MS), (bar.sequenceNum ?? 0) + 1);
      changed.push({ ...bar, ...flat, exchange, sequenceNum, source: 'no-trades' });
    }
    before = { timestamp: bar.timestamp, close: price, was: bar.close };
  }
  return changed;
}

export interface QuietPricesOptions {
  readonly exchangeId: number;
  /** Name of the exchange, as candles carry it. */
  readonly exchangeName: string;
  readonly cache: Pick<CandleCacheStrategy, 'readExchangeCandles'>;
  readonly sink: Pick<HistorySink, 'writeHistory'>;
  readonly venueTime: VenueTime;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Logger;
}

/** What has changed of a series: from which to which open time (ms), and the closes of bars that were taken back. */
interface Changed {
  readonly series: Series;
  readonly from: number;
  readonly to: number;
  readonly takenBack?: ReadonlyMap<number, number> | undefined;
}

const EVERY_MS = 2_000;
/** Bars before one that was taken back in which the close before it is looked for. */
const BARS_BEFORE = 60;
/** Bars after a changed one that are looked at in one reading: a longer quiet stretch is mended in parts. */
const BARS_AFTER = 300;

/**
 * Gives quiet bars the price they should carry, after a bar before them has changed. Asks the venue nothing. What changed
 * is gathered by series and mended in turn: a page of history is looked at once, not once for each of its bars.
 */
export class QuietPrices {
  readonly #options: QuietPricesOptions;
  /** By series, from which to which open time (ms) bars have changed. Bounded by the series that are kept. */
  readonly #changed = new Map<string, Changed>();

  constructor(options: QuietPricesOptions) {
    this.#options = options;
  }

  /** A bar (open time, ms) has other values, or is there at last: the quiet bars after it are mended in the next round. */
  carryOn({ symbol, timeframe }: Series, openTime: number): void {
    const key = seriesKey({ symbol, timeframe });
    const { from, to, takenBack } = this.#changed.get(key) ?? { from: openTime, to: openTime };
    const range = { from: Math.min(from, openTime), to: Math.max(to, openTime) };
    this.#changed.set(key, { series: { symbol, timeframe }, ...range, takenBack });
  }

  /** A bar was taken back: the quiet bars that carry its close on get the one before it. */
  takeBack({ symbol, timeframe, timestamp, close }: SourcedCandle): void {
    this.carryOn({ symbol, timeframe }, timestamp);
    const key = seriesKey({ symbol, timeframe });
    const changed = this.#changed.get(key);
    if (changed === undefined) return;
    const from = Math.min(changed.from, timestamp - BARS_BEFORE * timeframeMs(timeframe));
    const takenBack = new Map([...(changed.takenBack ?? []), [timestamp, close]]);
    this.#changed.set(key, { ...changed, from, takenBack });
  }

  /** Works until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    const options = { everyMs: EVERY_MS, failed: 'quiet_prices_not_mended', clock, logger };
    await inRounds(() => this.round(), options, signal);
  }

  /** Mends what lies after the bars that have changed. @throws what Redis does; what is left is mended by the next round */
  async round(): Promise<void> {
    for (const [key, changed] of this.#changed) {
      const { series, from, to, takenBack } = changed;
      this.#changed.delete(key);
      try {
        const range = { from, to: to + BARS_AFTER * timeframeMs(series.timeframe) };
        await this.mend(series, range, takenBack);
      } catch (error) {
        const since = this.#changed.get(key);
        const both = new Map([...(takenBack ?? []), ...(since?.takenBack ?? [])]);
        this.#changed.set(key, { ...changed, takenBack: both });
        if (since !== undefined) for (const at of [since.from, since.to]) this.carryOn(series, at);
        throw error;
      }
    }
  }

  /** Mends the quiet bars of a range of open times (ms), and those after it to which a changed price carries on. */
  async mend(series: Series, range: OpenTimeRange, takenBack?: Changed['takenBack']): Promise<void> {
    const step = timeframeMs(series.timeframe);
    let part = range;
    for (;;) {
      const last = await this.#mendPart(series, part, takenBack);
      if (last === undefined || last + step < part.to) return;
      // The first bar of a part is never changed: each part begins after the one before, and the series ends.
      part = { from: last, to: last + BARS_AFTER * step };
    }
  }

  /** @returns the open time (ms) of the last bar there is, if its price was changed */
  async #mendPart(
    series: Series,
    range: OpenTimeRange,
    takenBack: Changed['takenBack'],
  ): Promise<number | undefined> {
    const { exchangeId, exchangeName, cache, sink, venueTime } = this.#options;
    const window = { from: range.from, to: range.to - 1 };
    const bars = await cache.readExchangeCandles(exchangeId, series, window);
    if (!bars.some((bar) => bar.source === 'no-trades')) return undefined;
    const changed = repriced(bars, exchangeName, venueTime.now(), takenBack);
    await sink.writeHistory(series, changed, { cause: 'price carried on' });
    const last = changed.at(-1)?.timestamp;
    return last === bars.at(-1)?.timestamp ? last : undefined;
  }
}
