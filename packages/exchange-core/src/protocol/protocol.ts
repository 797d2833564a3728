import type {
  Exchange,
  ExchangeSymbol,
  MarketEvent,
  Series,
  SourcedCandle,
  Timeframe,
} from '@livermore/schemas';
import type { HttpRequest, HttpResponse } from '../transport';
import type { UnreadableElement } from './unreadable';

/**
 * A venue is a questionnaire, not a program: constants and pure, synchronous functions. The connection and
 * REST runtimes are written once against this interface and contain no venue's name.
 */
export interface ExchangeProtocol {
  /** Lower-case family name: `binance` serves binance.com and binance.us. */
  readonly name: string;
  readonly timeframes: TimeframeSources;
  /** `flagged`: the venue says when a bar is closed. `inferred`: it is closed when a later one appears. */
  readonly closes: 'flagged' | 'inferred';
  /** Whether a bar derived from shorter ones equals the venue's own (`exact`) or only stands in for it. */
  readonly derivation: 'exact' | 'provisional';
  /** What REST serves for a bucket without trades: a flat row, or nothing. */
  readonly emptyBuckets: 'flat' | 'omitted';
  readonly stream: StreamProtocol;
  readonly rest: RestProtocol;
}

/** How each timeframe is kept live. Every kept timeframe is in exactly one of the lists. */
export interface TimeframeSources {
  /** The venue streams it natively. */
  readonly streamed: readonly Timeframe[];
  /** Rolled up from streamed bars at once, then fetched natively right after each boundary. */
  readonly rolledUp: readonly Timeframe[];
  /** Fetched by REST at each close. */
  readonly fetched: readonly Timeframe[];
}

export type Channel = 'candles' | 'ticker' | 'heartbeats';

/** One thing a connection can be subscribed to. `topic` is the venue's own name and identifies it. */
export interface Subscription {
  readonly topic: string;
  readonly channel: Channel;
  /** The symbol as the user asked for it; absent for connection-wide channels. */
  readonly symbol?: string;
  readonly timeframe?: Timeframe;
}

/** A text frame to send, and what its acknowledgement must show. */
export interface Frame {
  readonly text: string;
  /** Echoed by the venue's answer, where it has request ids. */
  readonly requestId?: number;
  /** Topics that must be active (or, for an unsubscribe, must not be) once this frame is acknowledged. */
  readonly topics: readonly string[];
}

/**
 * What one inbound frame means. Its counter and time are read before its body, so that a body that cannot be read never
 * looks like a lost frame.
 */
export type StreamMessage = {
  /** Per-connection counter, where the venue has one: gaps in it mean lost frames. */
  readonly sequence?: number;
  /** The venue's time of this message, ms. */
  readonly venueTime?: number;
  /** Parts of it that could not be read and were left out; absent when there are none. */
  readonly unreadable?: readonly UnreadableElement[];
} & (
  | { readonly kind: 'data'; readonly events: readonly MarketEvent[] }
  | { readonly kind: 'heartbeat' }
  /** An acknowledgement. `requestId` where the venue echoes one, `active` where it lists what is subscribed. */
  | { readonly kind: 'ack'; readonly requestId?: number; readonly active?: readonly string[] }
  | { readonly kind: 'error'; readonly message: string; readonly requestId?: number }
  /** The venue announces that it will close this connection. */
  | { readonly kind: 'goodbye'; readonly reason: string }
  /** Of a type this system does not use: counted, not an error. */
  | { readonly kind: 'ignored'; readonly what: string }
  /** Of a type this system uses, but nothing of its body can be read: `unreadable` says why. */
  | { readonly kind: 'unreadable'; readonly unreadable: readonly UnreadableElement[] }
);

export interface StreamLimits {
  readonly topicsPerConnection: number;
  readonly topicsPerFrame: number;
  /** Least distance between two frames we send on one connection, ms. */
  readonly frameSpacingMs: number;
  /** Whether that distance holds for all connections of this address together, not for each. */
  readonly framesPerAddress?: true;
  /** Least distance between two connection attempts from this address, ms. */
  readonly connectSpacingMs: number;
  /** Connection attempts allowed per window: beyond it, wait. */
  readonly connects: { readonly count: number; readonly perMs: number };
  /** Without any frame (pings and heartbeats included) for this long, the connection is dead. */
  readonly deadAfterMs: number;
  /** Without *data* for this long although something is subscribed, the connection is replaced. */
  readonly silentAfterMs: number;
  /**
   * Where the venue sends a frame at the end of every bar, traded or not: how late it may be, ms. A connection that
   * carries only longer bars may be silent for as long as the shortest of them, and this.
   */
  readonly endOfBarMs?: number;
  /** We leave a connection of this age, by overlap; undefined where the venue has no age limit. */
  readonly rotateAfterMs?: number;
}

export interface StreamProtocol {
  readonly limits: StreamLimits;
  /** Topics every connection needs besides what it carries (a heartbeat channel). */
  readonly standing: readonly Subscription[];
  /** The URL to open for a connection. Topics are subscribed by frame afterwards. */
  url(exchange: Exchange): string;
  candles(series: Series): Subscription;
  /** The ticker topic of a symbol. */
  ticker(symbol: string): Subscription;
  /** Frames that subscribe, within `topicsPerFrame`. `nextId` gives a fresh request id for each. */
  subscribeFrames(added: readonly Subscription[], nextId: () => number): readonly Frame[];
  unsubscribeFrames(removed: readonly Subscription[], nextId: () => number): readonly Frame[];
  /** A frame whose answer lists what is subscribed, where the venue offers one. */
  listFrame?(nextId: () => number): Frame;
  /**
   * Reads one frame. `symbolsOf` re-keys what the venue streams under another name to what was asked for. An entry that
   * is not what the venue documents is left out and told in `unreadable`; what stands beside it is read as if it
   * were not there.
   * @throws DecodeError naming the field, for what is no frame of the venue: not JSON, of no kind, without its counter
   */
  decode(text: string, context: DecodeContext): StreamMessage;
}

