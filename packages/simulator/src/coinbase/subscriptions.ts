import type { VenueOptions } from '../server/venue-options';
import type { Product } from './catalogue';
import { StatusChannel } from './channel-status';
import { CHANNELS } from './channels';
import type { ClientMessage } from './client-message';
import type { FeedHub } from './feed-hub';
import type { FrameWriter } from './frame-writer';
import type { Heartbeats } from './heartbeats';
import type { CoinbaseProfile } from './profile';

export interface SubscriptionsOptions {
  readonly venue: VenueOptions;
  readonly profile: CoinbaseProfile;
  readonly products: ReadonlyMap<string, Product>;
  readonly hub: FeedHub;
  readonly heartbeats: Heartbeats;
}

const HEARTBEATS = 'heartbeats';
const STATUS = 'status';

/** What one connection listens to, and how it is told: snapshots, then the whole map as acknowledgement. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #writer: FrameWriter;
  readonly #status: StatusChannel;
  /** What stops each subscription: by channel, then by product. */
  readonly #running = new Map<string, Map<string, () => void>>();

  constructor(options: SubscriptionsOptions, writer: FrameWriter) {
    this.#options = options;
    this.#writer = writer;
    this.#status = new StatusChannel(options.venue, (event) => writer.write(STATUS, event));
  }

  /** Starts what the message names. Returns the unknown product that made the venue refuse all of it, if one did. */
  subscribe(message: ClientMessage): string | undefined {
    const { profile } = this.#options;
    const ids = message.channel === HEARTBEATS ? [] : (message.product_ids ?? []);
    const unknown = ids.find((id) => this.#streamed(id) === undefined);
    if (unknown !== undefined && profile.unknownProduct === 'error-frame') return unknown;
    const products = new Set(ids.flatMap((id) => this.#streamed(id) ?? []));
    const snapshots = [...products].map((product) => this.#start(message.channel, product));
    if (message.channel === HEARTBEATS) this.#startHeartbeats();
    if (!profile.snapshotFirst) this.#acknowledge();
    for (const write of snapshots) write();
    if (message.channel === STATUS && products.size > 0) this.#status.snapshot([...products]);
    if (profile.snapshotFirst) this.#acknowledge();
    return undefined;
  }

  unsubscribe({ channel, product_ids: ids = [] }: ClientMessage): void {
    const running = this.#channel(channel);
    for (const id of channel === HEARTBEATS ? [HEARTBEATS] : ids) {
      const name = this.#options.products.get(id)?.alias || id;
      running.get(name)?.();
      running.delete(name);
    }
    this.#acknowledge();
  }

  stop(): void {
    for (const running of this.#running.values()) for (const stop of running.values()) stop();
    this.#running.clear();
  }

  /** The product under whose name the venue streams `id`: a twin is answered under the name of the book it shares. */
  #streamed(id: string): Product | undefined {
    const { products, venue } = this.#options;
    const product = products.get(products.get(id)?.alias || id);
    if (product === undefined || product.status === 'delisted') return undefined;
    if (venue.clock.now() < product.listedAt) return undefined;
    return venue.faults.find('bad-symbol', { symbol: product.id }) === undefined ? product : undefined;
  }

  /** Subscribes to one product; returns what sends its snapshot. */
  #start(channelName: string, product: Product): () => void {
    const { hub } = this.#options;
    const running = this.#channel(channelName);
    running.get(product.id)?.();
    const wireName = CHANNELS.get(channelName)?.wireName ?? channelName;
    if (this.#isAcknowledgedOnly(channelName, product)) {
      running.set(product.id, () => undefined);
      return () => undefined;
    }
    if (channelName === STATUS) {
      running.set(product.id, this.#status.join(product));
      return () => undefined;
    }
    const snapshot = hub.snapshot(channelName, product);
    const deliver = (name: string, event: string) => this.#writer.write(name, event);
    running.set(product.id, hub.join(channelName, product, { deliver }));
    return () => snapshot !== undefined && this.#writer.write(wireName, snapshot);
  }

  #isAcknowledgedOnly(channelName: string, product: Product): boolean {
    const timeframe = CHANNELS.get(channelName)?.timeframe ?? channelName;
    return this.#options.venue.faults.act('ack-silent', { symbol: product.id, timeframe }) !== undefined;
  }

  #startHeartbeats(): void {
    const running = this.#channel(HEARTBEATS);
    if (running.has(HEARTBEATS)) return;
    const stop = this.#options.heartbeats.listen((event) => this.#writer.write(HEARTBEATS, event));
    running.set(HEARTBEATS, stop);
  }

  #acknowledge(): void {
    const entries = [...this.#running].flatMap(([channel, running]) =>
      running.size === 0 ? [] : [[channel, [...running.keys()]] as const],
    );
    this.#writer.write('subscriptions', JSON.stringify({ subscriptions: Object.fromEntries(entries) }));
  }

  #channel(name: string): Map<string, () => void> {
    const running = this.#running.get(name) ?? new Map<string, () => void>();
    this.#running.set(name, running);
    return running;
  }
}

/** Whether the venue has a channel of this name that needs no key. */
export function isChannel(name: string): boolean {
  return CHANNELS.has(name) || name === HEARTBEATS || name === STATUS;
}
