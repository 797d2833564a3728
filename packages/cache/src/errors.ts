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

/** This Redis cannot be used as it is; the message says what to change. */
export class UnsuitableRedisError extends AppError {
  readonly code = 'REDIS_UNSUITABLE';
  readonly recovery: Recovery = 'stop';
}

/** Why a write to Redis failed, when it is a state of the server that passes. */
export type RedisTrouble = 'full' | 'read-only' | 'loading' | 'failing-over' | 'unreachable';

/**
 * Recognises the states of a Redis server that pass by themselves or by an operator's hand, in which a write is
 * repeated rather than lost. Undefined for anything else: a bug of ours.
 */
export function redisTroubleOf(error: unknown): RedisTrouble | undefined {
  const message = messageOf(error);
  if (/^(OOM|MISCONF)\b/.test(message)) return 'full';
  if (/^READONLY\b/.test(message)) return 'read-only';
  if (/^(LOADING|BUSY)\b/.test(message)) return 'loading';
  if (/^(CLUSTERDOWN|MASTERDOWN|TRYAGAIN|UNBLOCKED|NOREPLICAS)\b/.test(message)) return 'failing-over';
  if (
    /Connection is closed|ECONN|ENOENT|EPIPE|ETIMEDOUT|max retries|Stream isn't writeable|timed out/i.test(
      message,
    )
  ) {
    return 'unreachable';
  }
  return undefined;
}

/** What to tell a person about a trouble. */
export const REDIS_TROUBLE_SENTENCES: Readonly<Record<RedisTrouble, string>> = {
  full: 'Redis refuses writes (out of memory or cannot persist): raise maxmemory or free its disk; writes are held and repeated',
  'read-only':
    'Redis is read-only (a replica?): point REDIS_URL at the primary; writes are held and repeated',
  loading: 'Redis is loading its data; writes are held and repeated',
  'failing-over': 'the Redis cluster is failing over; writes are held and repeated',
  unreachable:
    'Redis cannot be reached: check that it runs and that the URL is right; writes are held and repeated',
};
