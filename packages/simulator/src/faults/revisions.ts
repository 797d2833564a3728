import { hash32 } from '@livermore/utils';
import { bucketStart, firstBucketFrom, INTERVAL_MS, nextBucket, previousBucket } from '../market/intervals';
import { INTERVALS } from '../market/market';
import type { Bar, Interval, Market } from '../market/market';
import type { ActiveFaults, FaultOf } from './active-faults';
import { addChange, changedBar, changeOf } from './revised-bar';

/** Rules remembered: the venue never takes a revision back. */
const RULES_KEPT = 1000;

interface Rule {
  readonly fault: FaultOf<'revised-candle'>;
  /** Venue time (ms) from which, and until which, bars that close are meant where the fault recurs. */
  readonly since: number;
  until: number;
}

/** A bar with its changes, and the faults they come from. */
interface Revised {
  readonly bar: Bar;
  readonly by: ReadonlySet<Rule['fault']>;
}

const NOBODY: Revised['by'] = new Set();

interface Series {
  readonly symbol: string;
  readonly interval: Interval;
}

/** Which closed bars of a market change after their close, and to what: a pure function of the faults so far. */
export class Revisions {
  readonly #market: Market;
  readonly #faults: ActiveFaults;
  readonly #rules: Rule[] = [];
  /** Which faults made a changed bar what it is. */
  readonly #changers = new WeakMap<Bar, ReadonlySet<Rule['fault']>>();

