import type { WriteOutcome } from '@livermore/cache';
import type { OpenTimeRange, Series, SourcedCandle, Timeframe } from '@livermore/schemas';
import type { CandlePage, Listing, PricedRequest } from './protocol/protocol';
import type { UnreadableElement } from './protocol/unreadable';
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
  /** Rows that could not be read: as in PageRows. */
  readonly unreadable: readonly UnreadableElement[];
  readonly answeredAt: number;
}

export interface CandleSource {
  /** Fetches one page, twice where rows of it cannot be read. @throws as RequestSender, and DecodeError */
  fetchPage(page: CandlePage, options: SendOptions): Promise<PageAnswer>;
  /** What the venue lists. */
  fetchListing(options: SendOptions): Promise<Listing>;
}

/** What belongs to a write of history. */
export interface HistoryWrite {
  /** Who brings it: stands in the log of corrections. */
  readonly cause: string;
  /** A bar that was read so soon after its close, ms, is looked at again soon; ten minutes when absent. */
  readonly youngForMs?: number;
}

/** Writes bars of a series by the order of truth, and announces what is news by it. */
export interface HistorySink {
  writeHistory(
    series: Series,
    candles: readonly SourcedCandle[],
    options: HistoryWrite,
  ): Promise<readonly WriteOutcome[]>;
  /**
   * Takes back a bar that the venue does not have, and says so if it had been announced.
   * @returns whether it was still the one that was judged
   */
  retract(bar: SourcedCandle, cause: string): Promise<boolean>;
}

/** What loading one page did. Open times in ms. */
export interface PageReport {
  readonly page: CandlePage;
  /** The venue's time (ms) at which the answer was true. */
  readonly answeredAt: number;
  /** Bars the venue served. */
  readonly rows: number;
  readonly written: number;
  /** Closed bars that were cached as closed and have other values now: corrections. */
  readonly corrected: number;
  /** Bars stored as flat, on proof that nothing traded. */
  readonly noTrades: number;
  /** Open time of the newest bar asked for, the one beyond the page included where there was room for it. */
  readonly newestAsked: number;
  /** Open time of the newest row of the answer, which may lie one bar beyond the page; undefined when it had none. */
  readonly newestRow: number | undefined;
  /** The venue was asked, twice and minutes apart, and does not have these, nor are they proven quiet. */
  readonly absent: readonly number[];
  /** Nothing can be said of these yet: ask again later. */
  readonly unsettled: readonly number[];
  /** Known to be quiet, and the answer has no trade of them either. */
  readonly stillQuiet: readonly number[];
  /** What became of each bar that was written or judged, in order of open time. */
  readonly outcomes: readonly BarOutcome[];
}

/** A bar of an answer and what its write came to. */
export interface BarOutcome {
  readonly candle: SourcedCandle;
  readonly outcome: WriteOutcome;
}

export interface LoadOptions extends SendOptions {
  /** Who brings it, as in HistoryWrite; the lane when absent. */
  readonly cause?: string;
}

/**
 * The one way history enters the cache, for warmup, repair, boundary fetches and audit alike: fetch a page, judge
 * what is not in it, write by the order of truth, remember what is to be asked again, announce what is news.
 */
export interface PageLoader {
  load(page: CandlePage, options: LoadOptions): Promise<PageReport>;
}

/** What the feed has seen of a symbol. */
export interface FeedWitness {
  /**
   * Whether a symbol was subscribed without a gap from `from` to `to` (venue time, ms), nothing came for it in that time,
   * and something later arrived on its connection.
   */
  quietDuring(symbol: string, from: number, to: number): boolean;
  /** Whether something came for a symbol that was true between `from` and `to` (venue time, ms), for certain. */
  heardDuring(symbol: string, from: number, to: number): boolean;
}

/** What other symbols of the venue did at the same time. */
export interface Company {
  /**
   * Open times (ms) of a timeframe in a range at which enough of the venue's busiest symbols traded, before, in and after
   * the bar; none where too few symbols are kept to tell.
   */
  tradedIn(timeframe: Timeframe, range: OpenTimeRange): Promise<ReadonlySet<number>>;
}

export type { OpenTimeRange };