export interface DecodeContext {
  /** Name of the exchange, as candles carry it (`binance_us`). */
  readonly exchange: string;
  /** Symbols asked for that the venue streams under this name: one, or an alias pair. */
  symbolsOf(streamedAs: string): readonly string[];
}

/** One request's worth of a series: bars with from ≤ open time < to. Never more than `candlesPerPage` bars. */
export interface CandlePage extends Series {
  readonly from: number;
  readonly to: number;
}

export interface RestLimits {
  readonly candlesPerPage: number;
  readonly budget: WeightLimit;
  /** A bar may be missing or stale in REST until this long after its close, ms. */
  readonly settleMs: number;
  /** After this long (ms) past its close, REST's answer for a bar is taken as the last word. */
  readonly confirmMs: number;
  /**
   * A second equal witnessed read counts as settling a bar only when it was made at least `fromMs` (ms) after the close
   * and `apartMs` (ms) after the first.
   */
  readonly finality: { readonly fromMs: number; readonly apartMs: number };
}

/** An allowance of weight. `fixed` windows are aligned to the clock, `sliding` ones are any `perMs`. */
export interface WeightLimit {
  readonly weight: number;
  readonly perMs: number;
  readonly window: 'fixed' | 'sliding';
  /** Share of the allowance (0..1) never spent by us, for what we cannot see. */
  readonly reserve: number;
}

/** What a response means for whoever asked. */
export type RestVerdict =
  | { readonly verdict: 'ok' }
  /** Slow down: nothing is wrong with the request. `waitMs`, or `until` (ms, venue time), where the venue says how long. */
  | { readonly verdict: 'rate-limited'; readonly waitMs?: number; readonly until?: number }
  /** This address is banned until `until` (ms, venue time) where known: nothing may be sent. */
  | { readonly verdict: 'banned'; readonly until?: number; readonly waitMs?: number }
  /** This location is refused: retrying cannot help. */
  | { readonly verdict: 'blocked'; readonly message: string }
  | { readonly verdict: 'unknown-symbol'; readonly message: string }
  /** The venue or something before it failed: try again with backoff, or when it says. */
  | {
      readonly verdict: 'unavailable';
      readonly message: string;
      readonly waitMs?: number;
      readonly until?: number;
    }
  /** The request itself was refused: a bug of ours, never retried. */
  | { readonly verdict: 'rejected'; readonly message: string };

/** A request with its price, and how long its answer may be. */
export interface PricedRequest extends HttpRequest {
  readonly weight: number;
  readonly maxBodyBytes: number;
}

export interface Listing {
  readonly symbols: readonly ExchangeSymbol[];
  /** The weight limit the venue states, where it states one: overrides the constant. */
  readonly weightLimit?: { readonly weight: number; readonly perMs: number };
  /** Entries that could not be read and were left out. */
  readonly unreadable: readonly UnreadableElement[];
}

/** What a venue answers when it is asked what traded in the last 24 hours. */
export interface Volumes {
  /** Quote volume by symbol. */
  readonly bySymbol: ReadonlyMap<string, number>;
  /** Entries that could not be read and were left out. */
  readonly unreadable: readonly UnreadableElement[];
}

/** Where the listing does not tell what traded: what does, for all symbols in one answer. */
export interface VolumeProtocol {
  request(exchange: Exchange): PricedRequest;
  /** Entries that cannot be read are left out. @throws DecodeError for what is no list of them */
  read(response: HttpResponse): Volumes;
}

/** What a body of candles holds. */
export interface PageRows {
  /** Ascending, unique, on the grid, inside the page, with their as-of. */
  readonly candles: readonly SourcedCandle[];
  /**
   * Rows that could not be read and were left out. Where such a row tells its open time, the venue has that bar; where it
   * does not, it may be any bar. A bar in both lists was served twice, and once could be read.
   */
  readonly unreadable: readonly UnreadableElement[];
}

export interface RestProtocol {
  readonly limits: RestLimits;
  /** Weight of a candle request for `bars` bars: the planner minimises its sum. */
  candleWeight(bars: number): number;
  timeRequest(exchange: Exchange): PricedRequest;
  /** The venue's time, ms. @throws DecodeError */
  serverTime(response: HttpResponse): number;
  listingRequest(exchange: Exchange): PricedRequest;
  /** Entries that cannot be read are left out. @throws DecodeError for what is no listing, or has no entry that can be read */
  listing(response: HttpResponse): Listing;
  /** Absent where the listing itself tells volumes. */
  readonly volumes?: VolumeProtocol;
  candleRequest(exchange: Exchange, page: CandlePage): PricedRequest;
  /**
   * The bars of a page. `answeredAt` is the venue's time (ms) at which the answer was true. A row that cannot be read
   * costs itself, unless most cannot: then it is the format that has changed, and nothing of the page is used.
   * @throws DecodeError naming the field, for a body that is not the documented container, or when more than half of four
   * rows or more cannot be read
   */
  candles(page: CandlePage, response: HttpResponse, context: AnswerContext): PageRows;
  /** Weight the venue says this address has used in the current window. */
  usedWeight(headers: HttpResponse['headers']): number | undefined;
  verdict(response: HttpResponse): RestVerdict;
}

export interface AnswerContext {
  readonly exchange: string;
  readonly answeredAt: number;
}
