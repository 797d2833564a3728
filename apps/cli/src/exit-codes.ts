import { CacheValueError, UnsuitableRedisError, redisTroubleOf } from '@livermore/cache';
import {
  BannedError,
  BlockedError,
  RateLimitedError,
  UnavailableError,
  UnknownExchangeError,
  UnknownSymbolError,
} from '@livermore/exchange-core';

/** What a command's exit code means. The same for every command; `livermore --help` lists them. */
export const EXIT_CODES = {
  ok: 0,
  /** Something unexpected went wrong. */
  failure: 1,
  /** The command line itself: an unknown flag, exchange, symbol, timeframe, or a URL that is not one. */
  usage: 2,
  /** It ran, and found candles missing or different. */
  incomplete: 3,
  /** The venue refused: banned, blocked, rate-limited beyond patience, or unavailable. */
  venue: 4,
  /** Redis cannot be used: too old, read-only, full, or out of reach. */
  redis: 5,
  /** Somebody else holds the data directory. */
  held: 6,
  interrupted: 130,
} as const;

/** A mistake in how a command was called. The message names what would be right. */
export class UsageError extends Error {}

/** The exit code for what a command threw. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT_CODES.usage;
  if (error instanceof UnknownExchangeError || error instanceof UnknownSymbolError) return EXIT_CODES.usage;
  if (error instanceof UnsuitableRedisError || error instanceof CacheValueError) return EXIT_CODES.redis;
  const isVenue = [BannedError, BlockedError, RateLimitedError, UnavailableError].some(
    (kind) => error instanceof kind,
  );
  if (isVenue) return EXIT_CODES.venue;
  if (codeOf(error) === 'DATA_DIR_HELD') return EXIT_CODES.held;
  return redisTroubleOf(error) === undefined ? EXIT_CODES.failure : EXIT_CODES.redis;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
