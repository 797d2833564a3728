import { HARDCODED_CONFIG, TIMEFRAMES, timeframeMs } from '@livermore/schemas';
import type { Exchange } from '@livermore/schemas';
import { fullJitterMs, systemRandom } from '@livermore/utils';
import type { Clock, Random } from '@livermore/utils';
import { DecodeError } from '../errors';
import type { Answer, CandleSource, PageAnswer, RequestSender, SendOptions } from '../ports';
import type { CandlePage, Listing, PricedRequest, RestProtocol } from '../protocol/protocol';
import type { UnreadableElement } from '../protocol/unreadable';

export interface CandleFetcherOptions {
  readonly exchange: Exchange;
  readonly rest: RestProtocol;
  readonly sender: RequestSender;
  readonly clock: Clock;
  readonly random?: Random;
  /** Resolves when the venue's time is known: before that nothing can be said of any bar. */
  readonly ready?: (signal: AbortSignal) => Promise<void>;
  /** An answer could not be read: count it. */
  readonly onDecodeError?: (error: DecodeError) => void;
  /** A row or a listing entry could not be read and was left out: count it. Told once for each, however often it is read. */
  readonly onUnreadable?: (element: UnreadableElement) => void;
  /** The listing states the weight limit of this address. */
  readonly onWeightLimit?: (limit: NonNullable<Listing['weightLimit']>) => void;
}

/** How often a request is sent whose answers cannot be read. */
const MAX_READS = 3;
/** Rows that are remembered as unreadable at the venue itself. */
const MAX_KNOWN_ROWS = 1_000;

/** Pages of candles and the listing, fetched through the sender and read by the venue's protocol. */
export class CandleFetcher implements CandleSource {
  readonly #options: CandleFetcherOptions;
  readonly #random: Random;
  readonly #known = new Set<string>();

  constructor(options: CandleFetcherOptions) {
    this.#options = options;
    this.#random = options.random ?? systemRandom;
  }

  /**
   * A page of which rows cannot be read is asked for once more: what a proxy or a replica damaged is whole in the next
   * answer. So is one whose bars all lie where longer ones would: rows do not say how long they are. The better of the two
   * answers counts, the one with more bars, as a whole, because what one answer shows together belongs together. Rows that
   * could not be read in the second answer either are the venue's own; a page is not asked again for them.
   * @throws as RequestSender, and DecodeError when the venue keeps answering what cannot be read
   */
  async fetchPage(page: CandlePage, options: SendOptions): Promise<PageAnswer> {
    await this.#options.ready?.(options.signal);
    const first = await this.#askPage(page, options);
    this.#tell(first.unreadable);
    const hasNews = first.unreadable.some((element) => this.#isNews(page, element));
    if (!hasNews && !isCoarse(first)) return first;
    const second = await this.#askAgain(page, options);
    if (second === undefined) return first;
    const told = new Set(first.unreadable.map((element) => rowKey(page, element)));
    this.#tell(second.unreadable.filter((element) => !told.has(rowKey(page, element))));
    this.#remember(second.unreadable.map((element) => rowKey(page, element)).filter((key) => told.has(key)));
    return isWorse(second, first) ? first : second;
  }

  /** Entries that cannot be read are left out. @throws as RequestSender, and DecodeError */
  async fetchListing(options: SendOptions): Promise<Listing> {
    const { exchange, rest, onWeightLimit } = this.#options;
    const read = ({ response }: Answer) => rest.listing(response);
    const listing = await this.#ask(rest.listingRequest(exchange), options, read);
    this.#tell(listing.unreadable);
    if (listing.weightLimit !== undefined) onWeightLimit?.(listing.weightLimit);
    return listing;
  }

  #askPage(page: CandlePage, options: SendOptions): Promise<PageAnswer> {
    const { exchange, rest } = this.#options;
    const read = ({ response, answeredAt }: Answer): PageAnswer => {
      const rows = rest.candles(page, response, { exchange: exchange.name, answeredAt });
      return { page, ...rows, answeredAt };
    };
    return this.#ask(rest.candleRequest(exchange, page), options, read);
  }

  /** The second answer, or undefined where there is none: the first one stands then, whatever went wrong. */
  async #askAgain(page: CandlePage, options: SendOptions): Promise<PageAnswer | undefined> {
    try {
      await this.#options.clock.sleep(this.#backoffMs(0), options.signal);
      return await this.#askPage(page, options);
    } catch (error) {
      if (options.signal.aborted) throw error;
      return undefined;
    }
  }

  /** Whether asking again may tell more of this page. */
  #isNews(page: CandlePage, element: UnreadableElement): boolean {
    const { openTime } = element;
    const isOutside = openTime !== undefined && (openTime < page.from || openTime >= page.to);
    return !isOutside && !this.#known.has(rowKey(page, element));
  }

  #remember(keys: readonly string[]): void {
    for (const key of keys) this.#known.add(key);
    for (const oldest of this.#known) {
      if (this.#known.size <= MAX_KNOWN_ROWS) return;
      this.#known.delete(oldest);
    }
  }

  #tell(elements: readonly UnreadableElement[]): void {
    for (const element of elements) this.#options.onUnreadable?.(element);
  }

  /** Sends until an answer can be read. A body that cannot may be a proxy's; one that never can is a change. */
  async #ask<T>(request: PricedRequest, options: SendOptions, read: (answer: Answer) => T): Promise<T> {
    for (let reads = 1; ; reads += 1) {
      const answer = await this.#options.sender.send(request, options);
      try {
        return read(answer);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        this.#options.onDecodeError?.(error);
        if (reads >= MAX_READS) throw error;
      }
      await this.#options.clock.sleep(this.#backoffMs(reads - 1), options.signal);
    }
  }

  #backoffMs(attempt: number): number {
    const { backoffBaseMs: baseMs, backoffCapMs: capMs } = HARDCODED_CONFIG.rest;
    return fullJitterMs(attempt, { baseMs, capMs, random: this.#random });
  }
}

/** So many bars are hardly all on a coarser grid by chance: the coarsest shares every fourth place with the finer one. */
const ENOUGH_TO_TELL = 8;

/** Whether every bar of an answer lies on the grid of the next longer timeframe: its rows may be that one's. */
function isCoarse({ page, candles }: PageAnswer): boolean {
  const longer = TIMEFRAMES[TIMEFRAMES.indexOf(page.timeframe) + 1];
  if (longer === undefined || candles.length < ENOUGH_TO_TELL) return false;
  return candles.every(({ timestamp }) => timestamp % timeframeMs(longer) === 0);
}

/** An answer with fewer bars says less; of two with as many, the one with more rows that cannot be read. */
function isWorse(answer: PageAnswer, other: PageAnswer): boolean {
  const more = other.candles.length - answer.candles.length;
  return more > 0 || (more === 0 && answer.unreadable.length > other.unreadable.length);
}

/** What tells one unreadable row from another, in two answers to one request. */
function rowKey({ symbol, timeframe }: CandlePage, { openTime, field }: UnreadableElement): string {
  return `${symbol} ${timeframe} ${openTime ?? field}`;
}
