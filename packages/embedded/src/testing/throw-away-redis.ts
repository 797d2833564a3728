import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@livermore/utils';
import type { Env } from '../env';
import type { OnProgress } from '../engines/engine';
import { acquireDataDir } from '../lock/data-dir-lock';
import { startRedis, type StartedRedis } from '../start-redis';

export interface ThrowAwayOptions {
  readonly env: Env;
  readonly onProgress?: OnProgress;
}

/**
 * A real Redis on an empty data directory, on any free port. `stop` takes the data with it. Its `url` is the
 * administrator's, since tests empty it, fill it and hurt it; `urlOf('writer')` is what our own processes have.
 */
export async function startThrowAwayRedis(options: ThrowAwayOptions): Promise<StartedRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'livermore-redis-'));
  const dataDir = acquireDataDir(folder, { clock: systemClock, command: 'a test' });
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const tools = { logger: silentLogger, clock: systemClock, port: 'any' as const };
    const redis = await startRedis({ ...options, ...tools, dataDir });
    const stop = async () => {
      await redis.stop();
      remove();
    };
    return { ...redis, url: redis.urlOf('admin'), stop };
  } catch (error) {
    remove();
    throw error;
  }
}
