import { describe, expect, it } from 'vitest';
import { redisWarnings } from './redis-warnings';

/** A server that answers INFO with these fields, and CONFIG with these settings; where they are absent it forbids it. */
const serverWith = (
  fields: Readonly<Record<string, string>>,
  settings?: Readonly<Record<string, string>>,
) => ({
  info: () =>
    Promise.resolve(
      `# Memory\r\n${Object.entries(fields)
        .map(([name, value]) => `${name}:${value}`)
        .join('\r\n')}\r\n`,
    ),
  config: (_what: 'GET', name: string) => {
    if (settings === undefined) return Promise.reject(new Error('NOPERM'));
    const value = settings[name];
    return Promise.resolve(value === undefined ? [] : [name, value]);
  },
});

const GOOD = { maxmemory_policy: 'noeviction', aof_enabled: '1' };
const SET = { 'zset-max-ziplist-value': '96', save: '' };

describe('a Redis that was given', () => {
  it.each([
    ['redis://127.0.0.1:6379', 0],
    ['redis://localhost', 0],
    ['redis://[::1]:6379', 0],
    ['unix:///run/redis.sock', 0],
    ['redis://:secret@10.0.0.1', 0],
    ['redis://ann:secret@redis.example', 0],
    ['redis://10.0.0.1', 1],
    ['rediss://redis.example:6380', 1],
  ])('at %s is warned of being open to everyone %i times', async (url, count) => {
    const warnings = await redisWarnings(serverWith(GOOD, SET), url);
    expect(warnings.filter((each) => /without a password/.test(each))).toHaveLength(count);
    expect(warnings).toHaveLength(count);
  });

  it('is not warned of what it does not tell', async () => {
    expect(await redisWarnings(serverWith({}), 'redis://127.0.0.1')).toEqual([]);
    expect(await redisWarnings(serverWith({ aof_enabled: '0' }), 'redis://127.0.0.1')).toEqual([]);
    expect(await redisWarnings(serverWith({ aof_enabled: '0' }, {}), 'redis://127.0.0.1')).toEqual([]);
  });

  it('that takes snapshots keeps its data', async () => {
    const server = serverWith({ ...GOOD, aof_enabled: '0' }, { ...SET, save: '3600 1' });
    expect(await redisWarnings(server, 'redis://127.0.0.1')).toEqual([]);
  });
});
