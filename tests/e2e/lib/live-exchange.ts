import {
  CandleCacheStrategy,
  createRedis,
  exchangeAbsenceKey,
  exchangeCandleKey,
  subscribeCloses,
} from '@livermore/cache';
import type { CloseAnnouncement, StoredCandle } from '@livermore/cache';
import { freshExchangeId } from '@livermore/cache/testing';
import { defaultExchange } from '@livermore/exchange-core';
import type { HttpGet } from '@livermore/exchange-core';
import { ExchangeInstance } from '@livermore/instance';
import type { ExchangeInstanceOptions } from '@livermore/instance';
import { compareSeries, heldRedis } from '@livermore/replay';
import type { Comparison } from '@livermore/replay';
import { TIMEFRAMES, isClosed } from '@livermore/schemas';
import type { Exchange, OpenTimeRange, Series } from '@livermore/schemas';
import { createSeededMarket, createSimulator, defaultUniverse } from '@livermore/simulator';
import type { FaultScript, SimulatedVenue, Simulator } from '@livermore/simulator';
import { ReplayClock, seededRandom, silentLogger } from '@livermore/utils';
import { servedSides } from '../../proof/served';

export interface LiveExchangeOptions {
  readonly venue: SimulatedVenue;
  readonly redisUrl: string;
  readonly symbols: readonly string[];
  readonly startMs: number;
  /** An exchange id that was used before, to start again on what it left. */
  readonly exchangeId?: number;
  readonly ownerUserId?: number;
  /** What the venue does wrongly; nothing when absent. */
  readonly faults?: FaultScript;
  /** Called with the URL of each REST request before it is sent. */
  readonly onRequest?: (url: string) => Promise<void>;
  readonly more?: Partial<ExchangeInstanceOptions>;
}

/** One exchange of the product on a replayed clock, against a simulated venue in this process and a real Redis. */
export class LiveExchange {
  readonly clock: ReplayClock;
  readonly redis: ReturnType<typeof heldRedis>;
  readonly simulator: Simulator;
  readonly exchange: Exchange;
  readonly instance: ExchangeInstance;
  readonly #venue: SimulatedVenue;
  readonly #symbols: readonly string[];
  readonly #redisUrl: string;
  readonly #death = new AbortController();

  constructor(options: LiveExchangeOptions) {
    const { venue, symbols, startMs, ownerUserId = 1, onRequest, faults = [] } = options;
    this.#venue = venue;
    this.#symbols = symbols;
    this.#redisUrl = options.redisUrl;
    this.exchange = { ...defaultExchange(venue), id: options.exchangeId ?? freshExchangeId() };
    this.clock = new ReplayClock({ startMs, speed: 'max' });
    this.redis = heldRedis(options.redisUrl, this.clock);
    const market = createSeededMarket({ seed: 3, symbols: defaultUniverse(venue) });
    this.simulator = createSimulator({ venue, market, clock: this.clock, updateEveryMs: 15_000, faults });
    const { transport } = this.simulator;
    const get: HttpGet = async (request, signal) => {
      await this.clock.during(Promise.resolve(onRequest?.(request.url)));
      if (this.isDead) return new Promise(() => undefined);
      return transport.get(request, signal);
    };
    this.instance = new ExchangeInstance({
      exchange: this.exchange,
      redis: this.redis,
      transport: { ...transport, get },
      clock: this.clock,
      random: seededRandom(1),
      symbols: { kind: 'named', symbols },
      logger: silentLogger,
      ownerUserId,
      audit: false,
      ...options.more,
    });
  }

  get isDead(): boolean {
    return this.#death.signal.aborted;
  }

  /**
   * As `kill -9`, in the middle of whatever it does: nothing more reaches Redis or the venue, nothing is drained, and no
   * timer fires again. What runs the clock returns.
   */
  kill(): void {
    this.#death.abort();
    this.redis.disconnect();
  }

  /** Starts the exchange and lets time pass, ms. */
  async live(ms: number): Promise<void> {
    const started = this.instance.start();
    let failure: unknown;
    started.catch((error: unknown) => {
      failure = error;
    });
    await this.clock.run(this.clock.now() + ms, this.#death.signal);
    if (this.isDead) return;
    if (failure !== undefined) throw failure;
    await this.instance.settle();
  }

  /** Lets time pass on a started exchange, ms. */
  async pass(ms: number): Promise<void> {
    await this.clock.run(this.clock.now() + ms);
    await this.instance.settle();
  }

  /** Closed bars in the cache, oldest first. */
  async closedBars(series: Series, range?: OpenTimeRange): Promise<readonly StoredCandle[]> {
    const cache = new CandleCacheStrategy(this.redis);
    const query = range === undefined ? { limit: 1000 } : { from: range.from, to: range.to - 1 };
    const bars = await this.clock.during(cache.readExchangeCandles(this.exchange.id, series, query));
    return bars.filter(isClosed);
  }

  /** Compares what the cache holds at each open time of a range with what the venue serves there. */
  async compare(series: Series, range: OpenTimeRange): Promise<Comparison> {
    const served = { venue: this.#venue, market: this.simulator.truth, now: this.clock.now() };
    const cached = await this.closedBars(series, range);
    return compareSeries(series, range, { cached, ...servedSides(served, series, range) });
  }

  /** Hears every close from now on; `stop` waits for all that was published and returns it. */
  async hear(): Promise<{ stop(): Promise<readonly CloseAnnouncement[]> }> {
    const plain = createRedis(this.#redisUrl);
    const heard: CloseAnnouncement[] = [];
    const unsubscribe = await subscribeCloses(plain, this.exchange.id, {
      onClose: (candle) => heard.push(candle),
      onInvalid: () => undefined,
    });
    return {
      stop: async () => {
        await this.clock.during(plain.ping());
        await unsubscribe();
        plain.disconnect();
        return heard;
      },
    };
  }

  /** Puts everything away, and what it wrote with `remove`. */
  async close({ remove = true }: { readonly remove?: boolean } = {}): Promise<void> {
    const ending = new AbortController();
    const running = this.clock.run(Number.MAX_SAFE_INTEGER, ending.signal).catch(() => undefined);
    await this.instance.stop();
    await this.simulator.close();
    ending.abort();
    await running;
    const keys = this.#symbols.flatMap((symbol) =>
      TIMEFRAMES.flatMap((timeframe) => [
        exchangeCandleKey(this.exchange.id, symbol, timeframe),
        exchangeAbsenceKey(this.exchange.id, symbol, timeframe),
      ]),
    );
    if (remove) await this.redis.del(...keys);
    this.redis.disconnect();
  }
}
