import type { Series, Ticker, Timeframe, UnifiedCandle } from '@livermore/schemas';
import { MICROS_PER_MS } from '@livermore/schemas';
import type { Subscription } from '../protocol/protocol';

/** What is known of one series (or one symbol's ticker) that is wanted. */
interface Life {
  readonly topic: string;
  readonly streamedAs: string;
  /** Ms, our clock; 0 for never. */
  lastDataAt: number;
  /** Venue time (ms) of the last data; 0 for never. */
  lastVenueAt: number;
  /** The last close that was passed on: its open time and as-of. */
  closedOpenTime: number;
  closedAsOf: number;
}

interface Topic {
  readonly subscription: Subscription;
  readonly symbols: Set<string>;
}

/** A wish for a series or, without a timeframe, a ticker. */
export interface Wish {
  readonly symbol: string;
  readonly timeframe?: Timeframe;
  readonly streamedAs: string;
  readonly subscription: Subscription;
}

const TICKER = 'ticker';
const NOBODY: readonly string[] = [];

/**
 * What is wanted of an exchange, by topic, by series, and by the name it is streamed under. Symbols that are
 * streamed under one name share a topic, which is wanted until the last of them leaves.
 */
export class WantedTopics {
  readonly #topics = new Map<string, Topic>();
  readonly #lives = new Map<string, Map<Timeframe | typeof TICKER, Life>>();
  readonly #symbolsByStream = new Map<string, readonly string[]>();

  /** Adds a wish. True when its topic was not wanted before. */
  add({ symbol, timeframe, streamedAs, subscription }: Wish): boolean {
    const { topic } = subscription;
    const lives = this.#lives.get(symbol) ?? new Map<Timeframe | typeof TICKER, Life>();
    const kind = timeframe ?? TICKER;
    if (lives.has(kind)) return false;
    this.#lives.set(symbol, lives);
    const life = { topic, streamedAs, lastDataAt: 0, lastVenueAt: 0, closedOpenTime: 0, closedAsOf: 0 };
    lives.set(kind, life);
    const symbols = this.symbolsOf(streamedAs);
    if (!symbols.includes(symbol)) this.#symbolsByStream.set(streamedAs, [...symbols, symbol]);
    const known = this.#topics.get(topic);
    if (known === undefined) this.#topics.set(topic, { subscription, symbols: new Set([symbol]) });
    else known.symbols.add(symbol);
    return known === undefined;
  }

  /** Takes a wish back. Returns its topic when nobody wants it any more. */
  remove(symbol: string, timeframe?: Timeframe): string | undefined {
    const lives = this.#lives.get(symbol);
    const life = lives?.get(timeframe ?? TICKER);
    if (lives === undefined || life === undefined) return undefined;
    lives.delete(timeframe ?? TICKER);
    if (lives.size === 0) this.#lives.delete(symbol);
    const { topic, streamedAs } = life;
    if (![...lives.values()].some((other) => other.streamedAs === streamedAs)) {
      const left = this.symbolsOf(streamedAs).filter((other) => other !== symbol);
      if (left.length > 0) this.#symbolsByStream.set(streamedAs, left);
      else this.#symbolsByStream.delete(streamedAs);
    }
    const known = this.#topics.get(topic);
    known?.symbols.delete(symbol);
    if (known === undefined || known.symbols.size > 0) return undefined;
    this.#topics.delete(topic);
    return topic;
  }

  /** Symbols that want what is streamed under this name. Called for each data frame: allocates nothing. */
  symbolsOf(streamedAs: string): readonly string[] {
    return this.#symbolsByStream.get(streamedAs) ?? NOBODY;
  }

  /** The topics in groups: those of the symbols streamed under one name together. */
  groups(): readonly (readonly string[])[] {
    const groups = new Map<string, Set<string>>();
    for (const lives of this.#lives.values())
      for (const { streamedAs, topic } of lives.values()) {
        const group = groups.get(streamedAs) ?? new Set();
        groups.set(streamedAs, group.add(topic));
      }
    return [...groups.values()].map((group) => [...group]);
  }

  subscriptionOf(topic: string): Subscription | undefined {
    return this.#topics.get(topic)?.subscription;
  }

  topics(): IterableIterator<string> {
    return this.#topics.keys();
  }

  get size(): number {
    return this.#topics.size;
  }

  topicOf(series: Series): string | undefined {
    return this.#lives.get(series.symbol)?.get(series.timeframe)?.topic;
  }

  /** The series these topics carry; tickers have none. */
  seriesOf(topics: Iterable<string>): readonly Series[] {
    const series: Series[] = [];
    for (const topic of topics) {
      const known = this.#topics.get(topic);
      const timeframe = known?.subscription.timeframe;
      if (known === undefined || timeframe === undefined) continue;
      for (const symbol of known.symbols) series.push({ symbol, timeframe });
    }
    return series;
  }

  /** Ms, our clock, of the last data of a series; undefined when it has none or is not wanted. */
  lastDataAt(series: Series): number | undefined {
    const at = this.#lives.get(series.symbol)?.get(series.timeframe)?.lastDataAt;
    return at === 0 ? undefined : at;
  }

  /** Venue time (ms) of the oldest last data among those that share the topic. */
  lastGoodAt(topic: string): number | undefined {
    const known = this.#topics.get(topic);
    let oldest: number | undefined;
    for (const symbol of known?.symbols ?? []) {
      const life = this.#lives.get(symbol)?.get(known?.subscription.timeframe ?? TICKER);
      if (life !== undefined && life.lastVenueAt > 0) oldest = Math.min(oldest ?? Infinity, life.lastVenueAt);
    }
    return oldest;
  }

  /** Notes an update. False when nobody wants the series. */
  noteUpdate(candle: UnifiedCandle, now: number): boolean {
    const life = this.#note(candle, now);
    return life !== undefined;
  }

  /** Notes a close: `repeat` for one that was passed on already and is no newer. */
  noteClose(candle: UnifiedCandle, now: number): 'new' | 'repeat' | 'unwanted' {
    const life = this.#note(candle, now);
    if (life === undefined) return 'unwanted';
    const asOf = candle.sequenceNum ?? 0;
    if (candle.timestamp === life.closedOpenTime && asOf <= life.closedAsOf) return 'repeat';
    if (candle.timestamp >= life.closedOpenTime) {
      life.closedOpenTime = candle.timestamp;
      life.closedAsOf = asOf;
    }
    return 'new';
  }

  /** Notes a ticker. False when nobody wants it. */
  noteTicker(ticker: Ticker, now: number): boolean {
    const life = this.#lives.get(ticker.symbol)?.get(TICKER);
    if (life === undefined) return false;
    life.lastDataAt = now;
    life.lastVenueAt = ticker.timestamp;
    return true;
  }

  #note(candle: UnifiedCandle, now: number): Life | undefined {
    const life = this.#lives.get(candle.symbol)?.get(candle.timeframe);
    if (life === undefined) return undefined;
    life.lastDataAt = now;
    if (candle.sequenceNum !== undefined) life.lastVenueAt = candle.sequenceNum / MICROS_PER_MS;
    return life;
  }
}
