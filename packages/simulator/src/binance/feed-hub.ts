/**
 * Which streams are read by whom, and when they have something to say. Work follows events: a symbol is looked at
 * in the time slot of its next trade and at the ends of its buckets, never in between.
 */
import type { Clock } from '@livermore/utils';
import { bucketStart, nextBucket } from '../market/intervals';
import type { Interval } from '../market/market';
import { Agenda } from './agenda';
import type { Task } from './agenda';
import type { Feed, FeedContext, Subscriber } from './feed';
import { closeDelay, KlineFeed } from './kline-feed';
import type { StreamKind } from './stream-name';
import { AllTickersFeed, TickerFeed, TradeFeed } from './ticker-feeds';

const KLINE_PERIOD_MS = 2000;
const SECOND_MS = 1000;

export class FeedHub {
  readonly #context: FeedContext;
  readonly #clock: Clock;
  readonly #agenda: Agenda;
  readonly #updateEveryMs: number | undefined;
  readonly #feeds = new Map<string, { readonly feed: Feed; readonly leave: () => void }>();
  readonly #pacers = new Map<string, Pacer>();
  readonly #closers = new Map<string, Closer>();

  constructor(context: Omit<FeedContext, 'agenda'>, clock: Clock, updateEveryMs: number | undefined) {
    this.#clock = clock;
    this.#agenda = new Agenda(clock);
    this.#context = { ...context, agenda: this.#agenda };
    this.#updateEveryMs = updateEveryMs;
  }

  subscribe(name: string, stream: StreamKind, subscriber: Subscriber): void {
    let entry = this.#feeds.get(name);
    if (entry === undefined) {
      entry = this.#open(name, stream);
      this.#feeds.set(name, entry);
    }
    entry.feed.subscribers.add(subscriber);
  }

  unsubscribe(name: string, subscriber: Subscriber): void {
    const entry = this.#feeds.get(name);
    if (entry === undefined) return;
    entry.feed.subscribers.delete(subscriber);
    if (entry.feed.subscribers.size > 0) return;
    entry.leave();
    this.#feeds.delete(name);
  }

  stop(): void {
    this.#agenda.stop();
  }

  #open(name: string, stream: StreamKind): { readonly feed: Feed; readonly leave: () => void } {
    const context = this.#context;
    const period = this.#periodOf(stream);
    if (stream.kind === 'kline') {
      const feed = new KlineFeed(context, name, stream, this.#clock.now());
      const unpace = this.#pace(stream.symbol, period, feed);
      const unclose = this.#closeOnTime(feed, this.#pacer(stream.symbol, period));
      return { feed, leave: both(unpace, unclose) };
    }
    if (!('symbol' in stream)) {
      const kind = stream.kind === 'allTickers' ? 'ticker' : 'miniTicker';
      const feed = new AllTickersFeed(context, name, kind);
      return { feed, leave: this.#pace(undefined, period, feed) };
    }
    const { kind, symbol } = stream;
    const feed =
      kind === 'trade' || kind === 'aggTrade'
        ? new TradeFeed(context, name, symbol, kind === 'aggTrade')
        : new TickerFeed(context, name, symbol, kind);
    return { feed, leave: this.#pace(symbol, period, feed) };
  }

  #periodOf(stream: StreamKind): number {
    if (stream.kind === 'trade' || stream.kind === 'aggTrade' || stream.kind === 'bookTicker') return 0;
    const own = stream.kind === 'kline' && stream.interval !== '1s' ? KLINE_PERIOD_MS : SECOND_MS;
    return this.#updateEveryMs ?? own;
  }

  #pacer(symbol: string | undefined, period: number): Pacer {
    const key = `${symbol ?? '*'}|${period}`;
    let pacer = this.#pacers.get(key);
    if (pacer === undefined) {
      const next = (after: number) =>
        symbol === undefined ? after + 1 : this.#context.market.nextTradeAt(symbol, after);
      pacer = new Pacer(this.#agenda, period, next, this.#clock.now());
      this.#pacers.set(key, pacer);
    }
    return pacer;
  }

  #pace(symbol: string | undefined, period: number, feed: Feed): () => void {
    const pacer = this.#pacer(symbol, period);
    pacer.join(feed, this.#clock.now());
    return () => {
      if (pacer.leave(feed)) this.#pacers.delete(`${symbol ?? '*'}|${period}`);
    };
  }

  #closeOnTime(feed: KlineFeed, pacer: Pacer): () => void {
    const key = `${feed.interval}|${feed.shift}`;
    let closer = this.#closers.get(key);
    if (closer === undefined) {
      closer = new Closer(this.#agenda, feed.interval, feed.shift, this.#context.seed, this.#clock.now());
      this.#closers.set(key, closer);
    }
    closer.join(feed, pacer);
    return () => {
      if (closer.leave(feed)) this.#closers.delete(key);
    };
  }
}

function both(first: () => void, second: () => void): () => void {
  return () => {
    first();
    second();
  };
}

/** Wakes the streams of one symbol in the slot of its next trade; with period 0, at the trade itself. */
class Pacer implements Task {
  readonly #agenda: Agenda;
  readonly #period: number;
  readonly #nextAfter: (after: number) => number | undefined;
  readonly #feeds = new Set<Feed>();
  #due: number | undefined;
  #seen: number;

