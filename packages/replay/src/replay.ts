import {
  CandleCacheStrategy,
  exchangeAbsenceKey,
  exchangeCandleKey,
  exchangeClosesKey,
  exchangeCorrectionsKey,
  exchangeDoubtKey,
  exchangeLooksKey,
  exchangeToldKey,
  exchangeUnservedKey,
  exchangeVerifiedKey,
} from '@livermore/cache';
import { defaultExchange, protocolOf, readWarmupSchedule } from '@livermore/exchange-core';
import { ExchangeInstance } from '@livermore/instance';
import type { Health, NodeMetrics } from '@livermore/instance';
import { openTimeOf, timeframeMs } from '@livermore/schemas';
import type { Exchange, OpenTimeRange, Series } from '@livermore/schemas';
import { createSimulator, loadRecordedMarket } from '@livermore/simulator';
import type { FaultScript, Market, RecordedMarket, SimulatedVenue } from '@livermore/simulator';
import { ReplayClock, seededRandom, silentLogger, systemClock } from '@livermore/utils';
import type { Logger } from '@livermore/utils';
import { Announcements } from './announcements';
import { heldRedis } from './held-redis';
import { Judge } from './judge';
import { NotReplayableError, Recording } from './recording';
import type { ReplayReport, ReplaySettings } from './report';
import { Truth } from './truth';

export interface ReplayOptions {
  readonly venue: SimulatedVenue;
  /** Folder of `<SYMBOL>-<timeframe>.csv[.gz]`. */
  readonly data: string;
  /** Where the replay warms up, ms; a third into the recording when absent. */
  readonly from?: number;
  /** Where it ends, ms; the end of the recording when absent. */
  readonly to?: number;
  readonly speed: number | 'max';
  readonly redisUrl: string;
  readonly faults?: FaultScript;
  readonly symbols?: readonly string[];
  /** Whether longer bars may be derived from shorter ones; as the venue's protocol says when absent. */
  readonly derive?: boolean;
  /** Whether the audit runs, as it does in production; yes unless said otherwise. */
  readonly audit?: boolean;
  /** Whether tickers are kept as well, as in production; yes unless said otherwise. */
  readonly tickers?: boolean;
  /** Least distance (ms) of two update frames of a stream, for replays in which only closes matter; the venue's own when absent. */
  readonly updateEveryMs?: number;
  /**
   * How long it goes on after its end before what closed last is compared, ms; a quarter of an hour when absent. At most a
   * hundred of its shortest bars: more would push what was not compared yet out of the cache.
   */
  readonly settleMs?: number;
  readonly seed?: number;
  readonly logger?: Logger;
  /** What the exchange measures goes here, as in a node; nowhere when absent. */
  readonly metrics?: NodeMetrics;
  /** Looks at the running exchange every so often (ms of the replayed time), from when it is active on. */
  readonly watch?: { readonly everyMs: number; readonly look: (view: ReplayView) => Promise<void> };
  /** Where the replayed time (ms) is, now and then. */
  readonly onProgress?: (progress: {
    readonly now: number;
    readonly from: number;
    readonly to: number;
  }) => void;
}

/** What there is to see of an exchange at an instant of a replay. */
export interface ReplayView {
  readonly now: number;
  /** The venue's time as the exchange knows it; both in ms. */
  readonly venueNow: number;
  readonly venue: SimulatedVenue;
  readonly health: Health;
  readonly cache: Pick<CandleCacheStrategy, 'readExchangeCandles'>;
  readonly exchange: Exchange;
  readonly series: readonly Series[];
  /** What trades, whatever the venue says of it. */
  readonly market: Market;
}

/**
 * After the last bar closed, time for late answers, second readings and repairs: the longest wait for one is ten minutes.
 * A last bar that the stream itself tells wrong takes longer: a first reading has to come by before.
 */
const SETTLE_MS = 900_000;
/**
 * The cache keeps 1,000 bars of a series: they are compared shortly before they leave it, after everything that can
 * still repair or spoil them.
 */
