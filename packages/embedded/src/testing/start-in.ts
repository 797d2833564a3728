import { silentLogger, systemClock } from '@livermore/utils';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { acquireDataDir } from '../lock/data-dir-lock';
import { startRedis, type StartedRedis, type StartRedisOptions } from '../start-redis';

/** A Redis on this data directory, stopped when the test is over. */
export async function startIn(dir: string, change: Partial<StartRedisOptions> = {}): Promise<StartedRedis> {
  const dataDir = acquireDataDir(dir, { clock: systemClock, command: 'a test' });
  onTestFinished(() => dataDir.release());
  const tools = { env: process.env, logger: silentLogger, clock: systemClock };
  const redis = await startRedis({ dataDir, ...tools, port: 'any', ...change });
  const stop = async () => {
    await redis.stop();
    dataDir.release();
  };
  onTestFinished(stop);
  return { ...redis, stop };
}

/** A client of it, closed when the test is over. */
export function clientOf(url: string): Redis {
  const client = new Redis(url.replace(/^unix:\/\//, ''));
  client.on('error', () => undefined);
  onTestFinished(() => client.disconnect());
  return client;
}
