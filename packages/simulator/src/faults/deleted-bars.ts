import { DAY_MS, INTERVAL_MS } from '../market/intervals';
import type { Bar, Interval, Market } from '../market/market';
import { mergeBars } from '../market/merge';
import type { ActiveFaults, FaultOf } from './active-faults';

type Deletion = FaultOf<'bar-deleted'>;

interface Series {
  readonly symbol: string;
  readonly interval: Interval;
}

/** So long after the start of such a fault the bar it takes is looked for, ms. */
const SOUGHT_MS = DAY_MS;

/** Which closed bars of a market are taken out of it, and of the longer bars that hold them: a pure function of the faults that last. */
export class DeletedBars {
  readonly #market: Market;
  readonly #faults: ActiveFaults;
  /** The bar each fault takes of a symbol, once it is known. */
  readonly #taken = new WeakMap<Deletion, Map<string, Bar>>();

  constructor(market: Market, faults: ActiveFaults) {
    this.#market = market;
    this.#faults = faults;
  }

  /** The bars as they are known at `at`; one that nothing was taken out of is the same object. */
  without(bars: readonly Bar[], series: Series, at: number): readonly Bar[] {
    const gone = this.#gone(series, at);
    return gone.length === 0 ? bars : bars.flatMap((bar) => this.#left(bar, series, at, gone));
  }

  /** The faults that took something out of what was asked for. */
  of(series: Series, from: number, to: number, at: number): readonly Deletion[] {
    const gone = this.#gone(series, at).filter(({ bar }) => bar.closeTime > from && bar.openTime < to);
    return gone.map(({ fault }) => fault);
  }

  #left(bar: Bar, series: Series, at: number, gone: readonly { readonly bar: Bar }[]): readonly Bar[] {
    const inside = gone.filter((each) => holds(bar, each.bar)).map((each) => each.bar.openTime);
    if (inside.length === 0) return [bar];
    const base = this.#baseOf(series.symbol);
    if (base === series.interval) return [];
    const parts = this.#market.bars(series.symbol, base, bar.openTime, bar.closeTime, at);
    const left = parts.filter((part) => !inside.includes(part.openTime));
    return [mergeBars(left, bar.openTime, bar.closeTime) ?? bar];
  }

  /** What is gone from a series at `at`: bars of the finest interval, by the faults that took them. */
  #gone(
    { symbol, interval }: Series,
    at: number,
  ): readonly { readonly fault: Deletion; readonly bar: Bar }[] {
    const running = this.#faults.all('bar-deleted');
    if (running.length === 0) return [];
    const base = this.#baseOf(symbol);
    return running.flatMap(({ fault, since }) => {
      if (fault.symbol !== undefined && fault.symbol !== symbol) return [];
      if (interval !== base && (!fault.alsoParents || INTERVAL_MS[interval] < INTERVAL_MS[base])) return [];
      const bar = this.#barOf(fault, symbol, since, at);
      return bar === undefined || bar.closeTime + fault.afterMs > at ? [] : [{ fault, bar }];
    });
  }

  /** The first bar with trades that closed after the start of the fault. */
  #barOf(fault: Deletion, symbol: string, since: number, at: number): Bar | undefined {
    const taken = this.#taken.get(fault) ?? new Map<string, Bar>();
    this.#taken.set(fault, taken);
    const known = taken.get(symbol);
    if (known !== undefined) return known;
    const base = this.#baseOf(symbol);
    const to = Math.min(at, since + SOUGHT_MS);
    const found = this.#market
      .bars(symbol, base, since - INTERVAL_MS[base], to, at)
      .find((bar) => bar.trades > 0 && bar.closeTime > since && bar.closeTime <= at);
    if (found !== undefined) taken.set(symbol, found);
    return found;
  }

  #baseOf(symbol: string): Interval {
    return this.#market.intervals(symbol).find((one) => one !== '1s') ?? '1m';
  }
}

function holds(bar: Bar, part: Bar): boolean {
  return part.openTime >= bar.openTime && part.closeTime <= bar.closeTime;
}
