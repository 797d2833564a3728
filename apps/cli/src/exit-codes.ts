import { CacheValueError, UnsuitableRedisError, redisTroubleOf } from '@livermore/cache';
import {
  DataDirHeldError,
  DataDirUnusableError,
  InvalidRedisUrlError,
  NoRedisError,
  RedisStartError,
  RedisTooOldError,
  RedisUnreachableError,
} from '@livermore/embedded';
import {
  BannedError,
  BlockedError,
  RateLimitedError,
  UnavailableError,
  UnknownExchangeError,
  UnknownSymbolError,
} from '@livermore/exchange-core';
import { PortTakenError } from '@livermore/node';
import { NotReplayableError } from '@livermore/replay';
import { FaultNotApplicableError, FaultScriptError, RecordingError } from '@livermore/simulator';

/** What a command's exit code means. The same for every command; `livermore --help` lists them. */
export const EXIT_CODES = {
  ok: 0,
  /** Something unexpected went wrong. */
  failure: 1,
  /** The command line itself: an unknown flag, exchange, symbol, timeframe, a URL, port or folder that is not usable. */
  usage: 2,
  /** It ran, and found candles missing or different. */
  incomplete: 3,
  /** The venue refused: banned, blocked, rate-limited beyond patience, or unavailable. */
  venue: 4,
  /** Redis cannot be used: too old, read-only, full, in cluster mode, not letting us in, or out of reach. */
  redis: 5,
  /** Somebody else holds the data directory. */
  held: 6,
  /** Ctrl-C before it was done. */
  interrupted: 130,
  /** SIGTERM before it was done. */
  terminated: 143,
} as const;

/** A mistake in how a command was called. The message names what would be right. */
export class UsageError extends Error {}

/** No Redis of ours runs where one was expected. The message says how to have one. */
export class NoRunningRedisError extends Error {}

/** A program of ours ended by itself; its exit code becomes ours when it is one of the documented ones. */
export class ChildEndedError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number | null) {
    super(message);
    const documented = Object.values<number>(EXIT_CODES).find((code) => code === exitCode && code !== 0);
    this.exitCode = documented ?? EXIT_CODES.failure;
  }
}

/** Somebody asked us to stop before it was done. */
export class InterruptedError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

type ErrorClass = abstract new (...args: never[]) => Error;

const EXIT_CODE_OF: readonly (readonly [number, readonly ErrorClass[]])[] = [
  [
    EXIT_CODES.usage,
    [
      UsageError,
      UnknownExchangeError,
      UnknownSymbolError,
      InvalidRedisUrlError,
      DataDirUnusableError,
      PortTakenError,
      NotReplayableError,
      RecordingError,
      FaultScriptError,
      FaultNotApplicableError,
    ],
  ],
  [EXIT_CODES.venue, [BannedError, BlockedError, RateLimitedError, UnavailableError]],
  [
    EXIT_CODES.redis,
    [
      UnsuitableRedisError,
      CacheValueError,
      NoRedisError,
      NoRunningRedisError,
      RedisUnreachableError,
      RedisTooOldError,
      RedisStartError,
    ],
  ],
  [EXIT_CODES.held, [DataDirHeldError]],
];

/** The exit code for what a command threw. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ChildEndedError || error instanceof InterruptedError) return error.exitCode;
  const known = EXIT_CODE_OF.find(([, kinds]) => kinds.some((kind) => error instanceof kind));
  if (known !== undefined) return known[0];
  return redisTroubleOf(error) === undefined ? EXIT_CODES.failure : EXIT_CODES.redis;
}
