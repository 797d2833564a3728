import { HARDCODED_CONFIG } from '@livermore/schemas';
import type { Exchange } from '@livermore/schemas';
import { fullJitterMs, systemRandom } from '@livermore/utils';
import type { Clock, Random } from '@livermore/utils';
import { DecodeError } from '../errors';
import type { Answer, CandleSource, PageAnswer, RequestSender, SendOptions } from '../ports';
import type { CandlePage, Listing, PricedRequest, RestProtocol } from '../protocol/protocol';

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
  /** The listing states the weight limit of this address. */
  readonly onWeightLimit?: (limit: NonNullable<Listing['weightLimit']>) => void;
}

/** How often a request is sent whose answers cannot be read. */
const MAX_READS = 3;

/** Pages of candles and the listing, fetched through the sender and read by the venue's protocol. */
export class CandleFetcher implements CandleSource {
  readonly #options: CandleFetcherOptions;
  readonly #random: Random;

  constructor(options: CandleFetcherOptions) {
    this.#options = options;
    this.#random = options.random ?? systemRandom;
  }

  /** @throws as RequestSender, and DecodeError when the venue keeps answering what cannot be read */
  async fetchPage(page: CandlePage, options: SendOptions): Promise<PageAnswer> {
    const { exchange, rest, ready } = this.#options;
    await ready?.(options.signal);
    const read = ({ response, answeredAt }: Answer): PageAnswer => {
      const candles = rest.candles(page, response, { exchange: exchange.name, answeredAt });
      return { page, candles, answeredAt };
    };
    return this.#ask(rest.candleRequest(exchange, page), options, read);
  }

  /** @throws as RequestSender, and DecodeError */
  async fetchListing(options: SendOptions): Promise<Listing> {
    const { exchange, rest, onWeightLimit } = this.#options;
    const read = ({ response }: Answer) => rest.listing(response);
    const listing = await this.#ask(rest.listingRequest(exchange), options, read);
    if (listing.weightLimit !== undefined) onWeightLimit?.(listing.weightLimit);
    return listing;
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
