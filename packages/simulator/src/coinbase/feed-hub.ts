import type { ActiveFaults } from '../faults/active-faults';
import type { Bar } from '../market/market';
import type { VenueOptions } from '../server/venue-options';
import type { Product } from './catalogue';
import { CHANNELS } from './channels';
import type { Channel } from './channels';
import { Feed } from './feeds';
import type { FeedListener } from './feeds';
import type { Figures } from './figures';
import { spoiltSnapshot } from './snapshot-faults';

/** Levels a side while snapshots are ordered to be oversized: about five megabytes. */
const OVERSIZED_LEVELS = 20_000;

/** The feeds somebody listens to, one for each channel and traded symbol. */
export class FeedHub {
  readonly #venue: VenueOptions;
  readonly #figures: Figures;
  readonly #bookLevels: number;
  readonly #feeds = new Map<string, Feed>();

  constructor(venue: VenueOptions, options: { readonly figures: Figures; readonly bookLevels: number }) {
    this.#venue = venue;
    this.#figures = options.figures;
    this.#bookLevels = options.bookLevels;
  }

  /** The snapshot of a product on a channel; undefined where nothing ever traded. */
  snapshot(channelName: string, product: Product): string | undefined {
    const channel = CHANNELS.get(channelName);
    if (channel === undefined || isSilent(this.#venue.faults, channel, product)) return undefined;
    return this.#feed(channelName, product)?.snapshot();
  }

  /** Starts to deliver; returns what stops it. */
  join(channelName: string, product: Product, listener: FeedListener): () => void {
    const feed = this.#feed(channelName, product);
    feed?.join(listener);
    return () => {
      feed?.leave(listener);
      if (feed?.isIdle) this.#feeds.delete(keyOf(channelName, product));
    };
  }

  replan(): void {
    for (const feed of this.#feeds.values()) feed.replan();
  }

  stop(): void {
    for (const feed of this.#feeds.values()) feed.stop();
    this.#feeds.clear();
  }

  #feed(channelName: string, product: Product): Feed | undefined {
    const channel = CHANNELS.get(channelName);
    const { symbol } = product;
    if (channel === undefined || symbol === undefined) return undefined;
    const key = keyOf(channelName, product);
    const known = this.#feeds.get(key);
    if (known !== undefined) return known;
    const { market, faults, blemishes, revisions } = this.#venue;
    const series = { symbol: symbol.symbol, timeframe: channel.timeframe };
    const context = {
      market,
      symbol,
      figures: this.#figures,
      blemishes,
      bookLevels: () => (faults.act('oversized-book') === undefined ? this.#bookLevels : OVERSIZED_LEVELS),
      hidesEnded: () => faults.act('closes-missing', series) !== undefined,
      revised: (since: number, now: number) =>
        revisions.told({ symbol: symbol.symbol, interval: '5m' }, since, now),
      shown: (bars: readonly Bar[]) => revisions.shown(bars),
      spoilSnapshot: (bars: readonly Bar[]) => spoiltSnapshot(bars, symbol.symbol, faults),
    };
    const feed = new Feed(channel, context, this.#venue);
    this.#feeds.set(key, feed);
    return feed;
  }
}

function keyOf(channelName: string, { symbol }: Product): string {
  return `${channelName}|${symbol?.symbol ?? ''}`;
}

function isSilent(faults: ActiveFaults, channel: Channel, { symbol }: Product): boolean {
  return symbol !== undefined && faults.isSilent(symbol.symbol, channel.timeframe);
}
