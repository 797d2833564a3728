import { AppError } from '@livermore/utils';
import type { Recovery } from '@livermore/utils';

/** A frame or body that is not what the venue documents. Names venue and field; nothing of it is used. */
export class DecodeError extends AppError {
  readonly code = 'DECODE_FAILED';
  readonly recovery: Recovery = 'skip';
  readonly venue: string;
  readonly field: string;

  constructor(venue: string, field: string, problem: string) {
    super(`${venue}: ${field}: ${problem}`, { venue, field });
    this.venue = venue;
    this.field = field;
  }
}

/** No exchange of that name, or one that is switched off. The message lists the known names. */
export class UnknownExchangeError extends AppError {
  readonly code = 'UNKNOWN_EXCHANGE';
  readonly recovery: Recovery = 'stop';
}

/** The venue does not list this symbol, or lists it as not tradable. */
export class UnknownSymbolError extends AppError {
  readonly code = 'UNKNOWN_SYMBOL';
  readonly recovery: Recovery = 'skip';
}

/** The venue asked us to slow down and kept asking beyond our patience. */
export class RateLimitedError extends AppError {
  readonly code = 'EXCHANGE_RATE_LIMITED';
  readonly recovery: Recovery = 'retry';
}

/** This address is banned until `until` (ms, our clock): nothing is sent before. */
export class BannedError extends AppError {
  readonly code = 'EXCHANGE_BANNED';
  readonly recovery: Recovery = 'stop';
  readonly until: number;

  constructor(exchange: string, until: number) {
    super(
      `${exchange} has banned this address until ${new Date(until).toISOString()}; nothing is sent before`,
      {
        exchange,
        until,
      },
    );
    this.until = until;
  }
}

/** The venue refuses this location (HTTP 451). `details.until`: when it is asked again, ms, our clock. */
export class BlockedError extends AppError {
  readonly code = 'EXCHANGE_BLOCKED';
  readonly recovery: Recovery = 'stop';
}

/** The venue, or something before it, failed beyond the retries allowed. */
export class UnavailableError extends AppError {
  readonly code = 'EXCHANGE_UNAVAILABLE';
  readonly recovery: Recovery = 'retry';
}

/** The venue has not answered for a while: nothing is sent before `details.until` (ms, our clock), when one request tries. */
export class AwayError extends UnavailableError {
  override readonly recovery: Recovery = 'stop';
}

/** A body is longer than anything of its kind: it was not read to its end, and its connection was dropped. */
export class BodyTooLargeError extends AppError {
  readonly code = 'BODY_TOO_LARGE';
  readonly recovery: Recovery = 'retry';

  /** `told`: how long it says it is, bytes, where it does. */
  constructor(maxBytes: number, told?: number) {
    super(
      `the body is longer than the ${maxBytes} bytes such an answer may have${told === undefined ? '' : `: it says ${told}`}`,
      { maxBytes, ...(told === undefined ? {} : { told }) },
    );
  }
}

/** The venue refused the request itself. */
export class RejectedError extends AppError {
  readonly code = 'EXCHANGE_REJECTED';
  readonly recovery: Recovery = 'skip';
}

/** The venue does not stream this timeframe: it is rolled up or fetched instead. */
export class UnstreamedTimeframeError extends AppError {
  readonly code = 'UNSTREAMED_TIMEFRAME';
  readonly recovery: Recovery = 'skip';

  constructor(exchange: string, timeframe: string, streamed: readonly string[]) {
    super(`${exchange} does not stream ${timeframe}; it streams ${streamed.join(', ')}`, {
      exchange,
      timeframe,
      streamed,
    });
  }
}

/** Too many requests wait for their turn: whoever asks must bound what it asks for. */
export class RequestQueueFullError extends AppError {
  readonly code = 'REST_QUEUE_FULL';
  readonly recovery: Recovery = 'retry';
}

/** Whoever asks comes too late: what would do it was stopped. */
export class StoppedError extends AppError {
  readonly code = 'STOPPED';
  readonly recovery: Recovery = 'stop';
}
