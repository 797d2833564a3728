import { SymbolStore } from '@livermore/cache';
import type { WriteOutcome } from '@livermore/cache';
import {
  BoundaryKeeper,
  CandleBook,
  DEFAULT_CANDLE_TARGET,
  FeedObservation,
  GapRepairer,
  settlementOf,
} from '@livermore/exchange-core';
import type { PageReport, WarmupReport, WarmupStats } from '@livermore/exchange-core';
import { TIMEFRAMES, openTimeOf, seriesKey } from '@livermore/schemas';
import type { ExchangeSymbol, Series, SourcedCandle, Timeframe } from '@livermore/schemas';
import { messageOf, systemClock, systemRandom } from '@livermore/utils';
import type { Clock, Logger, Random } from '@livermore/utils';
import { busiestFirst, chooseSymbols } from './choose-symbols';
import { CoverageWatch } from './coverage-watch';
import { ExchangeMetrics } from './exchange-metrics';
import type { InstanceFacts, InstanceState } from './facts';
import { historyFacts, openHistory } from './history';
import type { History } from './history';
import { isInTime } from './in-time';
import type { ExchangeInstanceOptions } from './instance-options';
import { LiveFeed } from './live-feed';
import { seedBook } from './seed-book';
import { untilAnswered } from './until-answered';
import { Verification } from './verification';
import { warmUpUntilDone } from './warm-up';

/** How long a stop waits for what was received to be written, ms: a Redis that is away may stay away. */
const DRAIN_PATIENCE_MS = 10_000;

/**
 * One running exchange, from start to stop: learn the venue, connect, warm up, keep up, drain.
 *
 * The feed is connected before history is fetched, so there is no seam between them; the as-of rule makes their
 * overlap harmless. Teardown is registered as things are made, and runs in reverse.
 */
export class ExchangeInstance {
  readonly #options: ExchangeInstanceOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #metrics: ExchangeMetrics;
  readonly #history: History;
  readonly #book: CandleBook;
  readonly #feed: LiveFeed;
  readonly #keeper: BoundaryKeeper;
  readonly #repairer: GapRepairer;
  readonly #observation: FeedObservation;
  readonly #verification: Verification;
  readonly #coverage: CoverageWatch;
  readonly #abort = new AbortController();
  readonly #teardown: (() => void | Promise<void>)[] = [];
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #symbols: readonly ExchangeSymbol[] = [];
  #state: InstanceState = 'idle';
  /** Venue time (ms) from which on closes are news. */
  #liveSince: number | undefined;
  #warmup: WarmupStats | undefined;
  #report: WarmupReport | undefined;