const COMPARE_EVERY_BARS = 100;
const COMPARE_AGE_BARS = 850;
/** Recordings of bars this long or longer span years: there the venue's heart beats slower, within its limits. */
const LONG_BAR_MS = timeframeMs('15m');
const SLOW_HEARTBEAT_MS = 8_000;
const PROGRESS_EVERY_MS = 3_600_000;
/** The user whose exchange it is. */
const OWNER = 1;

/**
 * Lives through a recording: the production path (adapter, book, writer, warmup, repair) against a simulated venue, on
 * one clock, and compares every closed candle in Redis, and every announced one, with the recording's own text.
 * @throws NotReplayableError, RecordingError
 */
export async function replay(options: ReplayOptions): Promise<ReplayReport> {
  const startedAt = systemClock.monotonicMs();
  const only = options.symbols === undefined ? {} : { symbols: options.symbols };
  const recording = await Recording.read(options.data, options.symbols);
  const range = rangeOf(recording, options);
  const market = await loadRecordedMarket(options.data, only);
  const run = new ReplayRun({ recording, market, range }, options);
  try {
    await run.prepare();
    await run.live();
    return await run.report(systemClock.monotonicMs() - startedAt);
  } finally {
    await run.close();
  }
}

/** What is lived through: the files, what the simulated venue made of them, and when. */
interface Subject {
  readonly recording: Recording;
  readonly market: RecordedMarket;
  readonly range: OpenTimeRange;
}

class ReplayRun {
  readonly #options: ReplayOptions;
  readonly #settings: ReplaySettings;
  readonly #recording: Recording;
  readonly #range: OpenTimeRange;
  readonly #exchange: Exchange;
  readonly #clock: ReplayClock;
  readonly #redis: ReturnType<typeof heldRedis>;
  readonly #cache: CandleCacheStrategy;
  readonly #simulator: ReturnType<typeof createSimulator>;
  readonly #instance: ExchangeInstance;
  readonly #announcements: Announcements;
  readonly #judge: Judge;
  /** When the warmup was over, ms by the venue's clock; the start of the range while it is not. */
  #activeAt: number;

