import { SymbolStore, TickerCacheStrategy } from '@livermore/cache';
import type { RedisClient } from '@livermore/cache';
import {
  Audit,
  BoundaryKeeper,
  CandleBook,
  CoverageReader,
  DEFAULT_CANDLE_TARGET,
  ExchangeAdapterFactory,
  GapRepairer,
  SecondLook,
  Warmup,
  targetWindow,
} from '@livermore/exchange-core';
import type {
  PageReport,
  StreamingAdapter,
  Transport,
  WarmupReport,
  WarmupStats,
} from '@livermore/exchange-core';
import { MICROS_PER_MS, TIMEFRAMES, isClosed, openTimeOf, timeframeMs } from '@livermore/schemas';
import type {
  Exchange,
  ExchangeSymbol,
  Series,
  SourcedCandle,
  Timeframe,
  UnifiedCandle,
} from '@livermore/schemas';
import { messageOf, systemClock, systemRandom } from '@livermore/utils';
import type { Clock, Logger, Random } from '@livermore/utils';
import { chooseSymbols } from './choose-symbols';
import type { SymbolChoice } from './choose-symbols';
import type { InstanceFacts, InstanceState } from './facts';
import { openHistory } from './history';
import type { History } from './history';
import type { NodeMetrics } from './metrics';

export interface ExchangeInstanceOptions {
  readonly exchange: Exchange;
  readonly redis: RedisClient;
  readonly transport: Transport;
  readonly symbols: SymbolChoice;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly timeframes?: readonly Timeframe[];
  /** Candles each series is brought to. */
  readonly target?: number;
  /** Whether longer bars may be derived from shorter ones; by default where that is exact. */
  readonly derive?: boolean;
  readonly audit?: boolean;
  /** Whether tickers are kept as well; yes unless said otherwise. */
  readonly tickers?: boolean;
  readonly ownerUserId?: number;
  readonly metrics?: NodeMetrics;
  readonly onProgress?: (stats: WarmupStats) => void;
  readonly onState?: (state: InstanceState) => void;
}

/** How long a start waits for the feed before it fetches history without it, ms. */
const FEED_PATIENCE_MS = 10_000;
/** A warmup that was stopped by the venue is begun again after this at the latest, ms. */
const WARMUP_RETRY_MS = 60_000;
/** Every so often the whole cache is compared with what should be there, ms. */
const SWEEP_EVERY_MS = 600_000;
/** An as-of further ahead of the venue's clock than this would shut out every later state of its bar. */
const MAX_AHEAD_MS = 60_000;

/**
 * One running exchange, from start to stop: connect, warm up, run, drain.
 *
 * The feed is connected before history is fetched, so there is no seam between them; the as-of rule makes their
 * overlap harmless. Teardown is registered as things are made, and runs in reverse.
 */
export class ExchangeInstance {
  readonly #options: ExchangeInstanceOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #history: History;
  readonly #book: CandleBook;
  readonly #keeper: BoundaryKeeper;
  readonly #repairer: GapRepairer;
  readonly #secondLook: SecondLook;
  readonly #tickers: TickerCacheStrategy;
  readonly #abort = new AbortController();
  readonly #teardown: (() => void | Promise<void>)[] = [];
  #adapter: StreamingAdapter | undefined;
  #audit: Audit | undefined;
  #symbols: readonly ExchangeSymbol[] = [];
  #state: InstanceState = 'idle';
  #warmup: WarmupStats | undefined;
  #report: WarmupReport | undefined;
  #blocked: string | undefined;
  #lastDataAt: number | undefined;

