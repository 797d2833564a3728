import { createRedis } from '@livermore/cache';
import type { StartedRedis } from '@livermore/embedded';
import { startThrowAwayRedis } from '@livermore/embedded/testing';
import { afterAll, beforeAll, beforeEach } from 'vitest';

/**
 * A Redis for the tests of one file alone, empty before each of them: a replay writes under the ids of real exchanges
 * and must never meet anyone's data. Returns what tells its URL.
 */
export function usePrivateRedis(): () => string {
  let server: StartedRedis | undefined;
  const url = () => server?.url ?? 'redis://the.tests.have.not.begun';
  beforeAll(async () => {
    server = await startThrowAwayRedis({ env: process.env });
  });
  beforeEach(async () => {
    const redis = createRedis(url());
    await redis.flushall();
    redis.disconnect();
  });
  afterAll(() => server?.stop());
  return url;
}
