import { SymbolStore } from '@livermore/cache';
import {
  CandleBook,
  DEFAULT_CANDLE_TARGET,
  FeedObservation,
  GapRepairer,
  HoleLedger,
} from '@livermore/exchange-core';
import type { BoundaryKeeper, WarmupReport, WarmupStats } from '@livermore/exchange-core';
import { TIMEFRAMES } from '@livermore/schemas';
import type { ExchangeSymbol, Series, SourcedCandle, Timeframe } from '@livermore/schemas';
import { messageOf, systemClock, systemRandom } from '@livermore/utils';
import type { Clock, Logger, Random } from '@livermore/utils';
import { BarNews } from './bar-news';
import { busiestFirst } from './choose-symbols';
import { CoverageWatch } from './coverage-watch';
import { ExchangeMetrics } from './exchange-metrics';
import type { InstanceFacts, InstanceState } from './facts';
import { judgeHealth } from './health';
import type { Health } from './health';
import { historyFacts, openHistory } from './history';
import type { History } from './history';
import { isInTime } from './in-time';
import { openKeeper } from './open-keeper';
import { oweCloses } from './owe-closes';
import { learnVenue } from './learn-venue';
import { Life } from './life';
import type { ExchangeInstanceOptions } from './instance-options';
import { LiveFeed } from './live-feed';
import { repairsSince } from './repairs-since';
import type { SeriesName } from './repairs-since';
import { seedBook } from './seed-book';
import { untilAnswered } from './until-answered';
import type { InVain } from './until-answered';
import { Verification } from './verification';
import { warmUpUntilDone } from './warm-up';

/** How long a stop waits for what was received to be written, ms: a Redis that is away may stay away. */
const DRAIN_PATIENCE_MS = 10_000;

/**
 * One running exchange, from start to stop: learn the venue, connect, warm up, keep up, drain.
 *
 * The feed is connected before history is fetched, so there is no seam between them; the as-of rule makes their
 * overlap harmless. What is made is undone in reverse when it is stopped (`life.ts`).
 */
export class ExchangeInstance {
  readonly #options: ExchangeInstanceOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #metrics: ExchangeMetrics;
  readonly #history: History;
  readonly #book: CandleBook;
  readonly #timeframes: readonly Timeframe[];
  readonly #feed: LiveFeed;
  readonly #keeper: BoundaryKeeper;
  readonly #repairer: GapRepairer;
  readonly #observation: FeedObservation;
  readonly #verification: Verification;
  readonly #ledger: HoleLedger;
  readonly #bars: BarNews;
  readonly #coverage: CoverageWatch;
  readonly #life: Life;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #symbols: readonly ExchangeSymbol[] = [];
  /** Venue time (ms) from which on closes are news. */
  #liveSince: number | undefined;
  #inVain: InVain | undefined;
  #warmup: WarmupStats | undefined;
  #report: WarmupReport | undefined;