  constructor(options: ExchangeInstanceOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#logger = options.logger.child({ exchange: options.exchange.name });
    this.#history = openHistory({
      exchange: options.exchange,
      redis: options.redis,
      get: options.transport.get,
      clock: this.#clock,
      random: this.#random,
      logger: this.#logger,
      ...(options.ownerUserId === undefined ? {} : { ownerUserId: options.ownerUserId }),
      writer: this.#writerEvents(),
      onReport: (report) => this.#noteReport(report),
      onDecodeError: (field) => this.#count('livermore_decode_errors_total', { field }),
      onTrouble: (trouble) => {
        if (trouble.kind === 'blocked') this.#blocked = trouble.message;
      },
    });
    const { protocol, rest, loader } = this.#history;
    const { streamed, rolledUp } = protocol.timeframes;
    this.#book = new CandleBook({ closes: protocol.closes, base: streamed[0] ?? '1m', rolledUp });
    this.#tickers = new TickerCacheStrategy(options.redis);
    const shared = { venueTime: rest.time, clock: this.#clock };
    const { candlesPerPage, settleMs, confirmMs } = protocol.rest.limits;
    this.#repairer = new GapRepairer({ ...shared, loader, candlesPerPage, logger: this.#logger });
    this.#secondLook = new SecondLook({ loader, candlesPerPage, clock: this.#clock, logger: this.#logger });
    this.#keeper = new BoundaryKeeper({
      ...shared,
      flagged: protocol.closes === 'flagged' ? protocol.timeframes.streamed : [],
      settleMs,
      confirmMs,
      repair: (request) => this.#repairer.request(request),
      onSilent: (series) => this.#adapter?.resubscribe([series]),
    });
  }

  get state(): InstanceState {
    return this.#state;
  }

  /** What the last warmup came to; undefined while none has ended. */
  get warmupReport(): WarmupReport | undefined {
    return this.#report;
  }

  get symbols(): readonly string[] {
    return this.#symbols.map((each) => each.symbol);
  }

  /**
   * Starts the exchange; resolves when it is active. A venue that does not answer is asked again until `stop`.
   * @throws UnknownSymbolError when a named symbol is not listed
   */
  async start(): Promise<void> {
    const { signal } = this.#abort;
    this.#become('starting');
    try {
      await this.#learnVenue(signal);
      await this.#connect(signal);
      this.#become('warming');
      await this.#warmUp(signal);
      await this.#keepUp(signal);
      this.#become('active');
    } catch (error) {
      if (signal.aborted) return;
      this.#logger.error({ event: 'instance_start_failed', error: messageOf(error) });
      await this.stop();
      throw error;
    }
  }

  /** Stops taking data, lets what was taken be written and announced, and lets go of everything. */
  async stop(): Promise<void> {
    if (this.#state === 'stopped' || this.#state === 'stopping') return;
    this.#become('stopping');
    this.#abort.abort(new Error('the exchange is being stopped'));
    for (const undo of this.#teardown.toReversed()) await undo();
    await this.#history.writer.drain();
    this.#become('stopped');
  }

  /** Resolves when nothing that was taken or asked for is left to be done. */
  async settle(): Promise<void> {
    await this.#repairer.drain();
    await this.#history.writer.drain();
  }

  facts(): InstanceFacts {
    const { writer, rest } = this.#history;
    const { weight, queued, inFlight, bannedUntil } = rest.client.facts();
    const adapter = this.#adapter?.facts();
    const connections: Record<string, number> = {};
    for (const { state } of adapter?.connections ?? []) connections[state] = (connections[state] ?? 0) + 1;
    const { queuedCloses, pendingUpdates, inFlight: writes, trouble } = writer.facts;
    return {
      state: this.#state,
      connections,
      lastDataAgeMs: this.#lastDataAt === undefined ? undefined : this.#clock.now() - this.#lastDataAt,
      symbols: this.#symbols.length,
      series: this.#symbols.length * this.#timeframes.length,
      seriesBehind: this.#keeper.behind,
      gapsOpen: this.#repairer.facts.open,
      queues: { closes: queuedCloses, updates: pendingUpdates, writes, rest_in_flight: inFlight, ...queued },
      weight,
      bannedUntil,
      blocked: this.#blocked,
      venueClockOffsetMs: rest.time.facts.offsetMs,
      redisTrouble: trouble,
      warmup: this.#warmup,
    };
  }

  get #timeframes(): readonly Timeframe[] {
    return this.#options.timeframes ?? TIMEFRAMES;
  }

  /** The venue's clock and listing come first: they decide what is closed and what there is. */
  async #learnVenue(signal: AbortSignal): Promise<void> {
    const { rest } = this.#history;
    await this.#untilAnswered('venue_time', signal, () => rest.sync.measure(signal));
    void rest.sync.run(signal);
    const listing = await this.#untilAnswered('venue_listing', signal, () =>
      rest.source.fetchListing({ lane: 'repair', signal }),
    );
    this.#symbols = chooseSymbols(listing.symbols, this.#options.symbols);
    const { exchange, redis } = this.#options;
    await new SymbolStore(redis).save(exchange.id, this.symbols, this.#clock.now());
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const { exchange, transport } = this.#options;
    const streamedAs = new Map(this.#symbols.map((each) => [each.symbol, each.streamedAs ?? each.symbol]));
    const factory = new ExchangeAdapterFactory({
      transport,
      clock: this.#clock,
      random: this.#random,
      logger: this.#logger,
    });
    const adapter = factory.create(exchange, (symbol) => streamedAs.get(symbol) ?? symbol);
    this.#adapter = adapter;
    this.#listen(adapter);
    const { streamed } = this.#history.protocol.timeframes;
    for (const timeframe of streamed) {
      if (this.#timeframes.includes(timeframe) || this.#feedsRollUps())
        adapter.subscribe(this.symbols, timeframe);
    }
    if (this.#options.tickers !== false) adapter.subscribeTickers(this.symbols);
    this.#teardown.push(() => adapter.disconnect());
    const patience = this.#clock.sleep(FEED_PATIENCE_MS, signal).catch(() => undefined);
    await Promise.race([adapter.connect(), patience]);
    if (!adapter.isConnected())
      this.#logger.warn({ event: 'feed_not_connected_yet', patienceMs: FEED_PATIENCE_MS });
  }

  #listen(adapter: StreamingAdapter): void {
    const { exchange, metrics } = this.#options;
    const observe = ({ candle }: { readonly candle: UnifiedCandle }) => this.#observe(candle);
    adapter.on('candle:update', observe);
    adapter.on('candle:close', observe);
    adapter.on('ticker:update', ({ ticker }) => {
      this.#tickers.setTicker(exchange.id, ticker).catch((error: unknown) => {
        this.#logger.debug({ event: 'ticker_not_kept', symbol: ticker.symbol, error: messageOf(error) });
      });
    });
    adapter.on('feed:repair', ({ series, since, reason }) => this.#repairSince(series, since, reason));
    adapter.on('feed:decode-error', ({ field }) => this.#count('livermore_decode_errors_total', { field }));
    adapter.on('feed:reconnecting', () => this.#count('livermore_reconnects_total', {}));
    if (metrics !== undefined) this.#teardown.push(metrics.readFrom(exchange.name, () => this.facts()));
  }

  #observe(candle: UnifiedCandle): void {
    const receivedAt = this.#clock.monotonicMs();
    this.#lastDataAt = this.#clock.now();
    const { rest, writer, protocol } = this.#history;
    const asOfMs = (candle.sequenceNum ?? 0) / MICROS_PER_MS;
    if (asOfMs > rest.time.now() + MAX_AHEAD_MS) {
      this.#count('livermore_decode_errors_total', { field: 'event time' });
      return;
    }
    if (isClosed(candle)) rest.time.observe(asOfMs);
    if (protocol.closes === 'inferred') this.#keeper.active(candle.symbol, protocol.timeframes.fetched);
    this.#count('livermore_frames_total', {});
    for (const entry of this.#book.observe(candle)) {
      if (this.#timeframes.includes(entry.candle.timeframe)) writer.take(entry, receivedAt);
    }
  }

  /** Runs the warmup until it has ended by itself; a venue that stopped it is given time. */
  async #warmUp(signal: AbortSignal): Promise<void> {
    for (;;) {
      const report = await this.#newWarmup().run(signal);
      this.#report = report;
      signal.throwIfAborted();
      if (report.status !== 'error') return;
      const { bannedUntil } = this.#history.rest.client.facts();
      const waitMs = Math.max(WARMUP_RETRY_MS, (bannedUntil ?? 0) - this.#clock.now());
      this.#logger.error({ event: 'warmup_stopped', retryInMs: waitMs, status: report.status });
      await this.#clock.sleep(waitMs, signal);
    }
  }

  #newWarmup(): Warmup {
    const { exchange, redis, target, derive, onProgress } = this.#options;
    const { protocol, rest, loader, writer } = this.#history;
    return new Warmup({
      redis,
      exchangeId: exchange.id,
      exchangeName: exchange.name,
      symbols: this.symbols,
      timeframes: this.#timeframes.toReversed(),
      ...(target === undefined ? {} : { target }),
      ...(derive === undefined ? {} : { derive }),
      protocol,
      venueTime: rest.time,
      loader,
      sink: writer,
      clock: this.#clock,
      logger: this.#logger,
      budget: () => this.#budget(),
      onProgress: (stats) => {
        this.#warmup = stats;
        onProgress?.(stats);
      },
    });
  }

  #budget() {
    const { client } = this.#history.rest;
    const { weight } = client.facts();
    const { budget } = this.#history.protocol.rest.limits;
    return { limit: { ...budget, weight: weight.limit, reserve: 0 }, used: weight.used };
  }

  /** From history to the present: every series is watched from the newest bar it has. */
  async #keepUp(signal: AbortSignal): Promise<void> {
    await this.#seedBook();
    await this.#watchAll();
    this.#keeper.start();
    this.#teardown.push(
      () => this.#keeper.stop(),
      () => this.#repairer.stop(),
    );
    void this.#sweepRegularly(signal);
    void this.#secondLook.run(signal);
    this.#sweepWhenRedisIsBack(signal);
    if (this.#options.audit !== false) this.#startAudit(signal);
  }

  async #watchAll(): Promise<void> {
    const now = this.#history.rest.time.now();
    const series = this.#allSeries();
    const queries = series.map((each) => ({ series: each, window: this.#window(each.timeframe, now) }));
    const coverages = await this.#reader().read(queries, now);
    for (const [at, each] of series.entries()) {
      const window = this.#window(each.timeframe, now);
      const coverage = coverages[at];
      this.#keeper.watch(each, coverage?.newest ?? window.from - timeframeMs(each.timeframe));
      const isDoubtful = coverage?.missing.some((range) => range.why === 'absent-at-venue') === true;
      if (isDoubtful || (coverage?.noTrades ?? 0) > 0) this.#secondLook.note(each, window);
    }
  }

  async #seedBook(): Promise<void> {
    const { rolledUp, streamed } = this.#history.protocol.timeframes;
    const now = this.#history.rest.time.now();
    const { exchange } = this.#options;
    const reads = this.symbols.flatMap((symbol) =>
      rolledUp.map(async (parent, at) => {
        const timeframe = at === 0 ? streamed[0] : rolledUp[at - 1];
        if (timeframe === undefined) return;
        const from = openTimeOf(parent, now);
        const stored = await this.#history.cache.readExchangeCandles(
          exchange.id,
          { symbol, timeframe },
          { from },
        );
        this.#book.remember(stored.flatMap((candle) => asSourced({ ...candle, exchange: exchange.name })));
      }),
    );
    await Promise.all(reads);
  }

  async #sweepRegularly(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#clock.sleep(SWEEP_EVERY_MS, signal);
        await this.#sweep();
      } catch (error) {
        if (signal.aborted) return;
        this.#logger.warn({ event: 'sweep_failed', error: messageOf(error) });
      }
    }
  }

  /** A Redis that was away may have come back without its data. */
  #sweepWhenRedisIsBack(signal: AbortSignal): void {
    this.#options.redis.on('ready', () => {
      if (signal.aborted) return;
      this.#sweep().catch((error: unknown) => {
        this.#logger.warn({ event: 'sweep_failed', error: messageOf(error) });
      });
    });
  }

  /** Compares what the cache holds of every series with what it should hold, and has the difference fetched. */
  async #sweep(): Promise<void> {
    const now = this.#history.rest.time.now();
    const series = this.#allSeries();
    const queries = series.map((each) => ({ series: each, window: this.#window(each.timeframe, now) }));
    const coverages = await this.#reader().read(queries, now);
    let gaps = 0;
    for (const [at, each] of series.entries()) {
      for (const range of coverages[at]?.missing ?? []) {
        // The newest bar is the keeper's: it may be on its way.
        const to = Math.min(range.to, openTimeOf(each.timeframe, now) - timeframeMs(each.timeframe));
        if (range.why !== 'not-fetched' || range.from >= to) continue;
        gaps += 1;
        this.#repairer.request({ series: each, from: range.from, to, reason: 'sweep', lane: 'repair' });
      }
    }
    this.#logger.info({ event: 'coverage_swept', series: series.length, gaps });
  }

  #startAudit(signal: AbortSignal): void {
    const { exchange } = this.#options;
    const { cache, loader, protocol, rest } = this.#history;
    const audit = new Audit({
      exchangeId: exchange.id,
      series: () => this.#allSeries(),
      cache,
      loader,
      limits: protocol.rest.limits,
      venueTime: rest.time,
      clock: this.#clock,
      logger: this.#logger,
      random: this.#random,
    });
    this.#audit = audit;
    void audit.run(signal);
  }

  /** What the audit has compared so far; undefined while none runs. */
  get auditFacts() {
    return this.#audit?.facts;
  }

  #repairSince(
    series: readonly { readonly symbol: string; readonly timeframe: string }[],
    since: number,
    reason: string,
  ): void {
    const now = this.#history.rest.time.now();
    for (const each of this.#allSeries()) {
      if (!series.some(({ symbol, timeframe }) => symbol === each.symbol && timeframe === each.timeframe))
        continue;
      const from = openTimeOf(each.timeframe, since);
      const to = openTimeOf(each.timeframe, now);
      this.#repairer.request({ series: each, from, to, reason, lane: 'repair' });
    }
  }

  #writerEvents() {
    return {
      onOverflow: (candle: SourcedCandle) => {
        this.#count('livermore_queue_overflows_total', {});
        this.#repairSince([candle], candle.timestamp, 'queue overflow');
      },
      onClosed: (candle: SourcedCandle) => {
        this.#book.remember([candle]);
        this.#keeper.settled(candle, candle.timestamp);
      },
      onWritten: (
        { kind, candle }: { kind: 'update' | 'close'; candle: SourcedCandle },
        _outcome: unknown,
        took: { sinceFrameMs: number; writeMs: number },
      ) => {
        const { metrics, exchange } = this.#options;
        if (metrics === undefined) return;
        const labels = { exchange: exchange.name };
        metrics.observeMs('livermore_write_seconds', labels, took.writeMs);
        if (kind === 'update') return metrics.count('livermore_updates_total', labels);
        metrics.observeMs('livermore_frame_to_close_seconds', labels, took.sinceFrameMs);
        metrics.count('livermore_closes_total', {
          ...labels,
          timeframe: candle.timeframe,
          source: candle.source,
        });
      },
    };
  }

  #noteReport(report: PageReport): void {
    const { timeframe } = report.page;
    this.#secondLook.noteReport(report);
    if (report.corrected > 0) this.#count('livermore_corrections_total', { timeframe }, report.corrected);
    for (const openTime of report.absent) this.#keeper.settled(report.page, openTime);
  }

  #count(name: Parameters<NodeMetrics['count']>[0], labels: Record<string, string>, by = 1): void {
    const { metrics, exchange } = this.#options;
    metrics?.count(name, { exchange: exchange.name, ...labels }, by);
  }

  async #untilAnswered<T>(what: string, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        signal.throwIfAborted();
        this.#logger.error({
          event: `${what}_unavailable`,
          error: messageOf(error),
          retryInMs: WARMUP_RETRY_MS / 6,
        });
        await this.#clock.sleep(WARMUP_RETRY_MS / 6, signal);
      }
    }
  }

  #feedsRollUps(): boolean {
    return this.#history.protocol.timeframes.rolledUp.some((timeframe) =>
      this.#timeframes.includes(timeframe),
    );
  }

  #allSeries(): Series[] {
    return this.symbols.flatMap((symbol) => this.#timeframes.map((timeframe) => ({ symbol, timeframe })));
  }

  #window(timeframe: Timeframe, now: number) {
    return targetWindow(timeframe, this.#options.target ?? DEFAULT_CANDLE_TARGET, now);
  }

  #reader(): CoverageReader {
    const { cache, absences } = this.#history;
    return new CoverageReader({ exchangeId: this.#options.exchange.id, cache, absences });
  }

  #become(state: InstanceState): void {
    this.#state = state;
    this.#logger.info({ event: 'instance_state', state });
    this.#options.onState?.(state);
  }
}

function asSourced(candle: UnifiedCandle): readonly SourcedCandle[] {
  const { sequenceNum, source } = candle;
  return sequenceNum === undefined || source === undefined ? [] : [{ ...candle, sequenceNum, source }];
}
