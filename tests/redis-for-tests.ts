import { startThrowAwayRedis } from '@livermore/embedded/testing';
import type { TestProject } from 'vitest/node';

/**
 * A real Redis for the tests of a project: the one of `REDIS_URL`, else one of our own with throw-away data. A test
 * reads its address with `inject('redisUrl')` and keeps to a random key prefix, since all share it.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env['REDIS_URL'];
  if (given !== undefined && given !== '') {
    project.provide('redisUrl', given);
    return undefined;
  }
  const redis = await startThrowAwayRedis({
    env: process.env,
    onProgress: (it) => process.stderr.write(`${it}\n`),
  });
  project.provide('redisUrl', redis.tcpUrl ?? redis.url);
  return () => redis.stop();
}