  constructor(options: ExchangeInstanceOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#logger = options.logger.child({ exchange: options.exchange.name });
    this.#metrics = new ExchangeMetrics(options.exchange.name, options.metrics);
    this.#observation = new FeedObservation(() => this.#feed.toldTo);
    this.#history = this.#openHistory();
    const { protocol, loader } = this.#history;
    this.#repairer = new GapRepairer({
      loader,
      rest: protocol.rest,
      clock: this.#clock,
      venueTime: this.#history.rest.time,
      logger: this.#logger,
      onReport: (report, reasons) => this.#verification.noteRepair(report, reasons),
    });
    this.#keeper = this.#newKeeper();
    const { streamed, rolledUp } = protocol.timeframes;
    this.#book = new CandleBook({ closes: protocol.closes, base: streamed[0] ?? '1m', rolledUp });
    this.#feed = this.#newFeed();
    this.#verification = this.#newVerification();
    this.#coverage = this.#newCoverageWatch();
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
   * Starts the exchange; resolves when it is active or was stopped meanwhile. A venue that does not answer is asked
   * again until `stop`.
   * @throws UnknownSymbolError when a named symbol is not listed
   */
  async start(): Promise<void> {
    const { signal } = this.#abort;
    this.#starting ??= this.#run(signal);
    try {
      await this.#starting;
    } catch (error) {
      if (signal.aborted) return;
      this.#logger.error({ event: 'instance_start_failed', error: messageOf(error) });
      await this.stop();
      throw error;
    }
  }

  /** The whole story, up to the point from which it goes on by itself. */
  async #run(signal: AbortSignal): Promise<void> {
    this.#become('starting');
    await this.#learnVenue(signal);
    await this.#connect(signal);
    this.#become('warming');
    await this.#warmUp(signal);
    await this.#keepUp(signal);
    this.#become('active');
  }

  /** Stops taking data, lets what was taken be written and announced, and lets go of everything. */
  stop(): Promise<void> {
    this.#stopping ??= this.#drainAndLetGo();
    return this.#stopping;
  }

  /** Resolves when nothing that was taken or asked for is left to be done. */
  async settle(): Promise<void> {
    await this.#repairer.drain();
    await this.#history.writer.drain();
  }

  facts(): InstanceFacts {
    return {
      ...this.#feed.facts,
      ...historyFacts(this.#history),
      state: this.#state,
      symbols: this.#symbols.length,
      series: this.#allSeries().length,
      seriesBehind: this.#keeper.behind,
      gaps: this.#repairer.facts,
      truth: this.#verification.facts,
      warmup: this.#warmup,
    };
  }

  get #timeframes(): readonly Timeframe[] {
    return this.#options.timeframes ?? TIMEFRAMES;
  }

  /** The venue's clock and listing come first: they decide what is closed and what there is. */
  async #learnVenue(signal: AbortSignal): Promise<void> {
    const { rest } = this.#history;
    const patient = { signal, clock: this.#clock, logger: this.#logger };
    await untilAnswered(() => rest.sync.measure(signal), { ...patient, what: 'venue_time' });
    void rest.sync.run(signal);
    const listing = await untilAnswered(() => rest.source.fetchListing({ lane: 'repair', signal }), {
      ...patient,
      what: 'venue_listing',
    });
    this.#symbols = chooseSymbols(listing.symbols, this.#options.symbols);
    // A Redis that takes nothing now may take it later.
    await untilAnswered(() => this.#saveSymbols(), { ...patient, what: 'symbol_store' });
  }

  #saveSymbols(): Promise<void> {
    const { exchange, redis } = this.#options;
    return new SymbolStore(redis).save(exchange.id, this.symbols, this.#clock.now());
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const { metrics, exchange } = this.#options;
    if (metrics !== undefined) this.#teardown.push(metrics.readFrom(exchange.name, () => this.facts()));
    this.#teardown.push(
      () => this.#repairer.stop(),
      () => this.#feed.close(),
    );
    this.#liveSince = this.#history.rest.time.now();
    await this.#feed.open(this.#symbols, signal);
    signal.throwIfAborted();
  }

  async #warmUp(signal: AbortSignal): Promise<void> {
    const { exchange, redis, target, derive, candleMs, onProgress } = this.#options;
    await warmUpUntilDone(
      {
        exchange,
        redis,
        history: this.#history,
        symbols: this.symbols,
        timeframes: this.#timeframes,
        target,
        derive,
        candleMs,
        clock: this.#clock,
        logger: this.#logger,
        onProgress: (stats) => {
          this.#warmup = stats;
          onProgress?.(stats);
        },
      },
      (report) => {
        this.#report = report;
      },
      signal,
    );
  }

  /** From history to the present: every series is watched from the newest bar it has. */
  async #keepUp(signal: AbortSignal): Promise<void> {
    const { exchange, redis, audit } = this.#options;
    await seedBook(this.#book, exchange, this.#history, this.symbols);
    await this.#coverage.watchAll();
    signal.throwIfAborted();
    this.#keeper.start();
    this.#teardown.push(
      () => this.#keeper.stop(),
      this.#coverage.startOverWhenBack(redis, () => this.#saveSymbols()),
    );
    void this.#coverage.run(signal);
    this.#teardown.push(this.#verification.start(signal, { audits: audit !== false }));
  }

  async #drainAndLetGo(): Promise<void> {
    this.#become('stopping');
    this.#abort.abort(new Error('the exchange is being stopped'));
    for (const undo of this.#teardown.toReversed()) await undo();
    // What was under way ends at the abort: nobody writes once we are stopped.
    const written = this.#history.writer.drain().then(() => this.#verification.flush());
    const quiet = Promise.all([this.#starting?.catch(() => undefined), written]);
    if (!(await isInTime(this.#clock, DRAIN_PATIENCE_MS, quiet))) {
      this.#logger.error({
        event: 'stop_without_drain',
        patienceMs: DRAIN_PATIENCE_MS,
        ...this.facts().queues,
      });
    }
    this.#become('stopped');
  }

  #openHistory(): History {
    const { exchange, redis, transport, ownerUserId } = this.#options;
    return openHistory({
      exchange,
      redis,
      get: transport.get,
      clock: this.#clock,
      random: this.#random,
      logger: this.#logger,
      ...(ownerUserId === undefined ? {} : { ownerUserId }),
      writer: {
        onOverflow: (candle) => this.#overflowed(candle),
        liveSince: () => this.#liveSince,
        onClosed: (candle, outcome) => this.#closed(candle, outcome),
        onRetracted: (bar) => this.#verification.noteRetracted(bar),
        onWritten: (entry, _outcome, took) => this.#metrics.written(entry, took),
      },
      onReport: (report) => this.#noteReport(report),
      feed: this.#observation,
      busiest: () => busiestFirst(this.#symbols),
      onUnreadable: (field) => this.#metrics.unreadable(field),
    });
  }

  #newKeeper(): BoundaryKeeper {
    const { protocol, rest } = this.#history;
    const { settleMs, finality } = protocol.rest.limits;
    return new BoundaryKeeper({
      venueTime: rest.time,
      clock: this.#clock,
      flagged: protocol.closes === 'flagged' ? protocol.timeframes.streamed : [],
      settleMs,
      finality,
      repair: (request) => this.#repairer.request(request),
      onSilent: (series) => this.#suspect(series),
    });
  }

  #newFeed(): LiveFeed {
    const { exchange, transport, redis, tickers = true, logger } = this.#options;
    const { closes } = this.#history.protocol;
    return new LiveFeed({
      exchange,
      transport,
      redis,
      history: this.#history,
      book: this.#book,
      timeframes: this.#timeframes,
      tickers,
      clock: this.#clock,
      random: this.#random,
      logger,
      metrics: this.#metrics,
      onMissed: ({ series, since, reason }) => this.#repairSince(series, since, reason),
      onInterrupted: (series) => {
        this.#book.interrupted(series);
        this.#observation.interrupted(series);
      },
      onActive: (symbol, ...heard) => {
        this.#observation.heard(symbol, ...heard);
        if (closes === 'inferred') this.#keeper.active(symbol);
      },
    });
  }

  #newCoverageWatch(): CoverageWatch {
    const { exchange, target = DEFAULT_CANDLE_TARGET } = this.#options;
    return new CoverageWatch({
      exchangeId: exchange.id,
      history: this.#history,
      venueTime: this.#history.rest.time,
      keeper: this.#keeper,
      repairer: this.#repairer,
      series: () => this.#allSeries(),
      target,
      clock: this.#clock,
      logger: this.#logger,
    });
  }

  #newVerification(): Verification {
    const { exchange, redis } = this.#options;
    return new Verification({
      exchange,
      redis,
      history: this.#history,
      timeframes: this.#timeframes,
      series: () => this.#allSeries(),
      repair: (request) => this.#repairer.request(request),
      clock: this.#clock,
      logger: this.#logger,
    });
  }

  /** A series that stays behind: its subscription is to blame, unless it is Redis that takes nothing. */
  #suspect(series: Series): void {
    const canWrite =
      this.#options.redis.status === 'ready' && this.#history.writer.facts.trouble === undefined;
    if (canWrite) this.#feed.resubscribe(series);
  }

  /** Bars of some series since an instant (ms) may have been missed: of those we keep they are fetched. */
  #repairSince(
    missed: readonly { readonly symbol: string; readonly timeframe: string }[],
    since: number,
    reason: string,
  ): void {
    const now = this.#history.rest.time.now();
    const keys = new Set(missed.map(seriesKey));
    for (const series of this.#allSeries().filter((each) => keys.has(seriesKey(each)))) {
      const { timeframe } = series;
      const range = { from: openTimeOf(timeframe, since), to: openTimeOf(timeframe, now) };
      this.#repairer.request({ series, ...range, reason, lane: 'repair' });
    }
  }

  #overflowed(candle: SourcedCandle): void {
    this.#metrics.count('livermore_queue_overflows_total');
    this.#repairSince([candle], candle.timestamp, 'queue overflow');
  }

  #closed(candle: SourcedCandle, outcome: WriteOutcome): void {
    if (outcome.written) this.#book.remember([candle]);
    this.#keeper.settled(candle, candle.timestamp, settlementOf(candle));
    this.#verification.note(candle, outcome);
    const now = this.#history.rest.time.now();
    if (outcome.written) this.#metrics.closed(candle, outcome, { now, liveSince: this.#liveSince });
  }

  #noteReport(report: PageReport): void {
    const { page, corrected, absent, unsettled } = report;
    if (corrected > 0) {
      this.#metrics.count('livermore_corrections_total', { timeframe: page.timeframe }, corrected);
    }
    for (const openTime of absent) this.#keeper.settled(page, openTime, 'quiet');
    for (const openTime of unsettled) this.#keeper.lacked(page, openTime);
    if (this.#history.protocol.emptyBuckets === 'flat') this.#metrics.restLag(report);
  }

  #allSeries(): Series[] {
    return this.symbols.flatMap((symbol) => this.#timeframes.map((timeframe) => ({ symbol, timeframe })));
  }

  #become(state: InstanceState): void {
    this.#state = state;
    this.#logger.info({ event: 'instance_state', state });
    this.#options.onState?.(state);
  }
}
