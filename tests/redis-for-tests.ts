import { startThrowAwayRedis } from '@livermore/embedded/testing';
import type { TestProject } from 'vitest/node';

/**
 * A real Redis for the tests of a project: the one of `REDIS_URL`, else one of our own with throw-away data. A test
 * reads its address with `inject('redisUrl')` and keeps to a random key prefix, since all share it. It is the writer there, as
 * our own processes are: what a node needs and the writer may not do fails.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env['REDIS_URL'];
  if (given !== undefined && given !== '') {
    for (const name of ['redisUrl', 'redisReaderUrl', 'redisAdminUrl'] as const) project.provide(name, given);
    return undefined;
  }
  const redis = await startThrowAwayRedis({
    env: process.env,
    onProgress: (it) => process.stderr.write(`${it}\n`),
  });
  project.provide('redisUrl', redis.urlOf('writer'));
  project.provide('redisReaderUrl', redis.urlOf('reader'));
  project.provide('redisAdminUrl', redis.urlOf('admin'));
  return () => redis.stop();
}