  constructor(agenda: Agenda, period: number, nextAfter: (after: number) => number | undefined, now: number) {
    this.#agenda = agenda;
    this.#period = period;
    this.#nextAfter = nextAfter;
    this.#seen = now;
  }

  join(feed: Feed, now: number): void {
    if (this.#feeds.size === 0) this.#seen = now;
    this.#feeds.add(feed);
    if (this.#period > 0) this.wake(now);
    else if (this.#due === undefined) this.#plan(this.#nextAfter(now));
  }

  /** Returns whether nobody is left. */
  leave(feed: Feed): boolean {
    this.#feeds.delete(feed);
    if (this.#feeds.size > 0) return false;
    if (this.#due !== undefined) this.#agenda.remove(this.#due, this);
    this.#due = undefined;
    return true;
  }

  /** There is something new to say in the first slot after `now`, whether or not anything trades. */
  wake(now: number): void {
    if (this.#period > 0) this.#plan((Math.floor(now / this.#period) + 1) * this.#period);
  }

  run(now: number): void {
    this.#due = undefined;
    const since = this.#seen;
    this.#seen = now;
    for (const feed of this.#feeds) feed.emit(now, since);
    const next = this.#nextAfter(now);
    const period = this.#period;
    this.#plan(next === undefined || period === 0 ? next : Math.ceil(next / period) * period);
  }

  #plan(at: number | undefined): void {
    if (at === undefined || (this.#due !== undefined && this.#due <= at)) return;
    if (this.#due !== undefined) this.#agenda.remove(this.#due, this);
    this.#due = at;
    this.#agenda.add(at, this);
  }
}

/** Ends the buckets of one interval, of all symbols at once, a few milliseconds after each boundary. */
class Closer implements Task {
  readonly #agenda: Agenda;
  readonly #interval: Interval;
  readonly #shift: number;
  readonly #seed: number;
  readonly #feeds = new Map<KlineFeed, Pacer>();
  #boundary: number;

  constructor(agenda: Agenda, interval: Interval, shift: number, seed: number, now: number) {
    this.#agenda = agenda;
    this.#interval = interval;
    this.#shift = shift;
    this.#seed = seed;
    this.#boundary = nextBucket(interval, bucketStart(interval, now, shift), shift);
    agenda.add(this.#due, this);
  }

  get #due(): number {
    return this.#boundary + closeDelay(this.#seed, this.#boundary);
  }

  join(feed: KlineFeed, pacer: Pacer): void {
    this.#feeds.set(feed, pacer);
  }

  /** Returns whether nobody is left. */
  leave(feed: KlineFeed): boolean {
    this.#feeds.delete(feed);
    if (this.#feeds.size > 0) return false;
    this.#agenda.remove(this.#due, this);
    return true;
  }

  run(now: number): void {
    const end = this.#boundary;
    this.#boundary = nextBucket(this.#interval, end, this.#shift);
    this.#agenda.add(this.#due, this);
    for (const [feed, pacer] of this.#feeds) {
      feed.close(end, now);
      pacer.wake(now);
    }
  }
}
