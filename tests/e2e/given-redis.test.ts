import { createRedis, inspectRedis, redisWarnings } from '@livermore/cache';
import { startBareRedis } from '@livermore/embedded/testing';
import { describe, expect, it, onTestFinished } from 'vitest';

/** A Redis as somebody else runs it, with these flags, and a client of it; null where this machine has no server program. */
async function serverWith(...flags: readonly string[]) {
  const server = await startBareRedis({ env: process.env, flags });
  if (server === null) return null;
  const url = `redis://127.0.0.1:${server.port}`;
  const redis = createRedis(url);
  redis.on('error', () => undefined);
  onTestFinished(async () => {
    redis.disconnect();
    await server.stop();
  });
  return { redis, url };
}

const NONE = 'this machine has no server program but the demo engine';
const GOOD = [
  '--appendonly',
  'yes',
  '--maxmemory-policy',
  'noeviction',
  '--zset-max-ziplist-value',
  '96',
] as const;

describe('a Redis that was given', () => {
  it('in cluster mode is refused, with what to do', async ({ skip }) => {
    const server = await serverWith('--cluster-enabled', 'yes');
    skip(server === null, NONE);
    if (server === null) return;
    await expect(inspectRedis(server.redis)).rejects.toThrow(
      'One Redis holds one exchange whole (standalone, Sentinel or a managed primary): write, log, lock, fence and allowance are steps over several keys. This Redis is in cluster mode; point REDIS_URL at one that is not.',
    );
  });

  it('as ours are is warned of nothing', async ({ skip }) => {
    const server = await serverWith(...GOOD);
    skip(server === null, NONE);
    if (server === null) return;
    expect(await redisWarnings(server.redis, server.url)).toEqual([]);
  });

  it('as it comes, without snapshots, is warned of memory and of a restart', async ({ skip }) => {
    const server = await serverWith();
    skip(server === null, NONE);
    if (server === null) return;
    expect(await redisWarnings(server.redis, server.url)).toEqual([
      expect.stringMatching(/zset-max-listpack-value.* is 64.*CONFIG SET/),
      expect.stringMatching(/keeps nothing on disk.*CONFIG SET appendonly yes/),
    ]);
  });

  it.each(['allkeys-lru', 'volatile-ttl'])('that evicts by %s is warned of it', async (policy) => {
    const server = await serverWith(...GOOD, '--maxmemory-policy', policy);
    if (server === null) return;
    expect(await redisWarnings(server.redis, server.url)).toEqual([
      expect.stringMatching(
        new RegExp(`maxmemory-policy is ${policy}.*holes.*CONFIG SET maxmemory-policy noeviction`),
      ),
    ]);
  });

  it('that hides its configuration is judged by what it tells, and nothing else', async ({ skip }) => {
    const flags = ['--rename-command', 'CONFIG', '', '--maxmemory-policy', 'allkeys-lfu'];
    const server = await serverWith(...flags);
    skip(server === null, NONE);
    if (server === null) return;
    expect(await redisWarnings(server.redis, server.url)).toEqual([
      expect.stringContaining('maxmemory-policy is allkeys-lfu'),
    ]);
  });

  it('that refuses the password says so, and what to correct', async ({ skip }) => {
    const server = await serverWith('--requirepass', 'right');
    skip(server === null, NONE);
    if (server === null) return;
    const { port } = new URL(server.url);
    for (const url of [server.url, `redis://:canary-wrong@127.0.0.1:${port}`]) {
      const redis = createRedis(url);
      redis.on('error', () => undefined);
      onTestFinished(() => redis.disconnect());
      await expect(inspectRedis(redis)).rejects.toThrow(
        /^this Redis does not let us in \((?:NOAUTH|WRONGPASS)\): write user and password into REDIS_URL/,
      );
    }
  });

  it('is left as it was', async ({ skip }) => {
    const server = await serverWith();
    skip(server === null, NONE);
    if (server === null) return;
    const before = await server.redis.config('GET', '*');
    await inspectRedis(server.redis);
    await redisWarnings(server.redis, server.url);
    expect(await server.redis.config('GET', '*')).toEqual(before);
    expect(await server.redis.call('ACL', 'USERS')).toEqual(['default']);
  });
});
