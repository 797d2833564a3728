import { TickerCacheStrategy } from '@livermore/cache';
import type { RedisClient } from '@livermore/cache';
import { ExchangeAdapterFactory } from '@livermore/exchange-core';
import type {
  AdapterEvent,
  CandleBook,
  ConnectionFacts,
  StreamingAdapter,
  Transport,
} from '@livermore/exchange-core';
import { MICROS_PER_MS, isClosed } from '@livermore/schemas';
import type { Exchange, ExchangeSymbol, Series, Timeframe, UnifiedCandle } from '@livermore/schemas';
import type { Clock, Logger, Random } from '@livermore/utils';
import type { ExchangeMetrics } from './exchange-metrics';
import type { FeedFacts, IdleConnection } from './facts';
import type { History } from './history';
import { TickerKeeper } from './ticker-keeper';

export interface LiveFeedOptions {
  readonly exchange: Exchange;
  readonly transport: Pick<Transport, 'openSocket'>;
  readonly redis: RedisClient;
  readonly history: Pick<History, 'downtimes' | 'protocol' | 'rest'> & {
    readonly writer: Pick<History['writer'], 'take'>;
  };
  readonly book: CandleBook;
  readonly timeframes: readonly Timeframe[];
  readonly tickers: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: ExchangeMetrics;
  /** Something of these series was missed. */
  readonly onMissed: (missed: Missed) => void;
  /** A symbol trades: the stream told something of it that was true at `at`, and arrived at `arrivedAt` (venue time, ms); `isFirst`: a subscription begins with it. */
  readonly onActive: (symbol: string, at: number, arrivedAt: number, said: string, isFirst: boolean) => void;
  /** A symbol is subscribed, and was told of by what traded before (venue time, ms). */
  readonly onCarried: (symbol: string, since: number) => void;
  /** Frames of these series may have been lost; of all that are carried where none are named. */
  readonly onInterrupted: (series?: readonly Series[]) => void;
}

type Missed = Pick<Extract<AdapterEvent, { type: 'feed:repair' }>, 'series' | 'since' | 'reason'>;

/** How long a start waits for the feed before it fetches history without it, ms. */
const PATIENCE_MS = 10_000;
/** An as-of further ahead of the venue's clock than this would shut out every later state of its bar. */
const MAX_AHEAD_MS = 60_000;
const NO_FEED: FeedFacts = {
  connections: {},
  frames: 0,
  reconnects: 0,
  lastDataAgeMs: undefined,
  lastFrameAgeMs: undefined,
  idlest: undefined,
};

/** Whether a connection in this state brings what it was subscribed to. */
export function isCarrying(state: string): boolean {
  return state === 'live' || state === 'rotating';
}

/** The stream of an exchange, wired to what decides and writes: frames in, book entries to the writer. */
export class LiveFeed {
  readonly #options: LiveFeedOptions;
  readonly #tickers: TickerKeeper;
  #adapter: StreamingAdapter | undefined;
  #lastDataAt: number | undefined;
  #lastFrameAt = 0;
  #openedAt = 0;
  /** By connection that brings nothing: since when, why, and when it is tried again, ms. */
  readonly #down = new Map<string, { readonly since: number; reason: string; nextTryAt: number }>();

  constructor(options: LiveFeedOptions) {
    this.#options = options;
    const { exchange, redis, logger } = options;
    this.#tickers = new TickerKeeper(exchange.id, new TickerCacheStrategy(redis), logger);
  }

  get facts(): FeedFacts {
    if (this.#adapter === undefined) return NO_FEED;
    const { clock } = this.#options;
    const all = this.#adapter.facts().connections;
    // A connection knows of its current socket only.
    this.#lastFrameAt = Math.max(
      this.#lastFrameAt,
      this.#lastDataAt ?? 0,
      ...all.map((each) => each.lastFrameAt),
    );
    const connections: Record<string, number> = {};
    for (const { state } of all) connections[state] = (connections[state] ?? 0) + 1;
    return {
      connections,
      frames: all.reduce((sum, each) => sum + each.frames, 0),
      reconnects: all.reduce((sum, each) => sum + each.reconnects, 0),
      lastDataAgeMs: this.#lastDataAt === undefined ? undefined : clock.now() - this.#lastDataAt,
      lastFrameAgeMs: this.#lastFrameAt === 0 ? undefined : clock.now() - this.#lastFrameAt,
      idlest: this.#idlest(all),
    };
  }

  #idlest(all: readonly ConnectionFacts[]): FeedFacts['idlest'] {
    const now = this.#options.clock.now();
    const idle = all
      .filter(({ state }) => !isCarrying(state))
      .map(({ name, state }) => this.#idle(name, state, now));
    return idle.toSorted((a, b) => b.forMs - a.forMs)[0];
  }

  #idle(name: string, state: string, now: number): IdleConnection {
    const down = this.#down.get(name);
    if (down === undefined) return { name, state, forMs: now - this.#openedAt };
    const { since, reason, nextTryAt } = down;
    const nextTry = nextTryAt > now ? { nextTryInMs: nextTryAt - now } : {};
    return { name, state, forMs: now - since, reason, ...nextTry };
  }

