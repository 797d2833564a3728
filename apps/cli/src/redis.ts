import { createRedis, inspectRedis, redisWarnings } from '@livermore/cache';
import { acquireDataDir, runningRedis, startRedis } from '@livermore/embedded';
import type { StartedRedis } from '@livermore/embedded';
import { createLogger, systemClock } from '@livermore/utils';
import type { CliConfig } from './config';
import { note } from './output/print';

/** A Redis a command may use, and how to let go of it. */
export interface OpenedRedis {
  readonly redis: ReturnType<typeof createRedis>;
  readonly url: string;
  close(): Promise<void>;
}

export interface RedisChoice {
  /** `--redis URL`. */
  readonly redis?: string | undefined;
  /** `--data-dir DIR`. */
  readonly dataDir?: string | undefined;
}

/**
 * The Redis a command looks at: the URL it was given, else the one `livermore up` runs on this data directory, else
 * one of our own on it, for as long as the command takes.
 * @throws RedisUnreachableError, RedisTooOldError, UnsuitableRedisError, DataDirHeldError, NoRedisError
 */
export async function openRedis(
  choice: RedisChoice,
  config: CliConfig,
  command: string,
): Promise<OpenedRedis> {
  const given = choice.redis ?? config.redisUrl;
  const dataDir = choice.dataDir ?? config.dataDir;
  const running = given === undefined ? runningRedis(dataDir) : null;
  if (given !== undefined || running !== null)
    return connected(given ?? running?.urlOf('writer') ?? '', config);
  return started(dataDir, config, command);
}

/**
 * What the operator of a Redis that was given to us should know; nothing of one of ours.
 * @throws UnsuitableRedisError when it will not do
 */
export async function warningsOf({
  url,
  isOurs,
}: Pick<StartedRedis, 'url' | 'isOurs'>): Promise<readonly string[]> {
  if (isOurs) return [];
  const redis = createRedis(url);
  // What goes wrong is told by the command that fails.
  redis.on('error', () => undefined);
  try {
    await inspectRedis(redis);
    return await redisWarnings(redis, url);
  } finally {
    redis.disconnect();
  }
}

async function connected(url: string, config: CliConfig, stop?: () => Promise<void>): Promise<OpenedRedis> {
  // Says clearly what is wrong with a URL before a client starts to retry it for ever.
  const checked =
    stop === undefined
      ? await startRedis({
          ...tools(config),
          url,
          dataDir: { path: config.dataDir, release: () => undefined },
        })
      : undefined;
  const redis = createRedis(url);
  const logger = createLogger({ level: config.logLevel ?? 'warn' });
  redis.on('error', (error) => logger.debug({ event: 'redis_connection', error: error.message }));
  const close = async () => {
    redis.disconnect();
    await (stop ?? checked?.stop)?.();
  };
  try {
    await inspectRedis(redis);
  } catch (error) {
    await close();
    throw error;
  }
  return { redis, url, close };
}

async function started(dataDir: string, config: CliConfig, command: string): Promise<OpenedRedis> {
  const held = acquireDataDir(dataDir, { clock: systemClock, command: `livermore ${command}` });
  try {
    const server = await startRedis({ ...tools(config), dataDir: held, onProgress: note });
    return await connected(server.url, config, async () => {
      await server.stop();
      held.release();
    });
  } catch (error) {
    held.release();
    throw error;
  }
}

function tools(config: CliConfig) {
  return { env: config.env, clock: systemClock, logger: createLogger({ level: config.logLevel ?? 'warn' }) };
}
