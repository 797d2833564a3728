/**
 * A Redis for whoever needs one: the one that was given, or one of our own that lives as long as we do.
 */
import type { Clock, Logger } from '@livermore/utils';
import { defaultCacheDir } from './data-dir';
import type { Env } from './env';
import { chooseEngine } from './engines/choose-engine';
import { TIERS, type Engine, type OnProgress, type Tier } from './engines/engine';
import { DEMO_BANNER } from './engines/javascript';
import { isNewEnough, MIN_REDIS_VERSION } from './engines/version';
import { RedisTooOldError, RedisUnreachableError } from './errors';
import type { DataDir } from './lock/data-dir-lock';
import { stopLeftover } from './server/leftover';
import { OwnServer } from './server/own-server';
import type { PortWish } from './server/port';
import { probe } from './server/probe';
import { checkRedisUrl, withoutSecret } from './server/redis-url';
import { readState } from './server/state-file';
import type { RedisUser } from './users/users';

export interface StartRedisOptions {
  /** A Redis to use instead of one of ours: `redis://`, `rediss://` or `unix:///path`. */
  readonly url?: string | undefined;
  /** Where the data goes, held by the caller: see `acquireDataDir`. Release it after `stop`. */
  readonly dataDir: DataDir;
  readonly env: Env;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Sentences for a person while it works. */
  readonly onProgress?: OnProgress;
  /** Loopback port for other programs; `remembered` unless said otherwise. */
  readonly port?: PortWish;
  /** Where fetched engines are kept; a folder per user unless said otherwise. */
  readonly cacheDir?: string;
  /** Which engines may be used, best first; all unless said otherwise. */
  readonly tiers?: readonly Tier[];
}

/** A Redis that answers. */
export interface StartedRedis {
  /** For our own processes, as the writer: by `unix:///path` where the engine of a server of ours can. Holds a password. */
  readonly url: string;
  /** Where other programs find it, without user and password, e.g. `redis://127.0.0.1:6390`; null when it has no port. */
  readonly tcpUrl: string | null;
  readonly engine: Engine;
  readonly isOurs: boolean;
  /** Whether a server of ours has our users; the demo engine knows none, and someone else's are their own. */
  readonly hasUsers: boolean;
  /** The address as one of its users; the one given for a Redis that is not ours. Holds a password. */
  readonly urlOf: (user: RedisUser) => string;
  /** What the user must be told as long as this engine is used, or null. */
  readonly warning: string | null;
  /** Stops a server of ours, its data on disk; leaves someone else's alone. A second call does nothing. */
  readonly stop: () => Promise<void>;
}

/**
 * Finds or starts a Redis, in this order: the URL given; a server program on the PATH; Debian's packages unpacked
 * without root; a JavaScript engine without persistence. A server of ours is private to this user and machine,
 * keeps its data in the data directory, is restarted when it dies, and ends with us however we end.
 *
 * @throws {InvalidRedisUrlError} @throws {RedisUnreachableError} @throws {RedisTooOldError} the URL given is no use.
 * @throws {NoRedisError} nothing was found or could be fetched.
 * @throws {RedisStartError} an engine was found but did not come up.
 */
export async function startRedis(options: StartRedisOptions): Promise<StartedRedis> {
  return options.url === undefined ? startOurs(options) : useGiven(options.url, options.logger);
}

async function useGiven(url: string, logger: Logger): Promise<StartedRedis> {
  checkRedisUrl(url);
  const shown = withoutSecret(url);
  const answer = await probe(url);
  if (answer.kind === 'loading') {
    throw new RedisUnreachableError(
      `the Redis at ${shown} is still loading its data: try again in a moment.`,
    );
  }
  if (answer.kind === 'silent') {
    throw new RedisUnreachableError(
      `the Redis at ${shown} does not answer (${answer.reason}): start it, correct the URL, or unset REDIS_URL to have one started for you.`,
    );
  }
  const { name, version } = answer.version;
  if (!isNewEnough(answer.version)) {
    throw new RedisTooOldError(
      `the Redis at ${shown} is ${name} ${version}: ${MIN_REDIS_VERSION} or newer is needed. Upgrade it, or unset REDIS_URL to have one started for you.`,
    );
  }
  logger.info({ event: 'redis_given', url: shown, name, version });
  const engine: Engine = { tier: 'url', name, version, path: null };
  const theirs = { isOurs: false, hasUsers: false, warning: null, stop: () => Promise.resolve() };
  return { url, tcpUrl: null, engine, urlOf: () => url, ...theirs };
}

async function startOurs(options: StartRedisOptions): Promise<StartedRedis> {
  const { dataDir, env, logger, clock } = options;
  const say = options.onProgress ?? (() => undefined);
  await stopLeftover(dataDir.path, { clock, logger });
  const engine = await chooseEngine({
    env,
    logger,
    cacheDir: options.cacheDir ?? defaultCacheDir(env),
    writtenBy: readState(dataDir.path).redisVersion,
    tiers: options.tiers ?? TIERS,
    onProgress: say,
  });
  const own = new OwnServer(engine, {
    dataDir: dataDir.path,
    env,
    logger,
    clock,
    port: options.port ?? 'remembered',
  });
  await own.start();
  const warning = engine.isPersistent ? null : DEMO_BANNER;
  if (warning !== null) say(warning);
  const { tier, name, version, path } = engine;
  return {
    url: own.url,
    tcpUrl: own.tcpUrl,
    urlOf: (user) => own.urlOf(user),
    engine: { tier, name, version, path },
    isOurs: true,
    hasUsers: engine.hasUsers,
    warning,
    stop: () => own.stop(),
  };
}
