import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CandleCacheStrategy, exchangeCandleKey, exchangeToldKey } from '@livermore/cache';
import { MIN_CANDLE_THRESHOLD, defaultExchange, targetWindow } from '@livermore/exchange-core';
import { Announcements, Findings, compareSeries } from '@livermore/replay';
import type { FoundIn, Totals } from '@livermore/replay';
import { TIMEFRAMES, closeTimeOf, openTimeOf, timeframeMs } from '@livermore/schemas';
import type { Exchange, OpenTimeRange, Series } from '@livermore/schemas';
import { createSeededMarket, createSimulator, defaultUniverse, disagreeing } from '@livermore/simulator';
import type { FaultScript, Simulator } from '@livermore/simulator';
import type { Clock } from '@livermore/utils';
import type { ProofVenue } from '../data';
import { closeBefore, servedSides } from '../served';
import type { Served } from '../served';
import { NodeUnderProof } from './node-under-proof';
import { RedisUnderProof } from './redis-under-proof';
import { HealthLog } from '../health-log';
import { scaledClock } from './scaled-clock';
import type { ScaledTime } from './scaled-clock';
import { ToldLog } from './told-log';

export interface StageOptions {
  readonly venue: ProofVenue;
  /** Symbols followed, the busiest and some that are not. */
  readonly symbols?: number;
  /** How many times faster than real time. */
  readonly speed?: number;
  /** The program and arguments that run a node by orders given as one more argument. */
  readonly nodeCommand: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the venue agrees with itself; its views of one tape differ when absent. */
  readonly isTruthful?: true;
  /** Where the logs of the nodes go; a temporary folder when absent. */
  readonly logFolder?: string;
}

const MINUTE_MS = 60_000;
/** Begins three and a half minutes before a midnight, so that every timeframe closes soon. */
const STARTS_AT = Date.UTC(2026, 2, 11) - 3.5 * MINUTE_MS;
const SPEED = 20;
const SEED = 7;
/** A bar younger than this (ms of the venue's time) may still be on its way. */
const YOUNG_MS = 100_000;
const POLL_MS = 100;
/** Health is held against the cache so often, real ms, for bars that closed longer ago than this, ms of the venue's time. */
const HEALTH_LOOK_MS = 1_000;
const HEALTH_GRACE_MS = 60_000;
const TOLERATED_MS = 40_000;
/** A bar that closes while the exchange is becoming live may belong to its history, ms. */
const WARM_MS = 60_000;
/** Real time in which what was written is announced and heard, ms. */
const ANNOUNCED_WITHIN_MS = 500;

type Sides = ReturnType<typeof servedSides>;
/** What was told of the bars of a series. */
type Said = Pick<FoundIn, 'announced' | 'lived' | 'unannounced'>;
const NOTHING_SAID: Said = { unannounced: [] };

/** A venue on real sockets, a real Redis behind a door, and nodes in processes of their own, all in one faster time. */
export class Stage {
  readonly clock: Clock;
  readonly redis: RedisUnderProof;
  readonly simulator: Simulator;
  readonly symbols: readonly string[];
  readonly announcements: Announcements;
  /** What a listener of the log heard. */
  readonly told: ToldLog;
  readonly health = new HealthLog(TOLERATED_MS);
  readonly #options: StageOptions;
  readonly #time: ScaledTime;
  readonly #exchange: Exchange;
  readonly #cache: CandleCacheStrategy;
  readonly #logFolder: string;
  readonly #nodes: NodeUnderProof[] = [];
  /** When the cache was last filled from nothing: it must hold as many bars before that as any warmup leaves. */
  #filledAt = STARTS_AT;
  /** Since when every close is promised to be told (venue time, ms). */
  #tellsSince: number | undefined;
  readonly #ending = new AbortController();
  readonly #watching: Promise<void>;

  private constructor(options: StageOptions, parts: StageParts) {
    this.#options = options;
    this.#time = parts.time;
    this.clock = parts.clock;
    this.redis = parts.redis;
    this.simulator = parts.simulator;
    this.symbols = parts.symbols;
    this.#exchange = parts.exchange;
    this.#cache = new CandleCacheStrategy(parts.redis.admin);
    this.announcements = new Announcements(parts.redis.admin);
    this.told = new ToldLog(parts.redis.admin, parts.exchange.id);
    this.#watching = this.#watchHealth();
    this.#logFolder = options.logFolder ?? mkdtempSync(join(tmpdir(), 'livermore-proof-'));
  }

