import type { Exchange, FeedEvent, MarketEvent, Series, Timeframe } from '@livermore/schemas';
import { logger as defaultLogger, messageOf, systemClock, systemRandom } from '@livermore/utils';
import type { Clock, Logger, Random } from '@livermore/utils';
import { connectGateFor } from '../connection/connect-gate';
import type { ConnectGate } from '../connection/connect-gate';
import { Connection } from '../connection/connection';
import type { ConnectionFacts } from '../connection/connection-facts';
import type { ConnectionOwner } from '../connection/connection-options';
import type { RepairNote } from '../connection/repair-ledger';
import { ONE_EMPTY_SHARD, addTopics, removeTopics, spreadTopics } from '../connection/shard';
import type { Shards } from '../connection/shard';
import { steadyClockOf } from '../connection/steady-clock';
import type { SteadyClock } from '../connection/steady-clock';
import { VenueTime } from '../connection/venue-time';
import { DecodeError, UnstreamedTimeframeError } from '../errors';
import { nodeSockets } from '../node-transport';
import type { DecodeContext, ExchangeProtocol, Subscription } from '../protocol/protocol';
import { kindOfField } from '../protocol/unreadable';
import type { UnreadableElement } from '../protocol/unreadable';
import type { OpenSocket, Transport } from '../transport';
import { Emitter } from './emitter';
import type { AdapterEvent, AdapterListener, IExchangeAdapter } from './exchange-adapter';
import { Tally, isWorthLogging } from './tally';
import { UnreadableRepairs } from './unreadable-repairs';
import { WantedTopics } from './wanted-topics';

/** What every adapter is handed; a protocol makes it one of a venue. */
export interface AdapterOptions {
  readonly exchange: Exchange;
  /** The real network when absent. */
  readonly transport?: Pick<Transport, 'openSocket'>;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  /** The name under which the venue streams a symbol, where it differs (an alias pair). */
  readonly streamNames?: (symbol: string) => string;
}

export interface StreamingAdapterOptions extends AdapterOptions {
  readonly protocol: ExchangeProtocol;
}

/** What a metrics page or a health answer shows of a feed. */
export interface AdapterFacts {
  readonly exchange: string;
  readonly isConnected: boolean;
  readonly connections: readonly ConnectionFacts[];
  /** Standing topics included, as in `topicsActive`. */
  readonly topicsWanted: number;
  readonly topicsActive: number;
  readonly decodeErrors: Readonly<Record<string, number>>;
  /** Frames of kinds this system does not use, by kind. */
  readonly ignored: Readonly<Record<string, number>>;
  /** Events of series nobody wants any more. */
  readonly unwantedEvents: number;
  /** Closes that arrived again: an overlap, or the venue repeating itself. */
  readonly repeatedCloses: number;
  readonly gaps: number;
  readonly repairs: number;
  readonly listenerFaults: number;
}

/**
 * A live feed of one exchange over as many connections as its limits need. Everything a venue decides comes
 * from its protocol. Nothing here throws into a socket or a listener's neighbour, and nothing queues.
 */
