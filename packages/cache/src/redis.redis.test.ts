import { describe, expect, inject, it } from 'vitest';
import { createRedis, inspectRedis } from './redis';

describe('createRedis on a real Redis', () => {
  it('speaks tcp, and the server is one we can rely on', async () => {
    const redis = createRedis(inject('redisUrl'));
    expect(await redis.ping()).toBe('PONG');
    const facts = await inspectRedis(redis);
    expect(facts.isReadOnly).toBe(false);
    expect(Number(facts.version.split('.')[0])).toBeGreaterThanOrEqual(6);
    await redis.quit();
  });

  it('speaks through a unix socket where the server has one', async (context) => {
    const tcp = createRedis(inject('redisAdminUrl'));
    const [, path = ''] = (await tcp.config('GET', 'unixsocket').then(pairOf)) ?? [];
    await tcp.quit();
    context.skip(path === '', 'this server has no unix socket');
    const { username, password } = new URL(inject('redisUrl'));
    const redis = createRedis(`unix://${path}?username=${username}&password=${password}`);
    expect(await redis.ping()).toBe('PONG');
    await redis.quit();
  });

  it('sends commands of one tick together and keeps their order', async () => {
    const redis = createRedis(inject('redisUrl'));
    const key = `order:${process.pid}`;
    const replies = await Promise.all(Array.from({ length: 100 }, () => redis.incr(key)));
    expect(replies).toEqual(Array.from({ length: 100 }, (_, at) => at + 1));
    await redis.del(key);
    await redis.quit();
  });

  it('finds its way back when its connection is cut, and commands wait for it', async () => {
    const redis = createRedis(inject('redisUrl'));
    const other = createRedis(inject('redisAdminUrl'));
    redis.on('error', () => undefined);
    const id = await redis.client('ID');
    await other.client('KILL', 'ID', String(id));
    expect(await redis.ping()).toBe('PONG');
    await Promise.all([redis.quit(), other.quit()]);
  });
});

/** `CONFIG GET` as RESP3 (a map) and as RESP2 (a list) say it. */
function pairOf(reply: unknown): readonly string[] | undefined {
  if (Array.isArray(reply)) return reply.map(String);
  return typeof reply === 'object' && reply !== null ? Object.entries(reply).flat().map(String) : undefined;
}
