import { bucketStart, DAY_MS, firstBucketFrom, INTERVAL_MS, nextBucket } from '../intervals';
import { INTERVALS } from '../market';
import type { Bar, Interval, Trade } from '../market';
import { unitsToText } from '../units';
import type { Scales, Series } from './read-series';
import { Spine } from './spine';
import { indexOf, sumsOf } from './sums';
import type { Sums } from './sums';
import { unitBarText } from './unit-bar';

/** First and last recorded opening (ms) of an interval, and how many finished candles there are. */
export interface RecordedSpan {
  readonly from: number;
  readonly to: number;
  readonly candles: number;
}

/** How far a running extreme of one interval's current bucket has been computed. */
interface Progress {
  readonly start: number;
  readonly first: number;
  next: number;
  extremes: Extremes | undefined;
}

/** Prices of the trades so far, in ticks. */
interface Extremes {
  readonly open: bigint;
  readonly high: bigint;
  readonly low: bigint;
}

function widened(known: Extremes | undefined, bar: Extremes): Extremes {
  if (known === undefined) return bar;
  return {
    open: known.open,
    high: bar.high > known.high ? bar.high : known.high,
    low: bar.low < known.low ? bar.low : known.low,
  };
}

/** One symbol of a recording. */
export class RecordedBook {
  readonly #native: ReadonlyMap<Interval, Series>;
  readonly #spine: Spine;
  readonly #sums: Sums;
  readonly #scales: Scales;
  readonly #isQuiet: boolean;
  readonly #progress = new Map<Interval, Progress>();

  /** `isQuiet`: a missing row means that nothing traded, rather than that the venue was down. */
  constructor(series: readonly Series[], scales: Scales, isQuiet: boolean) {
    this.#native = new Map(series.map((one) => [one.interval, one]));
    this.#spine = new Spine(series);
    this.#scales = scales;
    this.#isQuiet = isQuiet;
    this.#sums = sumsOf(this.#spine);
  }

  get opensAt(): number {
    return this.#spine.rows[0]?.start ?? Infinity;
  }

  /** First instant of which nothing is known. */
  get endsAt(): number {
    return this.#spine.rows.at(-1)?.end ?? -Infinity;
  }