export class StreamingAdapter implements IExchangeAdapter {
  readonly exchange: Exchange;
  readonly protocol: ExchangeProtocol;
  readonly #openSocket: OpenSocket;
  readonly #clock: SteadyClock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #streamNames: (symbol: string) => string;
  readonly #url: string;
  readonly #gate: ConnectGate;
  readonly #context: DecodeContext;
  readonly #owner: ConnectionOwner;
  readonly #venueTime = new VenueTime(() => {
    for (const connection of this.#connections.values()) connection.settle();
  });
  readonly #wanted = new WantedTopics();
  readonly #unreadable: UnreadableRepairs;
  readonly #emitter: Emitter;
  readonly #connections = new Map<number, Connection>();
  readonly #decodeErrors = new Tally();
  readonly #ignored = new Tally();
  readonly #faults = new Tally();
  #shards: Shards = ONE_EMPTY_SHARD;
  #phase: 'off' | 'connecting' | 'on' = 'off';
  #connecting: Promise<void> = Promise.resolve();
  #onSettled: (() => void) | undefined;
  #carrying = 0;
  #lastReason = '';
  #unwantedEvents = 0;
  #repeatedCloses = 0;
  #gaps = 0;
  #repairs = 0;

  constructor(options: StreamingAdapterOptions) {
    const { exchange, protocol } = options;
    this.exchange = exchange;
    this.protocol = protocol;
    const { transport = { openSocket: nodeSockets() } } = options;
    this.#openSocket = (url, handlers) => transport.openSocket(url, handlers);
    this.#clock = steadyClockOf(options.clock ?? systemClock);
    this.#random = options.random ?? systemRandom;
    this.#logger = (options.logger ?? defaultLogger).child({ exchange: exchange.name });
    this.#streamNames = options.streamNames ?? ((symbol) => symbol);
    this.#url = protocol.stream.url(exchange);
    this.#gate = connectGateFor(this.#url, protocol.stream.limits, this.#clock);
    this.#context = { exchange: exchange.name, symbolsOf: (name) => this.#wanted.symbolsOf(name) };
    this.#emitter = new Emitter((type, error) => this.#listenerFailed(type, error));
    this.#unreadable = new UnreadableRepairs({
      clock: this.#clock,
      venueTime: this.#venueTime,
      wanted: this.#wanted,
      repair: (note) => this.#repair(note),
    });
    this.#owner = this.#listen();
  }

  /**
   * Connects what is subscribed. Resolves when the first connection carries all it should, or when
   * `disconnect` is called meanwhile; keeps trying for ever in between, and never rejects.
   */
  connect(): Promise<void> {
    if (this.#phase !== 'off') return this.#connecting;
    this.#phase = 'connecting';
    // Nothing is connected yet, so that topics may still move.
    if (this.#shards.shards.length > 1) this.#shards = spreadTopics(this.#wanted.groups(), this.#capacity);
    this.#connecting = new Promise((resolve) => {
      this.#onSettled = resolve;
    });
    this.#reconcile();
    return this.#connecting;
  }

  /** Closes every connection. What is subscribed stays desired: `connect` starts anew. */
  disconnect(): Promise<void> {
    this.#phase = 'off';
    for (const connection of this.#connections.values()) connection.stop();
    this.#connections.clear();
    this.#unreadable.clear();
    this.#onSettled?.();
    return Promise.resolve();
  }

  /** @throws UnstreamedTimeframeError for a timeframe the venue does not stream */
  subscribe(symbols: readonly string[], timeframe: Timeframe): void {
    const { streamed } = this.protocol.timeframes;
    if (!streamed.includes(timeframe)) {
      throw new UnstreamedTimeframeError(this.exchange.name, timeframe, streamed);
    }
    const { stream } = this.protocol;
    this.#want(symbols, (name) => stream.candles({ symbol: name, timeframe }), timeframe);
  }

  unsubscribe(symbols: readonly string[], timeframe: Timeframe): void {
    const gone = symbols.map((symbol) => this.#wanted.remove(symbol, timeframe));
    this.#shards = removeTopics(
      this.#shards,
      gone.filter((topic) => topic !== undefined),
    );
    this.#reconcile();
  }

  subscribeTickers(symbols: readonly string[]): void {
    this.#want(symbols, (name) => this.protocol.stream.ticker(name));
  }

  /**
   * Takes series off the stream and puts them on again: the cure for one that is acknowledged but never
   * delivers while others do. A `feed:repair` follows once they are back.
   */
  resubscribe(series: readonly Series[]): void {
    const topics = new Set(
      series.map((one) => this.#wanted.topicOf(one)).filter((topic) => topic !== undefined),
    );
    this.#logger.info({ event: 'feed_resubscribe', topics: topics.size });
    for (const connection of this.#connections.values()) connection.renew([...topics]);
  }

  /** When a series last delivered (ms, our clock); undefined for never. */
  lastDataAt(series: Series): number | undefined {
    const at = this.#wanted.lastDataAt(series);
    return at === undefined ? undefined : this.#clock.toMachine(at);
  }

  /** Whether at least one connection carries all it should. */
  isConnected(): boolean {
    return this.#carrying > 0;
  }

  on<T extends AdapterEvent['type']>(type: T, listener: AdapterListener<T>): () => void {
    return this.#emitter.on(type, listener);
  }

  facts(): AdapterFacts {
    const connections = [...this.#connections.values()].map((connection) => connection.facts());
    return {
      exchange: this.exchange.name,
      isConnected: this.isConnected(),
      connections,
      topicsWanted: this.#wanted.size + connections.length * this.protocol.stream.standing.length,
      topicsActive: connections.reduce((sum, { topicsActive }) => sum + topicsActive, 0),
      decodeErrors: this.#decodeErrors.counts(),
      ignored: this.#ignored.counts(),
      unwantedEvents: this.#unwantedEvents,
      repeatedCloses: this.#repeatedCloses,
      gaps: this.#gaps,
      repairs: this.#repairs,
      listenerFaults: this.#faults.total,
    };
  }

  #want(
    symbols: readonly string[],
    subscriptionOf: (name: string) => Subscription,
    timeframe?: Timeframe,
  ): void {
    const added: string[] = [];
    for (const symbol of symbols) {
      const streamedAs = this.#streamNames(symbol);
      const subscription = subscriptionOf(streamedAs);
      const wish = { symbol, streamedAs, subscription, ...(timeframe === undefined ? {} : { timeframe }) };
      if (this.#wanted.add(wish)) added.push(subscription.topic);
    }
    this.#shards = addTopics(this.#shards, added, this.#capacity);
    this.#reconcile();
  }

  /** Topics a connection may carry besides the standing ones. */
  get #capacity(): number {
    const { limits, standing } = this.protocol.stream;
    return Math.max(1, limits.topicsPerConnection - standing.length);
  }

  /** Brings the connections in line with the shards: desired state, whatever was sent before. */
  #reconcile(): void {
    if (this.#phase === 'off') return;
    const wantedIds = new Set(this.#shards.shards.map(({ id }) => id));
    for (const [id, connection] of this.#connections) {
      if (wantedIds.has(id)) continue;
      this.#connections.delete(id);
      connection.stop();
    }
    for (const { id, topics } of this.#shards.shards) {
      const known = this.#connections.get(id);
      const connection = known ?? this.#newConnection(id);
      connection.carry(topics, (topic) => this.#wanted.subscriptionOf(topic), this.#phase === 'on');
      if (known === undefined) connection.start();
    }
  }

  #newConnection(id: number): Connection {
    const connection = new Connection({
      name: `${this.exchange.name}#${id}`,
      url: this.#url,
      openSocket: this.#openSocket,
      protocol: this.protocol.stream,
      context: this.#context,
      gate: this.#gate,
      venueTime: this.#venueTime,
      clock: this.#clock,
      random: this.#random,
      logger: this.#logger,
      owner: this.#owner,
    });
    this.#connections.set(id, connection);
    return connection;
  }

  #listen(): ConnectionOwner {
    return {
      deliver: (events, now) => this.#deliver(events, now),
      announce: (event) => this.#announce(event),
      repair: (note) => this.#repair(note),
      lastGoodAt: (topic) => this.#wanted.lastGoodAt(topic),
      undecodable: (error) => this.#undecodable(error),
      unreadable: (elements, from) => {
        for (const element of elements) {
          const { topics = [] } = element;
          this.#notRead(element, this.#wanted.seriesOf(topics === 'any' ? from.carried : topics));
        }
        this.#unreadable.note(elements, from);
      },
      ignored: (what) => void this.#ignored.add(what),
      carryingChanged: (isCarrying) => this.#carryingChanged(isCarrying),
    };
  }

  #deliver(events: readonly MarketEvent[], now: number): void {
    for (const event of events) {
      switch (event.type) {
        case 'candle:update':
          if (this.#wanted.noteUpdate(event.candle, now)) this.#emitter.emit('candle:update', event);
          else this.#unwantedEvents += 1;
          break;
        case 'candle:close': {
          const verdict = this.#wanted.noteClose(event.candle, now);
          if (verdict === 'new') this.#emitter.emit('candle:close', event);
          else if (verdict === 'repeat') this.#repeatedCloses += 1;
          else this.#unwantedEvents += 1;
          break;
        }
        case 'ticker:update':
          if (this.#wanted.noteTicker(event.ticker, now)) this.#emitter.emit('ticker:update', event);
          else this.#unwantedEvents += 1;
      }
    }
  }

  #announce(event: FeedEvent): void {
    switch (event.type) {
      case 'feed:gap':
        this.#gaps += 1;
        return this.#emitter.emit('feed:gap', event);
      case 'feed:reconnecting': {
        const { attempt, delayMs } = event;
        this.#emitter.emit('feed:reconnecting', event);
        return this.#emitter.emit('reconnecting', { type: 'reconnecting', attempt, delayMs });
      }
      case 'feed:error':
        this.#emitter.emit('feed:error', event);
        return this.#emitter.emit('error', { type: 'error', message: event.message });
      case 'feed:connected':
        return this.#emitter.emit('feed:connected', event);
      case 'feed:live':
        return this.#emitter.emit('feed:live', event);
      case 'feed:disconnected':
        this.#lastReason = event.reason;
        return this.#emitter.emit('feed:disconnected', event);
      case 'feed:repair':
        return this.#emitter.emit('feed:repair', event);
      case 'feed:decode-error':
        return this.#emitter.emit('feed:decode-error', event);
    }
  }

  #repair({ topics, since, reason }: RepairNote): void {
    const series = this.#wanted.seriesOf(topics);
    if (series.length === 0) return;
    this.#repairs += 1;
    this.#logger.info({ event: 'feed_repair_owed', series: series.length, since, reason });
    this.#announce({ type: 'feed:repair', series, since, reason });
  }

  #undecodable(error: unknown): void {
    const field = error instanceof DecodeError ? error.field : 'unknown';
    this.#notRead({ field, message: messageOf(error) });
  }

  /** Counts and tells what could not be read: a whole frame, or one entry, and of whose candles it would have told. */
  #notRead({ field, message, symbol }: UnreadableElement, series: readonly Series[] = []): void {
    const count = this.#decodeErrors.add(kindOfField(field));
    const named = symbol === undefined ? {} : { symbol };
    if (isWorthLogging(count)) {
      this.#logger.warn({ event: 'feed_decode_error', field, message, count, ...named });
    }
    const whose = series.length === 0 ? {} : { series };
    this.#announce({ type: 'feed:decode-error', field, message, ...named, ...whose });
  }

  #listenerFailed(type: AdapterEvent['type'], error: unknown): void {
    const count = this.#faults.add(type);
    if (!isWorthLogging(count)) return;
    this.#logger.error({ event: 'feed_listener_failed', type, message: messageOf(error), count });
  }

  #carryingChanged(isCarrying: boolean): void {
    const before = this.#carrying;
    this.#carrying += isCarrying ? 1 : -1;
    if (before === 0) this.#emitter.emit('connected', { type: 'connected' });
    if (this.#carrying === 0) {
      this.#emitter.emit('disconnected', { type: 'disconnected', reason: this.#lastReason });
    }
    if (this.#phase === 'connecting') this.#settleConnecting();
  }

  /** Whoever waited goes on now; what the other connections miss until they are subscribed is repaired. */
  #settleConnecting(): void {
    this.#phase = 'on';
    for (const connection of this.#connections.values()) connection.owePending('connected after the first');
    this.#onSettled?.();
  }
}