  constructor(market: Market, faults: ActiveFaults, now: () => number) {
    this.#market = market;
    this.#faults = faults;
    const learn = (fault: Rule['fault']) => {
      this.#rules.push({ fault, since: now(), until: Infinity });
      if (this.#rules.length > RULES_KEPT) this.#rules.shift();
    };
    for (const { fault } of faults.all('revised-candle')) learn(fault);
    faults.onStart((fault) => {
      if (fault.kind === 'revised-candle') learn(fault);
    });
    faults.onEnd((fault) => {
      const rule = this.#rules.find((one) => one.fault === fault);
      if (rule !== undefined) rule.until = now();
    });
  }

  /** The bars as they are known at `at`; one that is not revised is the same object. */
  revised(bars: readonly Bar[], series: Series, at: number): readonly Bar[] {
    if (this.#rules.length === 0) return bars;
    const rules = this.#rulesByBase(series);
    return rules.size === 0 ? bars : bars.map((bar) => this.#revise(bar, series, at, rules));
  }

  /** An answer, or a frame, holds these bars: the faults that changed any of them have acted. */
  shown(bars: readonly Bar[]): void {
    if (this.#rules.length === 0) return;
    const changers = new Set(bars.flatMap((bar) => [...(this.#changers.get(bar) ?? [])]));
    for (const fault of changers) this.#faults.acted(fault);
  }

  /** Closed bars of a series that changed in (since, now], and whose change the stream tells. */
  told(series: Series, since: number, now: number): readonly Bar[] {
    if (this.#rules.length === 0) return [];
    const opens = new Set<number>();
    for (const rule of this.#rules) {
      const base = rule.fault.onStream ? this.#baseOf(rule, series) : undefined;
      if (base === undefined) continue;
      for (const open of changedBetween(rule, { ...series, interval: base }, since, now)) {
        const own = bucketStart(series.interval, open);
        if (nextBucket(series.interval, own) <= now) opens.add(own);
      }
    }
    const { symbol, interval } = series;
    return [...opens]
      .toSorted((a, b) => a - b)
      .flatMap((open) => {
        const bars = this.#market.bars(symbol, interval, open, open + 1, now);
        return this.revised(bars, series, now).filter((bar, at) => bar !== bars[at]);
      });
  }

  /** The rules that concern a series, by the interval whose bars they change. */
  #rulesByBase(series: Series): ReadonlyMap<Interval, readonly Rule[]> {
    const rules = new Map<Interval, Rule[]>();
    for (const rule of this.#rules) {
      const base = this.#baseOf(rule, series);
      if (base !== undefined) rules.set(base, [...(rules.get(base) ?? []), rule]);
    }
    return rules;
  }

  #revise(bar: Bar, series: Series, at: number, rules: ReadonlyMap<Interval, readonly Rule[]>): Bar {
    let state: Revised = { bar, by: NOBODY };
    for (const [base, some] of rules) {
      state =
        base === series.interval
          ? this.#ownChanges(state, series, at, some)
          : this.#changesOfParts(state, { ...series, interval: base }, at, some);
    }
    if (state.by.size > 0) this.#changers.set(state.bar, state.by);
    return state.bar;
  }

  #ownChanges(state: Revised, series: Series, at: number, rules: readonly Rule[]): Revised {
    let { bar, by } = state;
    for (const rule of rules) {
      const shownAt = shownFrom(rule, series, bar.openTime);
      if (shownAt === undefined || shownAt > at || bar.closeTime > at || bar.trades === 0) continue;
      const changed = changedBar(bar, rule.fault, this.#decimalsOf(series.symbol));
      if (changed !== bar) by = new Set([...by, rule.fault]);
      bar = changed;
    }
    return { bar, by };
  }

  /** A longer bar takes over what changed in its parts. */
  #changesOfParts({ bar, by }: Revised, parts: Series, at: number, rules: readonly Rule[]): Revised {
    const opens = new Set(
      rules.flatMap((rule) => [...hitsBetween(rule, parts, bar.openTime, bar.closeTime)]),
    );
    let revised: Revised = { bar, by };
    for (const open of opens) {
      const [part] = this.#market.bars(parts.symbol, parts.interval, open, open + 1, at);
      if (part === undefined) continue;
      const changed = this.#ownChanges({ bar: part, by: revised.by }, parts, at, rules);
      if (changed.bar === part) continue;
      revised = { bar: addChange(revised.bar, changeOf(part, changed.bar)), by: changed.by };
    }
    return revised;
  }

  /** The interval a rule changes bars of, as far as it concerns the series: its own, or a shorter one it is made of. */
  #baseOf({ fault }: Rule, { symbol, interval }: Series): Interval | undefined {
    if (fault.symbol !== undefined && fault.symbol !== symbol) return undefined;
    const named = INTERVALS.find((one) => one === fault.timeframe);
    if (fault.timeframe !== undefined && named === undefined) return undefined;
    if (!fault.alsoParents) return (named ?? interval) === interval ? interval : undefined;
    const base = named ?? this.#market.intervals(symbol).find((one) => one !== '1s');
    return base === undefined || INTERVAL_MS[base] > INTERVAL_MS[interval] ? undefined : base;
  }

  #decimalsOf(symbol: string): number {
    return this.#market.symbols.find((one) => one.symbol === symbol)?.priceDecimals ?? 2;
  }
}

/** From when on (ms) a bar that opened at `open` is shown changed; undefined where the rule leaves it alone. */
function shownFrom({ fault, since, until }: Rule, series: Series, open: number): number | undefined {
  const { every, afterMs, barsAgo } = fault;
  if (every === undefined)
    return open === bucketsBefore(series.interval, since, barsAgo + 1) ? since + afterMs : undefined;
  const close = nextBucket(series.interval, open);
  if (close <= since || close > until || barsToNext(series, open, every) !== 0) return undefined;
  return close + afterMs;
}

/** One bar in `every` is chosen, other ones for other symbols: how many bars on from this one it is, 0 for this one. */
function barsToNext({ symbol, interval }: Series, open: number, every: number): number {
  const at = (Math.floor(open / INTERVAL_MS[interval]) + hash32(symbol)) % every;
  return (every - at) % every;
}

/** Openings in [from, to) of bars that a rule ever changes. */
function* hitsBetween(rule: Rule, series: Series, from: number, to: number): Generator<number> {
  const { fault, since, until } = rule;
  const { interval } = series;
  if (fault.every === undefined) {
    const only = bucketsBefore(interval, since, fault.barsAgo + 1);
    if (only >= from && only < to) yield only;
    return;
  }
  let open = firstBucketFrom(interval, Math.max(from, since - INTERVAL_MS[interval]));
  while (open < Math.min(to, until)) {
    if (shownFrom(rule, series, open) !== undefined) yield open;
    // Bars of a month differ in length: they are few enough to be looked at one by one.
    const skipped = interval === '1M' ? 0 : barsToNext(series, open, fault.every);
    open = nextBucket(interval, open) + Math.max(0, skipped - 1) * INTERVAL_MS[interval];
  }
}

/** Openings of bars whose change shows for the first time in (since, now]. */
function* changedBetween(rule: Rule, series: Series, since: number, now: number): Generator<number> {
  const { afterMs, every } = rule.fault;
  const length = INTERVAL_MS[series.interval];
  const [from, to] = every === undefined ? [0, now] : [since - afterMs - length, now - afterMs];
  for (const open of hitsBetween(rule, series, from, to)) {
    const shownAt = shownFrom(rule, series, open) ?? Infinity;
    if (shownAt > since && shownAt <= now) yield open;
  }
}

function bucketsBefore(interval: Interval, at: number, buckets: number): number {
  const start = bucketStart(interval, at);
  if (interval !== '1M') return start - buckets * INTERVAL_MS[interval];
  let month = start;
  for (let left = buckets; left > 0; left -= 1) month = previousBucket(interval, month);
  return month;
}