  get intervals(): readonly Interval[] {
    const finest = Math.min(...[...this.#native.keys()].map((interval) => INTERVAL_MS[interval]));
    const isDerivable = (interval: Interval) => {
      const length = interval === '1M' ? DAY_MS : INTERVAL_MS[interval];
      return length % finest === 0;
    };
    return INTERVALS.filter((interval) => this.#native.has(interval) || isDerivable(interval));
  }

  get spans(): ReadonlyMap<Interval, RecordedSpan> {
    return new Map(
      [...this.#native].map(([interval, { time }]) => [
        interval,
        { from: time[0] ?? 0, to: time.at(-1) ?? 0, candles: time.length },
      ]),
    );
  }

  recordedBars(interval: Interval): readonly Bar[] {
    const series = this.#native.get(interval);
    return series === undefined ? [] : Array.from(series.time, (_, at) => this.#nativeBar(series, at));
  }

  bars(interval: Interval, from: number, to: number, now: number): readonly Bar[] {
    const bars: Bar[] = [];
    const end = Math.min(to, this.endsAt);
    let start = firstBucketFrom(interval, Math.max(from, bucketStart(interval, this.opensAt)));
    for (; start < end && start <= now; start = nextBucket(interval, start)) {
      const bar = this.#bar(interval, start, now);
      if (bar !== undefined) bars.push(bar);
    }
    return bars;
  }

  trades(from: number, to: number): readonly Trade[] {
    const trades: Trade[] = [];
    for (let at = this.#spine.indexAt(from); (this.#spine.rows[at]?.start ?? Infinity) < to; at += 1) {
      for (const trade of this.#spine.tape(at)) {
        if (trade.time < from || trade.time >= to) continue;
        trades.push({
          id: trade.id,
          time: trade.time,
          price: unitsToText(trade.price, this.#scales.price),
          size: unitsToText(trade.size, this.#scales.size),
          isBuyerMaker: !trade.isBought,
        });
      }
    }
    return trades;
  }

  nextTradeAt(after: number): number | undefined {
    for (let at = this.#spine.indexAt(after); at < this.#spine.rows.length; at += 1) {
      const next = this.#spine.tape(at).find((trade) => trade.time > after);
      if (next !== undefined) return next.time;
    }
    return undefined;
  }

  isOut(at: number): boolean {
    if (at < this.opensAt || at >= this.endsAt) return true;
    return !this.#isQuiet && (this.#spine.rows[this.#spine.indexAt(at)]?.start ?? Infinity) > at;
  }

  #bar(interval: Interval, start: number, now: number): Bar | undefined {
    const end = nextBucket(interval, start);
    const series = this.#native.get(interval);
    if (series !== undefined && now >= end) {
      const at = indexOf(series.time, start);
      if (at !== undefined) return this.#nativeBar(series, at);
      const isWithin = start > (series.time[0] ?? Infinity) && start < (series.time.at(-1) ?? -Infinity);
      if (isWithin) return this.#isQuiet ? this.#flat(start, end) : undefined;
    }
    return this.#derived(interval, start, end, Math.min(end, now + 1));
  }

  /** The bar of what the spine says happened from `start` to before `until`; none over a hole or an unknown start. */
  #derived(interval: Interval, start: number, end: number, until: number): Bar | undefined {
    const first = this.#spine.indexAt(start);
    const row = this.#spine.rows[first];
    // A longer bar says nothing of the shorter ones within it.
    const isTooLong = row !== undefined && row.start < end && row.end > end;
    const isUnknown =
      row === undefined || row.start < start || isTooLong || (first === 0 && row.start > start);
    if (isUnknown || (until === end && end > this.endsAt)) return undefined;
    if (row.start >= until) return this.#isQuiet ? this.#flat(start, end) : undefined;
    const whole = this.#advance(interval, start, first, until);
    return this.#compose(start, end, whole, until);
  }

  /** Running open, high and low over the rows that ended before `until`; continues where the last call stopped. */
  #advance(interval: Interval, start: number, first: number, until: number): Progress {
    const known = this.#progress.get(interval);
    const isContinued =
      known !== undefined &&
      known.start === start &&
      (known.next === known.first || (this.#spine.rows[known.next - 1]?.end ?? Infinity) <= until);
    const progress: Progress = isContinued ? known : { start, first, next: first, extremes: undefined };
    for (; (this.#spine.rows[progress.next]?.end ?? Infinity) <= until; progress.next += 1) {
      const row = this.#spine.rows[progress.next];
      if (row === undefined || (row.series.volume[row.at] ?? 0n) === 0n) continue;
      const { open, high, low } = row.series;
      progress.extremes = widened(progress.extremes, {
        open: open[row.at] ?? 0n,
        high: high[row.at] ?? 0n,
        low: low[row.at] ?? 0n,
      });
    }
    this.#progress.set(interval, progress);
    return progress;
  }

  #compose(start: number, end: number, whole: Progress, until: number): Bar {
    const { first, next } = whole;
    const between = (sums: readonly bigint[]) => (sums[next] ?? 0n) - (sums[first] ?? 0n);
    let { extremes } = whole;
    let volume = between(this.#sums.volume);
    let quote = between(this.#sums.quote);
    let takerBase = between(this.#sums.takerBase);
    let takerQuote = between(this.#sums.takerQuote);
    let trades = (this.#sums.trades[next] ?? 0) - (this.#sums.trades[first] ?? 0);
    let close = this.#closeBefore(next);
    if ((this.#spine.rows[next]?.start ?? Infinity) < until) {
      for (const trade of this.#spine.tape(next)) {
        if (trade.time >= until) break;
        const { price } = trade;
        extremes = widened(extremes, { open: price, high: price, low: price });
        close = price;
        volume += trade.size;
        quote += trade.size * price;
        if (trade.isBought) takerBase += trade.size;
        if (trade.isBought) takerQuote += trade.size * price;
        trades += 1;
      }
    }
    const isFlat = trades === 0;
    const firstTradeId = this.#spine.firstId(first);
    return unitBarText(this.#scales, start, end, {
      ...(extremes === undefined || isFlat ? { open: close, high: close, low: close } : extremes),
      close,
      volume,
      quote,
      takerBase,
      takerQuote,
      trades,
      firstTradeId: isFlat ? -1 : firstTradeId,
    });
  }

  #closeBefore(index: number): bigint {
    const row = this.#spine.rows[Math.max(0, index - 1)];
    if (row === undefined) return 0n;
    return (index === 0 ? row.series.open[row.at] : row.series.close[row.at]) ?? 0n;
  }

  #flat(start: number, end: number): Bar {
    const close = this.#closeBefore(this.#spine.indexAt(start));
    const none = { volume: 0n, quote: 0n, takerBase: 0n, takerQuote: 0n, trades: 0, firstTradeId: -1 };
    return unitBarText(this.#scales, start, end, { open: close, high: close, low: close, close, ...none });
  }

  #nativeBar(series: Series, at: number): Bar {
    const start = series.time[at] ?? 0;
    const end = nextBucket(series.interval, start);
    const volume = series.volume[at] ?? 0n;
    const first = this.#spine.indexAt(start);
    const recorded = series.trades[at] ?? 0;
    const counted = this.#tradesBefore(end) - (this.#sums.trades[first] ?? 0);
    const trades = volume === 0n ? 0 : Math.max(1, recorded > 0 ? recorded : counted);
    return unitBarText(this.#scales, start, end, {
      open: series.open[at] ?? 0n,
      high: series.high[at] ?? 0n,
      low: series.low[at] ?? 0n,
      close: series.close[at] ?? 0n,
      volume,
      quote: series.quote[at] ?? 0n,
      takerBase: series.takerBase[at] ?? 0n,
      takerQuote: series.takerQuote[at] ?? 0n,
      trades,
      firstTradeId: trades === 0 ? -1 : this.#spine.firstId(first),
    });
  }

  /** Trades of all rows that open before `at`. */
  #tradesBefore(at: number): number {
    const last = this.#spine.indexAt(at - 1);
    const isInside = (this.#spine.rows[last]?.start ?? Infinity) < at;
    return this.#sums.trades[isInside ? last + 1 : last] ?? 0;
  }
}
