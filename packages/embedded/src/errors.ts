import { AppError } from '@livermore/utils';

/** No engine could be used and no URL was given; the message says what was tried and what to do. */
export class NoRedisError extends AppError {
  readonly code = 'no_redis';
  readonly recovery = 'stop';
}

/** A Redis URL that is not one. */
export class InvalidRedisUrlError extends AppError {
  readonly code = 'invalid_redis_url';
  readonly recovery = 'stop';
}

/** The Redis at a given URL does not answer. */
export class RedisUnreachableError extends AppError {
  readonly code = 'redis_unreachable';
  readonly recovery = 'retry';
}

/** The Redis that answers is older than what this system needs. */
export class RedisTooOldError extends AppError {
  readonly code = 'redis_too_old';
  readonly recovery = 'stop';
}

/** A server of ours was started and did not come up. */
export class RedisStartError extends AppError {
  readonly code = 'redis_start_failed';
  readonly recovery = 'stop';
}

/** An engine could not be fetched or unpacked: a reason to try the next one. */
export class EngineUnavailableError extends AppError {
  readonly code = 'engine_unavailable';
  readonly recovery = 'skip';
}

/** Another process works on this data directory. */
export class DataDirHeldError extends AppError {
  readonly code = 'data_dir_held';
  readonly recovery = 'stop';
}

/** The data directory cannot be made or written. */
export class DataDirUnusableError extends AppError {
  readonly code = 'data_dir_unusable';
  readonly recovery = 'stop';
}
