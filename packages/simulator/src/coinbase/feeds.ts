/** Wakes for a product on a channel only when something trades there and somebody listens. */
import type { Clock } from '@livermore/utils';
import type { ActiveFaults } from '../faults/active-faults';
import type { Market } from '../market/market';
import type { ChannelSource, SourceContext } from './channel-source';
import type { Channel } from './channels';

export interface FeedListener {
  /** One element of `events`, as JSON, of a channel by its wire name. */
  deliver(wireName: string, event: string): void;
}

export interface FeedOptions {
  readonly market: Market;
  readonly clock: Clock;
  readonly faults: ActiveFaults;
  readonly updateEveryMs: number | undefined;
}

/**
 * One product on one channel, shared by every connection that listens. Its one timer is set to the next trade,
 * or later where an update was sent less than a period ago.
 */
export class Feed {
  readonly #options: FeedOptions;
  readonly #channel: Channel;
  readonly #symbol: string;
  readonly #source: ChannelSource;
  readonly #listeners = new Set<FeedListener>();
  readonly #periodMs: number;
  /** Up to here (ms, inclusive) listeners have been told. */
  #covered: number;
  #cancel: (() => void) | undefined;

  constructor(channel: Channel, context: SourceContext, options: FeedOptions) {
    this.#options = options;
    this.#channel = channel;
    this.#symbol = context.symbol.symbol;
    this.#source = channel.source(context);
    const asked = channel.isPaced ? options.updateEveryMs : undefined;
    this.#periodMs = Math.max(1, asked ?? channel.periodMs);
    this.#covered = this.#now();
  }

  get isIdle(): boolean {
    return this.#listeners.size === 0;
  }

  /** The state to begin with. */
  snapshot(): string {
    return this.#source.snapshot(this.#now());
  }

  join(listener: FeedListener): void {
    if (this.isIdle) this.#covered = this.#now();
    this.#listeners.add(listener);
    if (this.#cancel === undefined) this.#arm();
  }

  leave(listener: FeedListener): void {
    this.#listeners.delete(listener);
    if (this.isIdle) this.stop();
  }

  /** The venue's clock jumped: what was planned on the old one is planned anew. */
  replan(): void {
    this.stop();
    this.#covered = Math.min(this.#covered, this.#now());
    if (!this.isIdle) this.#arm();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #now(): number {
    return Math.floor(this.#options.clock.now());
  }

  #arm(): void {
    const next = this.#options.market.nextTradeAt(this.#symbol, this.#covered);
    if (next === undefined) return;
    const due = Math.max(next, this.#covered + this.#periodMs);
    this.#cancel = this.#options.clock.setTimer(() => this.#fire(), Math.max(0, due - this.#now()));
  }

  #fire(): void {
    this.#cancel = undefined;
    const now = this.#now();
    const event = this.#source.update(this.#covered, now);
    this.#covered = Math.max(this.#covered, now);
    if (event !== undefined && !this.#options.faults.isSilent(this.#symbol, this.#channel.timeframe)) {
      for (const listener of this.#listeners) listener.deliver(this.#channel.wireName, event);
    }
    if (!this.isIdle && this.#cancel === undefined) this.#arm();
  }
}
