import { AppError, messageOf } from '@livermore/utils';
import type { Recovery } from '@livermore/utils';

/** A value in Redis that is not what its key promises. Names key and field; it is never used. */
export class CacheValueError extends AppError {
  readonly code = 'CACHE_VALUE_INVALID';
  readonly recovery: Recovery = 'skip';

  constructor(where: string, field: string, problem: string) {
    super(`Redis: ${where}: ${field}: ${problem}`, { where, field });
  }
}

/** A candle handed to the cache that its schema refuses. Nothing was written. */
export class InvalidCandleError extends AppError {
  readonly code = 'CANDLE_INVALID';
  readonly recovery: Recovery = 'skip';
}

/** A ticker handed to the cache that its schema refuses. Nothing was written. */
export class InvalidTickerError extends AppError {
  readonly code = 'TICKER_INVALID';
  readonly recovery: Recovery = 'skip';
}

/** The first thing a schema found wrong, as `field: problem`. */
export function issueText(
  error: { readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] },
  whole: string,
): string {
  const issue = error.issues[0];
  const field = issue?.path.map(String).join('.') ?? '';
  return `${field === '' ? whole : field}: ${issue?.message ?? 'invalid'}`;
}

/** This Redis cannot be used as it is; the message says what to change. */
export class UnsuitableRedisError extends AppError {
  readonly code = 'REDIS_UNSUITABLE';
  readonly recovery: Recovery = 'stop';
}

/** Why a write to Redis failed, when it is a state of the server that passes. */
export type RedisTrouble =
  | 'failing-over'
  | 'foreign'
  | 'full'
  | 'loading'
  | 'locked-out'
  | 'read-only'
  | 'unreachable';

const TROUBLE_OF_CODE: Readonly<Record<string, RedisTrouble>> = {
  OOM: 'full',
  MISCONF: 'full',
  READONLY: 'read-only',
  LOADING: 'loading',
  BUSY: 'loading',
  CLUSTERDOWN: 'failing-over',
  MASTERDOWN: 'failing-over',
  TRYAGAIN: 'failing-over',
  UNBLOCKED: 'failing-over',
  NOREPLICAS: 'failing-over',
  WRONGTYPE: 'foreign',
  NOAUTH: 'locked-out',
  WRONGPASS: 'locked-out',
  NOPERM: 'locked-out',
};

/** What a socket, a resolver and the client say when there is nobody at the other end. */
const UNREACHABLE =
  /Connection is closed|\b(?:ECONN|EPIPE|ENOENT|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)|max retries|Stream isn't writeable|timed out|Socket timeout/i;

/**
 * Recognises the states of a Redis server that pass by themselves, by an operator's hand or by ours, in which a write is
 * repeated rather than lost. `foreign`: a key of ours holds a value of another type. Undefined for anything else: a bug of ours.
 */
export function redisTroubleOf(error: unknown): RedisTrouble | undefined {
  const message = messageOf(error);
  const trouble = TROUBLE_OF_CODE[replyCodeOf(message)];
  if (trouble !== undefined) return trouble;
  if (SCRIPT_NOT_ALLOWED.test(message)) return 'locked-out';
  return UNREACHABLE.test(`${message} ${systemCodeOf(error)}`) ? 'unreachable' : undefined;
}

/** What a script runs into that does what its user may not: it has no code of its own. Before Redis 7.2, and since. */
const SCRIPT_NOT_ALLOWED = /The user executing the script can't|ACL failure in script/;

/** The first word of an error reply. Redis 6.2 wraps what a script ran into: `ERR Error running script …: -OOM …`. */
function replyCodeOf(message: string): string {
  return /^ERR Error running script .*?-([A-Z]+) /.exec(message)?.[1] ?? /^[A-Z]+\b/.exec(message)?.[0] ?? '';
}

/** `ECONNREFUSED` of an error whose message is empty, as when every address of a host name was tried in vain. */
function systemCodeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** What to tell a person about a trouble. */
export const REDIS_TROUBLE_SENTENCES: Readonly<Record<RedisTrouble, string>> = {
  full: 'Redis refuses writes (out of memory or cannot persist): raise maxmemory or free its disk; writes are held and repeated',
  'read-only':
    'Redis is read-only (a replica?): point REDIS_URL at the primary; writes are held and repeated',
  foreign:
    'a key of ours holds a value of another type: it is moved out of the way; writes are held and repeated',
  loading: 'Redis is loading its data; writes are held and repeated',
  'failing-over': 'the Redis cluster is failing over; writes are held and repeated',
  'locked-out':
    'Redis does not let us in (its password or users changed?): set them as they were, or start again with a REDIS_URL that holds the new ones; writes are held and repeated',
  unreachable:
    'Redis cannot be reached: check that it runs and that the URL is right; writes are held and repeated',
};