  constructor({ recording, market, range }: Subject, options: ReplayOptions) {
    this.#options = options;
    this.#settings = settingsOf(recording, options);
    this.#recording = recording;
    this.#range = range;
    this.#activeAt = range.from;
    this.#exchange = defaultExchange(options.venue);
    this.#clock = new ReplayClock({ startMs: range.from, speed: options.speed });
    this.#redis = heldRedis(options.redisUrl, this.#clock);
    this.#cache = new CandleCacheStrategy(this.#redis);
    this.#announcements = new Announcements(this.#redis);
    this.#simulator = this.#newSimulator(market);
    const scripted = { before: market, after: this.#simulator.truth };
    this.#judge = new Judge({
      recording,
      truth: new Truth(recording, options.faults === undefined ? undefined : scripted),
      cache: this.#cache,
      exchangeId: this.#exchange.id,
      ledger: this.#announcements.ledger,
    });
    this.#instance = this.#newInstance();
  }

  #newSimulator(market: RecordedMarket): ReturnType<typeof createSimulator> {
    const { venue, seed = 1, faults } = this.#options;
    const { updateEveryMs, heartbeatEveryMs } = this.#settings;
    return createSimulator({
      venue,
      market,
      clock: this.#clock,
      seed,
      ...(updateEveryMs === 'venue' ? {} : { updateEveryMs }),
      ...(heartbeatEveryMs === 'venue' ? {} : { heartbeatEveryMs }),
      ...(faults === undefined ? {} : { faults }),
    });
  }

  /** As production makes one, but for its clock, its chance and the wire. */
  #newInstance(): ExchangeInstance {
    const { seed = 1, logger = silentLogger, metrics } = this.#options;
    const { derive, audit, tickers } = this.#settings;
    return new ExchangeInstance({
      exchange: this.#exchange,
      redis: this.#redis,
      transport: this.#simulator.transport,
      clock: this.#clock,
      random: seededRandom(seed),
      symbols: { kind: 'named', symbols: this.#recording.symbols },
      timeframes: this.#recording.timeframes,
      logger,
      // What a machine needs passes on no replayed clock, and what is told of a run is to be the same in each.
      candleMs: 0,
      ownerUserId: OWNER,
      audit,
      tickers,
      onState: (state) => {
        const ahead = Math.max(0, this.#instance.facts().venueClockOffsetMs);
        if (state === 'active') this.#activeAt = this.#clock.now() + ahead;
      },
      ...(derive === 'default' ? {} : { derive }),
      ...(metrics === undefined ? {} : { metrics }),
    });
  }

  /** A replay starts from an empty cache: what an earlier replay left is removed, live data never. */
  async prepare(): Promise<void> {
    this.#redis.on('error', () => undefined);
    for (const series of this.#series()) {
      const [newest] = await this.#cache.readExchangeCandles(this.#exchange.id, series, { limit: 1 });
      if (newest !== undefined && newest.timestamp > this.#recording.span.to) {
        throw new NotReplayableError(
          `this Redis holds candles of ${series.symbol} ${series.timeframe} newer than the recording: replay into another one (--redis URL, or none for a private one)`,
        );
      }
    }
    const { id } = this.#exchange;
    for (const { symbol, timeframe } of this.#series()) {
      await this.#redis.del(
        exchangeCandleKey(id, symbol, timeframe),
        exchangeAbsenceKey(id, symbol, timeframe),
        exchangeUnservedKey(id, symbol, timeframe),
        exchangeDoubtKey(id, symbol, timeframe),
      );
    }
    await this.#redis.del(
      exchangeLooksKey(id),
      exchangeToldKey(id),
      exchangeClosesKey(id),
      exchangeCorrectionsKey(id),
      exchangeVerifiedKey(id),
    );
    await this.#announcements.listen(id, { userId: OWNER, series: this.#series() });
  }

  /** Runs the exchange from the start of the range to its end, comparing as bars are about to leave the cache. */
  async live(): Promise<void> {
    const stops = [this.#compareOnTheWay(), this.#watch()];
    let failure: unknown;
    this.#instance.start().catch((error: unknown) => {
      failure = error;
    });
    await this.#clock.run(this.#range.to + this.#settings.settleMs);
    for (const stop of stops) stop();
    if (failure !== undefined) throw failure;
    await this.#instance.settle();
    await this.#announcements.caughtUp();
    for (const series of this.#series()) await this.#judge.compare(series, this.#range.to, this.#activeAt);
  }

  async report(tookMs: number): Promise<ReplayReport> {
    const { log, faultsApplied, faultLines } = this.#simulator;
    const schedule = await readWarmupSchedule(this.#redis, this.#exchange.id);
    const report = this.#instance.warmupReport;
    return {
      venue: this.#options.venue,
      data: this.#options.data,
      ...this.#range,
      speed: this.#options.speed,
      settings: this.#settings,
      symbols: this.#recording.symbols,
      timeframes: this.#recording.timeframes,
      ...this.#judge.results(),
      revised: this.#recording.revised(),
      warmup: {
        requests: schedule?.requests ?? 0,
        weight: schedule?.weight ?? 0,
        naiveRequests: schedule?.naiveRequests ?? 0,
        status: report?.status ?? 'not ended',
        failures: report?.stats.failedPairs ?? 0,
      },
      requests: log.requests,
      weight: log.weight,
      statuses: Object.fromEntries([...log.statuses].map(([status, times]) => [String(status), times])),
      connections: log.connections,
      faultsApplied: Object.fromEntries(faultsApplied),
      faultLines: [...faultLines.keys()].toSorted((a, b) => a - b),
      closes: this.#announcements.counts,
      replayedMs: this.#range.to - this.#range.from,
      tookMs,
    };
  }

  async close(): Promise<void> {
    // Time goes on while things are put away: whoever still sleeps on the clock must be able to wake.
    const ending = new AbortController();
    const running = this.#clock.run(Number.MAX_SAFE_INTEGER, ending.signal).catch(() => undefined);
    await this.#instance.stop();
    await this.#simulator.close();
    await this.#announcements.close();
    ending.abort();
    await running;
    this.#redis.disconnect();
  }

  /** Every so many bars of the shortest timeframe, on the replayed clock. */
  #compareOnTheWay(): () => void {
    const finest = this.#recording.timeframes[0] ?? '1m';
    const everyMs = COMPARE_EVERY_BARS * timeframeMs(finest);
    let isStopped = false;
    const next = () => {
      if (isStopped) return;
      this.#clock.setTimer(next, everyMs);
      const { from, to } = this.#range;
      this.#options.onProgress?.({ now: Math.min(this.#clock.now(), to), from, to });
      const reached = Math.min(to, this.#clock.now());
      const compared = this.#series().map((series) => {
        const old = reached - COMPARE_AGE_BARS * timeframeMs(series.timeframe);
        return this.#judge.compare(series, old, this.#activeAt);
      });
      void this.#clock.during(Promise.all(compared));
    };
    this.#clock.setTimer(next, Math.min(everyMs, PROGRESS_EVERY_MS));
    return () => {
      isStopped = true;
    };
  }

  #watch(): () => void {
    const { watch } = this.#options;
    if (watch === undefined) return () => undefined;
    let isStopped = false;
    const next = () => {
      if (isStopped) return;
      this.#clock.setTimer(next, watch.everyMs);
      if (this.#instance.state === 'active') void this.#clock.during(watch.look(this.#view()));
    };
    this.#clock.setTimer(next, watch.everyMs);
    return () => {
      isStopped = true;
    };
  }

  #view(): ReplayView {
    return {
      now: this.#clock.now(),
      venueNow: this.#clock.now() + this.#instance.facts().venueClockOffsetMs,
      venue: this.#options.venue,
      health: this.#instance.health({ ok: true, detail: 'answers' }),
      cache: this.#cache,
      exchange: this.#exchange,
      series: this.#series(),
      market: this.#simulator.truth,
    };
  }

  #series(): readonly Series[] {
    return this.#recording.symbols.flatMap((symbol) =>
      this.#recording.timeframes.map((timeframe) => ({ symbol, timeframe })),
    );
  }
}

