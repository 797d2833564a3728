import { describe, expect, it } from 'vitest';
import { UnsuitableRedisError } from './errors';
import { createRedis, inspectRedis } from './redis';

/** A server that answers INFO with these fields, as a real one writes them. */
const serverWith = (fields: Readonly<Record<string, string>>) => ({
  info: () =>
    Promise.resolve(
      `# Server\r\n${Object.entries(fields)
        .map(([name, value]) => `${name}:${value}`)
        .join('\r\n')}\r\n`,
    ),
});

describe('inspectRedis', () => {
  it.each(['6.2.0', '6.2.14', '7.0.15', '8.2.3', '10.0.0'])('takes version %s', async (version) => {
    const facts = await inspectRedis(
      serverWith({ redis_version: version, role: 'master', maxmemory_policy: 'noeviction' }),
    );
    expect(facts).toEqual({ version, isReadOnly: false, maxmemoryPolicy: 'noeviction' });
  });

  it.each(['6.0.16', '5.0.7', '2.8.0', '', 'banana'])(
    'refuses version %j and says what to do',
    async (version) => {
      await expect(inspectRedis(serverWith({ redis_version: version, role: 'master' }))).rejects.toThrow(
        /6\.2 or newer is needed\. Upgrade it, or unset REDIS_URL/,
      );
    },
  );

  it('refuses a read-only replica and names its primary', async () => {
    const replica = serverWith({
      redis_version: '7.0.15',
      role: 'slave',
      master_host: '10.0.0.1',
      master_port: '6380',
      slave_read_only: '1',
    });
    await expect(inspectRedis(replica)).rejects.toThrow(/replica of 10\.0\.0\.1:6380.*primary/);
    await expect(inspectRedis(replica)).rejects.toBeInstanceOf(UnsuitableRedisError);
  });

  it('takes a replica that may be written', async () => {
    const replica = serverWith({ redis_version: '7.0.15', role: 'slave', slave_read_only: '0' });
    await expect(inspectRedis(replica)).resolves.toMatchObject({ isReadOnly: false });
  });

  it('does not take a longer field for the one it looks for', async () => {
    const server = serverWith({ valkey_redis_version: '1.0', redis_version: '7.2.4', role: 'master' });
    await expect(inspectRedis(server)).resolves.toMatchObject({ version: '7.2.4' });
  });
});

describe('createRedis', () => {
  it.each([
    '',
    'localhost',
    'localhost:6379',
    'http://127.0.0.1:6379',
    'redis:/x',
    'redis://',
    'unix://',
    'redis://a b',
  ])('refuses %j: it is no Redis URL', (url) => {
    expect(() => createRedis(url)).toThrow(UnsuitableRedisError);
  });

  it('does not repeat a URL it refuses, which may hold a password', () => {
    expect(() => createRedis('https://user:secret@host')).toThrow(/^(?!.*secret).*redis:\/\/host:port/);
  });

  it.each(['redis://127.0.0.1:6379', 'redis://:pass@host:6380/2', 'rediss://host', 'unix:///run/redis.sock'])(
    'takes %s',
    (url) => {
      const redis = createRedis(url, { lazyConnect: true });
      expect(redis.status).toBe('wait');
      redis.disconnect();
    },
  );
});
