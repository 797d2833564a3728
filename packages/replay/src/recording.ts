import { TIMEFRAMES, openTimeOf, timeframeMs } from '@livermore/schemas';
import type { OpenTimeRange, Series, Timeframe } from '@livermore/schemas';
import { INTERVAL_MS } from '@livermore/simulator';
import type { Market, RecordedMarket } from '@livermore/simulator';
import { AppError } from '@livermore/utils';
import type { Recovery } from '@livermore/utils';
import { trueBarOf } from './compare';
import type { TrueBar } from './compare';

/** A recording that cannot be replayed as asked; the message says what it holds. */
export class NotReplayableError extends AppError {
  readonly code = 'NOT_REPLAYABLE';
  readonly recovery: Recovery = 'stop';
}

/** A recording, as a replay sees it. */
export class Recording {
  readonly market: RecordedMarket;
  readonly symbols: readonly string[];
  /** Timeframes that every symbol can be served in: recorded, or made of shorter recorded ones. */
  readonly timeframes: readonly Timeframe[];
  /** The time (ms) of which the finest candles are known, for every symbol. */
  readonly span: OpenTimeRange;
  readonly #native = new Map<string, readonly TrueBar[]>();

  /** @throws NotReplayableError when nothing of it can be served in a timeframe we keep */
  constructor(market: RecordedMarket) {
    this.market = market;
    this.symbols = market.symbols.map((each) => each.symbol);
    this.timeframes = TIMEFRAMES.filter((timeframe) =>
      this.symbols.every((symbol) => market.intervals(symbol).includes(timeframe)),
    );
    const finest = this.timeframes[0];
    if (finest === undefined) {
      throw new NotReplayableError(
        `the recording has no candles from which ${TIMEFRAMES.join(', ')} could be served`,
      );
    }
    const spans = this.symbols.map((symbol) => this.#spanOf(symbol));
    this.span = {
      from: openTimeOf(finest, Math.max(...spans.map((span) => span.from))),
      to: openTimeOf(finest, Math.min(...spans.map((span) => span.to))),
    };
    if (this.span.from >= this.span.to) {
      throw new NotReplayableError('the symbols of the recording have no time in common');
    }
  }

  /** Bars recorded in this timeframe itself, finished ones only. */
  native(series: Series): readonly TrueBar[] {
    const key = `${series.symbol} ${series.timeframe}`;
    const known = this.#native.get(key);
    if (known !== undefined) return known;
    const bars = this.market.recordedBars(series.symbol, series.timeframe).map((bar) => trueBarOf(bar, true));
    this.#native.set(key, bars);
    return bars;
  }

  /**
   * What a venue has of a series in a range of open times: recorded where it was, else made of what was. `market` is
   * the recording as that venue lived it, with its outages and revisions; the recording itself when absent.
   */
  truth(series: Series, range: OpenTimeRange, market: Market = this.market): readonly TrueBar[] {
    const { symbol, timeframe } = series;
    const native = new Set(this.native(series).map((bar) => bar.openTime));
    // Long after the end every bar of the range is finished.
    const now = range.to + timeframeMs('1d');
    return market
      .bars(symbol, timeframe, range.from, range.to, now)
      .filter((bar) => bar.trades > 0 || !isUnserved(symbol))
      .map((bar) => trueBarOf(bar, native.has(bar.openTime)));
  }

  /** The finest candles of a kept timeframe, recorded or made of shorter ones, decide what can be lived through. */
  #spanOf(symbol: string): OpenTimeRange {
    const spans = [...this.market.spans(symbol)].toSorted(([a], [b]) => INTERVAL_MS[a] - INTERVAL_MS[b]);
    const [finest] = spans;
    if (finest === undefined) throw new NotReplayableError(`nothing is recorded of ${symbol}`);
    const [interval, { from, to }] = finest;
    return { from, to: to + INTERVAL_MS[interval] };
  }
}

/** Venues whose symbols are spelled with a dash serve no bar for a bucket without trades. */
function isUnserved(symbol: string): boolean {
  return symbol.includes('-');
}
