import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import { messageOf, systemClock } from '@livermore/utils';
import { UnsuitableRedisError, redisTroubleOf } from './errors';
import { GatheringRedis } from './gathering-redis';
import { recordOf } from './info';

/** What this system needs of a Redis client. Any ioredis client fits. */
export type RedisClient = Pick<
  Redis,
  | 'del'
  | 'duplicate'
  | 'eval'
  | 'evalsha'
  | 'exists'
  | 'expire'
  | 'get'
  | 'hget'
  | 'hgetall'
  | 'hincrby'
  | 'hset'
  | 'hsetnx'
  | 'info'
  | 'multi'
  | 'off'
  | 'on'
  | 'ping'
  | 'psubscribe'
  | 'publish'
  | 'quit'
  | 'set'
  | 'status'
  | 'subscribe'
  | 'xlen'
  | 'xrangeBuffer'
  | 'xrevrangeBuffer'
  | 'xtrim'
  | 'zadd'
  | 'zcard'
  | 'zcount'
  | 'zrange'
  | 'zrangebyscore'
  | 'zrangebyscoreBuffer'
  | 'zrangeBuffer'
  | 'zrem'
  | 'zremrangebyrank'
  | 'zremrangebyscore'
>;

const RECONNECT_STEP_MS = 100;
const RECONNECT_CAP_MS = 2_000;
const NEW_PRIMARY_EVERY_MS = 5_000;
/** A connection on which an answer is awaited for so long, ms, is replaced: it may have died without a word. */
const SILENT_AFTER_MS = 10_000;

/** What a Redis URL may begin with. */
const REDIS_URL = /^(?:rediss?:\/\/[^/\s]|unix:\/\/\/)\S*$/;

/**
 * Opens a client. `url` is `redis://…`, `rediss://…`, or `unix:///path/to/socket`.
 *
 * A lost connection is restored for ever, and one that has fallen silent is replaced; commands issued meanwhile wait for it. So callers bound what they
 * have in flight, and nothing is lost while Redis is away. Commands of one turn leave together.
 *
 * @throws UnsuitableRedisError when `url` is not one of these; it is not repeated, as it may hold a password
 */
export function createRedis(url: string, options: Omit<RedisOptions, 'replyMapping'> = {}): Redis {
  if (!REDIS_URL.test(url)) {
    throw new UnsuitableRedisError(
      'the Redis URL is not one: write redis://host:port, rediss://host:port or unix:///path/to/socket',
    );
  }
  const settings = {
    maxRetriesPerRequest: null,
    retryStrategy: (attempt: number) => Math.min(attempt * RECONNECT_STEP_MS, RECONNECT_CAP_MS),
    reconnectOnError: newPrimaryWanted(),
    socketTimeout: SILENT_AFTER_MS,
    ...options,
  };
  return url.startsWith('unix://')
    ? new GatheringRedis(url.slice('unix://'.length), settings)
    : new GatheringRedis(url, settings);
}

/**
 * A primary that became a replica refuses every write: another server may be behind the same address by now. One new
 * connection in a while finds that out, however many writes are refused meanwhile.
 */
function newPrimaryWanted(): (error: Error) => boolean {
  let triedAt = -Infinity;
  return ({ message }) => {
    const now = systemClock.monotonicMs();
    if (!message.includes('READONLY ') || now - triedAt < NEW_PRIMARY_EVERY_MS) return false;
    triedAt = now;
    return true;
  };
}

/** Oldest server version this system runs on: ioredis 6 speaks RESP3 and needs it. */
export const MIN_REDIS_VERSION = '6.2';

export interface RedisFacts {
  readonly version: string;
  readonly isReadOnly: boolean;
  readonly maxmemoryPolicy: string;
}

/**
 * Checks that a server can be relied on.
 * @throws UnsuitableRedisError when it is too old, a read-only replica, in cluster mode, or does not let us in; the message
 * names the remedy
 */
export async function inspectRedis(redis: Pick<RedisClient, 'info'>): Promise<RedisFacts> {
  const fields = recordOf(await redis.info().catch(letIn));
  const field = (name: string) => fields.get(name) ?? '';
  const version = field('redis_version');
  if (!isAtLeast(version, MIN_REDIS_VERSION)) {
    throw new UnsuitableRedisError(
      `this Redis is version ${version || 'unknown'}; ${MIN_REDIS_VERSION} or newer is needed. Upgrade it, or unset REDIS_URL and a suitable one is started for you`,
      { version },
    );
  }
  if (field('redis_mode') === 'cluster' || field('cluster_enabled') === '1') {
    throw new UnsuitableRedisError(CLUSTER_SENTENCE, { version });
  }
  const isReadOnly = field('role') === 'slave' && field('slave_read_only') === '1';
  if (isReadOnly) {
    throw new UnsuitableRedisError(
      `this Redis is a read-only replica of ${field('master_host')}:${field('master_port')}; point REDIS_URL at the primary`,
      { version },
    );
  }
  return { version, isReadOnly, maxmemoryPolicy: field('maxmemory_policy') };
}

const CLUSTER_SENTENCE =
  'One Redis holds one exchange whole (standalone, Sentinel or a managed primary): write, log, lock, fence and allowance are steps over several keys. This Redis is in cluster mode; point REDIS_URL at one that is not.';

/** At a start nobody waits for a password to be set right: it is said. */
function letIn(error: unknown): never {
  if (redisTroubleOf(error) !== 'locked-out') throw error;
  const [code] = messageOf(error).split(' ', 1);
  throw new UnsuitableRedisError(
    `this Redis does not let us in (${code}): write user and password into REDIS_URL (redis://user:password@host:port), and let that user have ~* &* +@all -@admin -@dangerous +info`,
    { reply: code },
    error,
  );
}

function isAtLeast(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