  constructor(options: ExchangeInstanceOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#timeframes = options.timeframes ?? TIMEFRAMES;
    this.#logger = options.logger.child({ exchange: options.exchange.name });
    this.#life = new Life((state) => this.#became(state));
    this.#metrics = new ExchangeMetrics(options.exchange.name, options.metrics);
    this.#observation = new FeedObservation(() => this.#feed.toldTo);
    this.#history = this.#openHistory();
    const { protocol, loader } = this.#history;
    const shared = { clock: this.#clock, logger: this.#logger };
    this.#repairer = new GapRepairer({
      ...shared,
      loader,
      rest: protocol.rest,
      venueTime: this.#history.rest.time,
      onReport: (report, reasons) => this.#verification.noteRepair(report, reasons),
    });
    this.#keeper = openKeeper(this.#history, {
      clock: this.#clock,
      repair: (request) => this.#repairer.request(request),
      onSilent: (series) => this.#suspect(series),
    });
    const { streamed, rolledUp } = protocol.timeframes;
    this.#book = new CandleBook({ closes: protocol.closes, base: streamed[0] ?? '1m', rolledUp });
    this.#feed = this.#newFeed();
    this.#verification = new Verification({
      ...shared,
      exchange: options.exchange,
      redis: options.redis,
      history: this.#history,
      timeframes: this.#timeframes,
      series: () => this.#allSeries(),
      repair: (request) => this.#repairer.request(request),
    });
    this.#ledger = new HoleLedger({
      emptyBuckets: protocol.emptyBuckets,
      limits: protocol.rest.limits,
      feed: this.#observation,
      target: options.target ?? DEFAULT_CANDLE_TARGET,
    });
    this.#bars = new BarNews({
      book: this.#book,
      keeper: this.#keeper,
      verification: this.#verification,
      ledger: this.#ledger,
      metrics: this.#metrics,
      history: this.#history,
    });
    this.#coverage = this.#newCoverageWatch();
  }

  get state(): InstanceState {
    return this.#life.state;
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
    this.#starting ??= this.#run();
    try {
      await this.#starting;
    } catch (error) {
      if (this.#life.signal.aborted) return;
      this.#logger.error({ event: 'instance_start_failed', error: messageOf(error) });
      await this.stop();
      throw error;
    }
  }

  /** The whole story, up to the point from which it goes on by itself. */
  async #run(): Promise<void> {
    const life = this.#life;
    if (!life.happens('start')) return;
    const { signal } = life;
    await life.still(() => this.#learnVenue());
    await life.still(() => this.#connect(signal));
    life.happens('connected');
    await life.still(() => this.#warmUp(signal));
    await life.still(() => this.#keepUp(signal));
    life.happens('warmed');
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

  /** How well it is, given whether Redis answered just now. */
  health(redis: { readonly ok: boolean; readonly detail: string }): Health {
    return judgeHealth(this.facts(), redis, this.#history.rest.time.now());
  }

  facts(): InstanceFacts {
    return {
      ...this.#feed.facts,
      ...historyFacts(this.#history),
      state: this.#life.state,
      symbols: this.#symbols.length,
      series: this.#allSeries().length,
      seriesBehind: this.#keeper.behind,
      gaps: this.#repairer.facts,
      holes: this.#ledger.facts(this.#history.rest.time.now()),
      loss: this.#coverage.loss,
      inVain: this.#inVain,
      truth: this.#verification.facts,
      warmup: this.#warmup,
    };
  }

  async #learnVenue(): Promise<void> {
    this.#symbols = await learnVenue({
      rest: this.#history.rest,
      choice: this.#options.symbols,
      save: (symbols) => this.#saveSymbols(symbols),
      life: this.#life,
      onInVain: (inVain) => (this.#inVain = inVain),
      endsIfBlocked: this.#options.endsIfBlocked ?? false,
      clock: this.#clock,
      logger: this.#logger,
    });
  }

  #saveSymbols(symbols: readonly ExchangeSymbol[] = this.#symbols): Promise<void> {
    const { exchange, redis } = this.#options;
    const names = symbols.map((each) => each.symbol);
    return new SymbolStore(redis).save(exchange.id, names, this.#clock.now());
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const { metrics, exchange } = this.#options;
    if (metrics !== undefined) await this.#life.owes(metrics.readFrom(exchange.name, () => this.facts()));
    await this.#life.owes(
      () => this.#repairer.stop(),
      () => this.#feed.close(),
    );
    this.#liveSince = this.#history.rest.time.now();
    await this.#life.still(() => this.#feed.open(this.#symbols, signal));
    const patient = { what: 'telling', signal, clock: this.#clock, logger: this.#logger };
    await untilAnswered(() => this.#beginTelling(), patient);
  }

  #beginTelling(): Promise<void> {
    const { exchange, redis } = this.#options;
    return oweCloses(redis, exchange.id, this.#history, this.#allSeries());
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
    const { exchange, audit } = this.#options;
    await this.#life.still(() => seedBook(this.#book, exchange, this.#history, this.symbols));
    await this.#life.still(() => this.#coverage.watchAll());
    this.#keeper.start();
    void this.#coverage.run(signal);
    await this.#life.owes(
      () => this.#keeper.stop(),
      this.#verification.start(signal, { audits: audit !== false }),
    );
  }

  async #drainAndLetGo(): Promise<void> {
    this.#life.happens('stop');
    await this.#life.letGo();
    const { writer } = this.#history;
    const written = writer.drain().then(() => this.#verification.flush());
    const quiet = Promise.all([this.#starting?.catch(() => undefined), written]);
    if (!(await isInTime(this.#clock, DRAIN_PATIENCE_MS, quiet))) {
      const { queues } = this.facts();
      this.#logger.error({ event: 'stop_without_drain', patienceMs: DRAIN_PATIENCE_MS, ...queues });
    }
    // Nobody writes once we are stopped, whenever Redis is back.
    writer.stop();
    this.#life.happens('drained');
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
        onClosed: (candle, outcome) => this.#bars.closed(candle, outcome, this.#liveSince),
        onRetracted: (bar) => this.#bars.retracted(bar),
        onForeign: (series) => void this.#coverage.mend(series),
        onWritten: (entry, _outcome, took) => this.#metrics.written(entry, took),
      },
      onReport: (report) => this.#bars.reported(report),
      feed: this.#observation,
      busiest: () => busiestFirst(this.#symbols),
      onUnreadable: (field) => this.#metrics.unreadable(field),
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
      onCarried: (symbol, since) => this.#observation.carried(symbol, since),
      onActive: (symbol, ...heard) => {
        this.#observation.heard(symbol, ...heard);
        if (closes === 'inferred') this.#keeper.active(symbol);
      },
    });
  }

  #newCoverageWatch(): CoverageWatch {
    const { exchange, redis, target = DEFAULT_CANDLE_TARGET } = this.#options;
    return new CoverageWatch({
      exchangeId: exchange.id,
      redis,
      ledger: this.#ledger,
      restore: () => this.#saveSymbols().then(() => this.#beginTelling()),
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

  /** A series that stays behind: its subscription is to blame, unless it is Redis that takes nothing. */
  #suspect(series: Series): void {
    const canWrite =
      this.#options.redis.status === 'ready' && this.#history.writer.facts.trouble === undefined;
    if (canWrite) this.#feed.resubscribe(series);
  }

  /** Bars of some series since an instant (ms) may have been missed: of those we keep they are fetched. */
  #repairSince(missed: readonly SeriesName[], since: number, reason: string): void {
    const now = this.#history.rest.time.now();
    const requests = repairsSince(this.#allSeries(), missed, { since, now, reason });
    for (const request of requests) this.#repairer.request(request);
  }

  #overflowed(candle: SourcedCandle): void {
    this.#metrics.count('livermore_queue_overflows_total');
    this.#repairSince([candle], candle.timestamp, 'queue overflow');
  }

  #allSeries(): Series[] {
    return this.symbols.flatMap((symbol) => this.#timeframes.map((timeframe) => ({ symbol, timeframe })));
  }

  #became(state: InstanceState): void {
    this.#logger.info({ event: 'instance_state', state });
    this.#options.onState?.(state);
  }
}