function settingsOf(recording: Recording, options: ReplayOptions): ReplaySettings {
  const shortestMs = timeframeMs(recording.timeframes[0] ?? '1m');
  const { settleMs = SETTLE_MS } = options;
  if (settleMs < 0 || settleMs > COMPARE_EVERY_BARS * shortestMs) {
    throw new NotReplayableError(
      `settleMs: ${settleMs} is not between 0 and ${COMPARE_EVERY_BARS} bars of ${shortestMs} ms`,
    );
  }
  return {
    derive: options.derive ?? 'default',
    audit: options.audit ?? true,
    tickers: options.tickers ?? true,
    updateEveryMs: options.updateEveryMs ?? 'venue',
    heartbeatEveryMs: shortestMs >= LONG_BAR_MS ? SLOW_HEARTBEAT_MS : 'venue',
    settleMs,
  };
}

function rangeOf(recording: Recording, options: ReplayOptions): OpenTimeRange {
  const { span } = recording;
  const finest = recording.timeframes[0] ?? '1m';
  const from = openTimeOf(finest, options.from ?? span.from + (span.to - span.from) / 3);
  const to = openTimeOf(finest, options.to ?? span.to);
  const { name } = defaultExchange(options.venue);
  if (from < span.from || to > span.to || from >= to) {
    throw new NotReplayableError(
      `cannot replay ${name} from ${instant(from)} to ${instant(to)}: the recording covers ${instant(span.from)} to ${instant(span.to)}`,
    );
  }
  if (
    protocolOf(options.venue).timeframes.streamed.every(
      (timeframe) => !recording.timeframes.includes(timeframe),
    )
  ) {
    options.logger?.warn({
      event: 'replay_without_stream',
      reason: 'no recorded timeframe is one the venue streams',
    });
  }
  return { from, to };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