  static async open(options: StageOptions): Promise<Stage> {
    const time = { realStartMs: Date.now(), startMs: STARTS_AT, speed: options.speed ?? SPEED };
    const clock = scaledClock(time);
    const universe = defaultUniverse(options.venue).filter((each) => each.status === 'trading');
    const symbols = spread(universe, options.symbols ?? 3);
    const market = createSeededMarket({ seed: SEED, symbols });
    const simulator = createSimulator({
      venue: options.venue,
      market,
      clock,
      updateEveryMs: 15_000,
      faults: options.isTruthful === true ? [] : lastingViews(options.venue),
    });
    const { rest, ws } = await simulator.listen();
    const redis = await RedisUnderProof.start(options.env);
    const exchange = { ...defaultExchange(options.venue), restUrl: rest, wsUrl: ws };
    const names = symbols.map((each) => each.symbol);
    const stage = new Stage(options, { time, clock, redis, simulator, symbols: names, exchange });
    await stage.announcements.listen(exchange.id);
    return stage;
  }

  /** Starts a node; `jump` sets its wall clock in the middle of the run. */
  startNode(jump?: ScaledTime['jump']): NodeUnderProof {
    const { nodeCommand } = this.#options;
    const orders = {
      exchange: this.#exchange,
      symbols: [...this.symbols],
      seed: this.#nodes.length + 1,
      logFile: join(this.#logFolder, `node-${this.#nodes.length + 1}.log`),
      time: jump === undefined ? this.#time : { ...this.#time, jump },
    };
    const node = new NodeUnderProof(nodeCommand, orders, this.redis.url);
    this.#nodes.push(node);
    return node;
  }

  /** Whether who listened to the channel heard every close: who is killed publishes nothing, a Redis that is away neither. */
  get tellsAll(): boolean {
    return !this.redis.wasHurt && !this.#nodes.some((node) => node.wasKilled);
  }

  /** Bars that closed since the first node was live and that the log of closes never told, as `series open time`. */
  unsaid(until = this.clock.now()): readonly string[] {
    const since = this.#tellsSince ?? Infinity;
    return this.#series().flatMap((series) => {
      const range = this.#settled(series, until);
      const { truth } = servedSides(this.#served, series, range);
      return truth
        .map((bar) => bar.openTime)
        .filter((openTime) => closeTimeOf(series.timeframe, openTime) > since + WARM_MS)
        .filter((openTime) => !this.told.wasTold(series, openTime))
        .map((openTime) => `${series.symbol} ${series.timeframe} ${new Date(openTime).toISOString()}`);
    });
  }

  /** The cache has just been filled, or must be filled anew: older bars need not be there. */
  beginsAnew(): void {
    this.#filledAt = this.clock.now();
    this.#tellsSince ??= this.#filledAt;
  }

