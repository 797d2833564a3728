import type { WriteOutcome } from '@livermore/cache';
import type { OpenTimeRange, Series, SourcedCandle } from '@livermore/schemas';
import type { CandlePage, Listing, PricedRequest } from './protocol/protocol';
import type { HttpResponse } from './transport';

/** Who asks for weight, most urgent first: a lane never waits for a later one. */
export const LANES = ['repair', 'boundary', 'warmup', 'audit'] as const;
export type Lane = (typeof LANES)[number];

export interface SendOptions {
  readonly lane: Lane;
  readonly signal: AbortSignal;
}

/** An answer, and the venue's time (ms) at which it was true at the earliest: when the request left. */
export interface Answer {
  readonly response: HttpResponse;
  readonly answeredAt: number;
}

/** Requests under the venue's budget. Retries are its business alone: a caller sees an answer or one typed error. */
export interface RequestSender {
  /** @throws RateLimitedError, BannedError, BlockedError, UnavailableError, RejectedError, UnknownSymbolError */
  send(request: PricedRequest, options: SendOptions): Promise<Answer>;
}

/** The venue's own time: it decides what is closed. */
export interface VenueTime {
  /** Milliseconds since the epoch, by the venue's clock. */
  now(): number;
}

/** One page of candles, as the venue has them. */
export interface PageAnswer {
  readonly page: CandlePage;
  readonly candles: readonly SourcedCandle[];
  readonly answeredAt: number;
}

export interface CandleSource {
  /** Fetches one page. @throws as RequestSender, and DecodeError */
  fetchPage(page: CandlePage, options: SendOptions): Promise<PageAnswer>;
  /** What the venue lists. */
  fetchListing(options: SendOptions): Promise<Listing>;
}

/** Writes history of a series; newer wins. */
export interface HistorySink {
  /** `announce`: closes are published, after the write, for bars that are new or changed. */
  writeHistory(
    series: Series,
    candles: readonly SourcedCandle[],
    options: { readonly announce: boolean },
  ): Promise<readonly WriteOutcome[]>;
}

/** What loading one page did. Open times in ms. */
export interface PageReport {
  readonly page: CandlePage;
  /** Bars the venue served. */
  readonly rows: number;
  readonly written: number;
  /** Closed bars that were cached as closed and turned out to differ: corrections. */
  readonly corrected: number;
  /** Bars stored as flat, on proof that nothing traded. */
  readonly noTrades: number;
  /** The venue was asked and does not have these, nor do they count as quiet. */
  readonly absent: readonly number[];
  /** Too young for a verdict, or not bracketed: ask again later. */
  readonly unsettled: readonly number[];
}

/**
 * The one way history enters the cache, for warmup, repair, boundary fetches and audit alike: fetch a page, judge
 * what is not in it, write, remember absences, announce.
 */
export interface PageLoader {
  load(page: CandlePage, options: SendOptions & { readonly announce: boolean }): Promise<PageReport>;
}

export type { OpenTimeRange };
