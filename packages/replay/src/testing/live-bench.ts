import { CandleCacheStrategy, createRedis, subscribeCloses } from '@livermore/cache';
import type { StoredCandle } from '@livermore/cache';
import { defaultExchange } from '@livermore/exchange-core';
import { ExchangeInstance, NodeMetrics } from '@livermore/instance';
import type { ExchangeInstanceOptions, InstanceState } from '@livermore/instance';
import { isClosed } from '@livermore/schemas';
import type { Exchange, UnifiedCandle } from '@livermore/schemas';
import { createSeededMarket, createSimulator, defaultUniverse } from '@livermore/simulator';
import type { FaultScript, SimulatedVenue, Simulator } from '@livermore/simulator';
import { ReplayClock, seededRandom, silentLogger } from '@livermore/utils';
import { heldRedis } from '../held-redis';

export interface LiveBenchOptions {
  readonly venue: SimulatedVenue;
  readonly redisUrl: string;
  /** Keys of a test of its own. */
  readonly exchangeId: number;
  /** When it begins, ms. */
  readonly startMs: number;
  readonly faults?: FaultScript;
  /** The quietest of the universe in the place of the busiest. */
  readonly isQuiet?: boolean;
  readonly instance?: Partial<ExchangeInstanceOptions>;
}

/** A close as a program beside us heard it, and the bar as it found it in the cache right then. */
export interface HeardClose {
  readonly candle: UnifiedCandle;
  readonly found: StoredCandle | undefined;
}

/** The busiest of the universe, unless it is said otherwise: quiet ones have bars that nobody can prove. */
const SYMBOLS = 2;

type Redis = ReturnType<typeof createRedis>;

/** A running exchange on a simulated venue, a replayed clock and a real Redis, with a listener beside it. */
export class LiveBench {
  readonly clock: ReplayClock;
  readonly exchange: Exchange;
  readonly redis: Redis;
  readonly simulator: Simulator;
  readonly metrics = new NodeMetrics();
  readonly states: InstanceState[] = [];
  readonly cache: CandleCacheStrategy;
  readonly instance: ExchangeInstance;
  readonly #options: LiveBenchOptions;
  readonly #symbols: readonly string[];
  readonly #plain: Redis;
  readonly #heard: Promise<HeardClose>[] = [];
  #unsubscribe: () => Promise<void> = () => Promise.resolve();

  constructor(options: LiveBenchOptions) {
    const { venue, exchangeId, startMs, faults } = options;
    this.#options = options;
    const universe = defaultUniverse(venue).filter((each) => each.status === 'trading');
    const listed = options.isQuiet === true ? universe.slice(-SYMBOLS) : universe.slice(0, SYMBOLS);
    this.#symbols = listed.map((each) => each.symbol);
    this.clock = new ReplayClock({ startMs, speed: 'max' });
    this.exchange = { ...defaultExchange(venue), id: exchangeId };
    this.redis = heldRedis(options.redisUrl, this.clock);
    this.#plain = createRedis(options.redisUrl);
    this.cache = new CandleCacheStrategy(this.#plain);
    this.simulator = createSimulator({
      venue,
      market: createSeededMarket({ seed: 5, symbols: listed }),
      clock: this.clock,
      seed: 5,
      updateEveryMs: 10_000,
      ...(faults === undefined ? {} : { faults }),
    });
    this.instance = this.newInstance();
  }

  /** Another instance of the same exchange: a restart, when the first was stopped. */
  newInstance(): ExchangeInstance {
    return new ExchangeInstance({
      exchange: this.exchange,
      redis: this.redis,
      transport: this.simulator.transport,
      clock: this.clock,
      random: seededRandom(5),
      symbols: { kind: 'named', symbols: this.#symbols },
      logger: silentLogger,
      ownerUserId: 1,
      audit: false,
      metrics: this.metrics,
      onState: (state) => this.states.push(state),
      ...this.#options.instance,
    });
  }

  /** Hears every close from now on, and looks each up in the cache at once. */
  async listen(): Promise<void> {
    this.#unsubscribe = await subscribeCloses(this.#plain, this.exchange.id, {
      onClose: (candle) => this.#heard.push(this.#lookUp(candle)),
      onInvalid: (error) => this.#heard.push(Promise.reject(error)),
    });
  }

  /** Lets time pass, ms. */
  async pass(ms: number): Promise<void> {
    await this.clock.run(this.clock.now() + ms);
  }

  heard(): Promise<readonly HeardClose[]> {
    return Promise.all(this.#heard);
  }

  /** The value of a metric in a scrape made now; 0 when it does not appear. Labels as in the text format. */
  async metric(name: string, labels = ''): Promise<number> {
    const text = await this.metrics.registry.metrics();
    const start = `${name}{exchange="${this.exchange.name}"${labels}} `;
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(start))
        ?.slice(start.length) ?? 0,
    );
  }

  /** Runs something that sleeps on the clock while time passes. */
  async during<T>(work: Promise<T>): Promise<T> {
    const ending = new AbortController();
    const running = this.clock.run(Number.MAX_SAFE_INTEGER, ending.signal);
    try {
      return await work;
    } finally {
      ending.abort();
      await running;
    }
  }

  async close(): Promise<void> {
    await this.during(this.instance.stop());
    await this.simulator.close();
    await this.#unsubscribe();
    this.redis.disconnect();
    this.#plain.disconnect();
  }

  async #lookUp(candle: UnifiedCandle): Promise<HeardClose> {
    const { symbol, timeframe, timestamp } = candle;
    const at = { from: timestamp, to: timestamp };
    const [found] = await this.cache.readExchangeCandles(this.exchange.id, { symbol, timeframe }, at);
    return { candle, found: found !== undefined && isClosed(found) ? found : undefined };
  }
}