  /** Looks once a second whether what health says is true of what the cache holds. */
  async #watchHealth(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await this.clock.sleep(HEALTH_LOOK_MS * this.#time.speed, signal).catch(() => undefined);
      if (signal.aborted || this.#tellsSince === undefined) continue;
      const now = this.clock.now();
      const found = this.#find(() => NOTHING_SAID, now, HEALTH_GRACE_MS);
      // Nobody can look into a Redis that is down.
      const missing = await found.then((all) => all.missing).catch(() => []);
      const said = this.#nodes.flatMap((node) => node.health ?? []);
      const bars = missing.map((each) => JSON.stringify(each));
      if (said.length > 0) this.health.look(now, bars, said);
    }
  }

  /** Somebody writes over the series of a minute, that of an hour, and over what was told of all. */
  async overwrite(): Promise<void> {
    const { id } = this.#exchange;
    const [symbol = ''] = this.symbols;
    const series = (['1m', '1h'] as const).map((timeframe) => exchangeCandleKey(id, symbol, timeframe));
    await this.redis.overwrite([...series, exchangeToldKey(id)]);
    this.beginsAnew();
  }

  /** Real time passes. */
  wait(realMs: number): Promise<void> {
    return this.clock.sleep(realMs * this.#time.speed);
  }

  /** Waits for something to become true; @throws Error saying for what it waited in vain */
  async until(what: string, patienceRealMs: number, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + patienceRealMs;
    while (!(await isSo())) {
      if (performance.now() > deadline)
        throw new Error(`waited ${patienceRealMs / 1000} s in vain for ${what}`);
      await this.wait(POLL_MS);
    }
  }

  /**
   * Waits until the venue's time is so long after the midnight of the proof.
   * @throws Error when what was to begin before midnight would begin after it: nothing would be tried
   */
  async untilAfterMidnight(ms: number): Promise<void> {
    const midnight = STARTS_AT + 3.5 * MINUTE_MS;
    if (ms < 0 && this.clock.now() >= midnight) {
      throw new Error('midnight was over before this could begin: the machine is too slow for this row');
    }
    await this.clock.sleep(midnight + ms - this.clock.now());
  }

  /** Compares everything that should be in Redis by now with what the venue serves. */
  async compare(): Promise<Totals> {
    return (await this.#find(() => NOTHING_SAID)).candles;
  }

  /** The same at the end of a row, and what was told of each bar with what it is. To be asked once. */
  async judge(): Promise<ReturnType<Findings['results']>> {
    const until = this.clock.now();
    // What has been written is announced a moment later.
    await this.wait(ANNOUNCED_WITHIN_MS);
    await this.announcements.caughtUp();
    return this.#find((series, range, sides) => this.#said(series, range, sides), until);
  }

  async #find(
    saidOf: (series: Series, range: OpenTimeRange, sides: Sides) => Said,
    until = this.clock.now(),
    young = YOUNG_MS,
  ): Promise<ReturnType<Findings['results']>> {
    const findings = new Findings();
    for (const series of this.#series()) {
      const range = this.#settled(series, until, young);
      const query = { from: range.from, to: range.to - 1 };
      const cached = await this.#cache.readExchangeCandles(this.#exchange.id, series, query);
      const sides = servedSides(this.#served, series, range);
      const found = compareSeries(series, range, { cached, ...sides });
      const step = timeframeMs(series.timeframe);
      findings.add(found, { series, step, ...saidOf(series, range, sides) });
    }
    return findings.results();
  }

  /** How right what was told of a series is, and of which bars nobody was told although Redis was always there. */
  #said(series: Series, range: OpenTimeRange, { truth, omitsQuiet = false }: Sides): Said {
    const { ledger } = this.announcements;
    const heard = ledger.take(series, range.to);
    const bars = new Map(truth.map((bar) => [bar.openTime, bar]));
    const announced = ledger.judge(series, range, heard, (openTime) => ({
      bar: bars.get(openTime),
      omitsQuiet,
      closeBefore: closeBefore(this.#served, series, openTime),
      readings: () => [],
      cached: undefined,
    }));
    const told = new Set(heard.filter(({ last }) => last !== 'retracted').map(({ openTime }) => openTime));
    const lived = [...bars.keys()].filter((at) => closeTimeOf(series.timeframe, at) > this.#filledAt);
    const unannounced = this.redis.wasHurt ? [] : lived.filter((openTime) => !told.has(openTime));
    return { announced, lived: lived.length, unannounced };
  }

  /** Waits until the cache is what the venue serves, and fails when it is not in time. */
  async untilWhole(patienceRealMs: number): Promise<void> {
    await this.until('the cache to be whole', patienceRealMs, async () => {
      const { missing, different, invented, falselyQuiet } = await this.compare();
      return missing + different + invented + falselyQuiet === 0;
    });
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#watching;
    await this.told.close();
    await Promise.all(this.#nodes.filter((node) => node.state !== 'ended').map((node) => node.stop()));
    await this.announcements.close();
    await this.simulator.close();
    await this.redis.stop();
    if (this.#options.logFolder === undefined) rmSync(this.#logFolder, { recursive: true, force: true });
  }

  /** From the first bar of the warmup, to the newest that cannot be on its way any more. */
  #settled({ timeframe }: Series, now: number, young = YOUNG_MS): OpenTimeRange {
    const { from } = targetWindow(timeframe, MIN_CANDLE_THRESHOLD, this.#filledAt);
    return { from, to: Math.max(from, openTimeOf(timeframe, now - young)) };
  }

  get #served(): Served {
    return { venue: this.#options.venue, market: this.simulator.truth, now: this.clock.now() };
  }

  #series(): readonly Series[] {
    return this.symbols.flatMap((symbol) => TIMEFRAMES.map((timeframe) => ({ symbol, timeframe })));
  }
}

/** What differs between a venue's views without changing the tape: minutes are too short for what is corrected later. */
function lastingViews(venue: ProofVenue): FaultScript {
  return disagreeing(venue).filter(({ fault }) => fault.kind !== 'revised-candle');
}

interface StageParts {
  readonly time: ScaledTime;
  readonly clock: Clock;
  readonly redis: RedisUnderProof;
  readonly simulator: Simulator;
  readonly symbols: readonly string[];
  readonly exchange: Exchange;
}

/** So many of a list, evenly spread from the first to the last. */
function spread<T>(list: readonly T[], count: number): readonly T[] {
  return Array.from(
    { length: count },
    (_, at) => list[Math.floor((at * (list.length - 1)) / Math.max(1, count - 1))],
  ).filter((each) => each !== undefined);
}