  /** Venue time (ms) up to which every connection has told what it had to tell; 0 while one of them is not well. */
  get toldTo(): number {
    const all = this.#adapter?.facts().connections ?? [];
    if (all.length === 0 || all.some(({ state }) => state !== 'live')) return 0;
    return Math.min(...all.map((connection) => connection.toldTo));
  }

  /** Subscribes and connects; resolves when it carries data, or after a while without: it goes on trying. */
  async open(symbols: readonly ExchangeSymbol[], signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    const adapter = this.#adapterFor(symbols);
    this.#adapter = adapter;
    this.#openedAt = clock.now();
    this.#listen(adapter);
    this.#subscribe(
      adapter,
      symbols.map((each) => each.symbol),
    );
    const patience = clock.sleep(PATIENCE_MS, signal).catch(() => undefined);
    await Promise.race([adapter.connect(), patience]);
    if (!adapter.isConnected()) logger.warn({ event: 'feed_not_connected_yet', patienceMs: PATIENCE_MS });
  }

  async close(): Promise<void> {
    await this.#adapter?.disconnect();
  }

  /** Takes a series off the stream and puts it on again. */
  resubscribe(series: Series): void {
    this.#options.onInterrupted([series]);
    this.#adapter?.resubscribe([series]);
  }

  #adapterFor(symbols: readonly ExchangeSymbol[]): StreamingAdapter {
    const { exchange, transport, clock, random, logger } = this.#options;
    const streamedAs = new Map(symbols.map((each) => [each.symbol, each.streamedAs ?? each.symbol]));
    const factory = new ExchangeAdapterFactory({ transport, clock, random, logger });
    return factory.create(exchange, (symbol) => streamedAs.get(symbol) ?? symbol);
  }

  #subscribe(adapter: StreamingAdapter, symbols: readonly string[]): void {
    const { timeframes, history, tickers } = this.#options;
    const { streamed, rolledUp } = history.protocol.timeframes;
    const feedsRollUps = rolledUp.some((timeframe) => timeframes.includes(timeframe));
    for (const timeframe of streamed) {
      if (timeframes.includes(timeframe) || feedsRollUps) adapter.subscribe(symbols, timeframe);
    }
    if (tickers) adapter.subscribeTickers(symbols);
  }

  #listen(adapter: StreamingAdapter): void {
    const { onMissed, metrics, history } = this.#options;
    const observe = ({ candle }: { readonly candle: UnifiedCandle }) => this.#observe(candle);
    adapter.on('candle:update', observe);
    adapter.on('candle:close', observe);
    adapter.on('ticker:update', ({ ticker }) => this.#tickers.take(ticker));
    adapter.on('feed:repair', (missed) => {
      this.#options.onInterrupted(missed.series);
      onMissed(missed);
    });
    adapter.on('feed:gap', () => this.#options.onInterrupted());
    adapter.on('feed:disconnected', ({ connection, reason }) => {
      const { since = this.#options.clock.now() } = this.#down.get(connection) ?? {};
      this.#down.set(connection, { since, reason, nextTryAt: 0 });
      history.downtimes.isDownFrom(connection, history.rest.time.now());
      this.#options.onInterrupted();
    });
    adapter.on('feed:reconnecting', ({ connection, delayMs }) => {
      const down = this.#down.get(connection);
      if (down !== undefined) down.nextTryAt = this.#options.clock.now() + delayMs;
    });
    adapter.on('feed:live', ({ connection }) => {
      this.#down.delete(connection);
      history.downtimes.isUpAt(connection, history.rest.time.now());
    });
    adapter.on('feed:decode-error', ({ field, series }) => {
      metrics.unreadable(field);
      if (series !== undefined) this.#options.onInterrupted(series);
    });
  }

  #observe(candle: UnifiedCandle): void {
    const { clock, history, book, timeframes, metrics, onActive } = this.#options;
    const { rest, writer } = history;
    const receivedAt = clock.monotonicMs();
    this.#lastDataAt = clock.now();
    const asOfMs = (candle.sequenceNum ?? 0) / MICROS_PER_MS;
    if (asOfMs > rest.time.now() + MAX_AHEAD_MS) {
      metrics.count('livermore_decode_errors_total', { field: 'event time' });
      return;
    }
    if (isClosed(candle)) rest.time.observe(asOfMs);
    // What a snapshot tells of the past is no sign of life; its newest bucket shows that the symbol is carried now.
    if (candle.source !== 'snapshot' || !isClosed(candle)) {
      const said = `${candle.timestamp} ${candle.volume}`;
      onActive(candle.symbol, asOfMs, rest.time.now(), said, candle.source === 'snapshot');
    } else this.#options.onCarried(candle.symbol, rest.time.now());
    for (const entry of book.observe(candle)) {
      if (timeframes.includes(entry.candle.timeframe)) writer.take(entry, receivedAt);
    }
  }
}
