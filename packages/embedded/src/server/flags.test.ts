import { describe, expect, it } from 'vitest';
import { serverFlags } from './flags';

describe('the command line of a server of ours', () => {
  const flags = serverFlags({
    dir: '/data/redis',
    socketPath: '/data/run/redis.sock',
    port: 6390,
    aclFile: '/data/redis-users.acl',
  });
  const valueOf = (flag: string) => flags[flags.indexOf(flag) + 1];

  it('keeps it on this machine and to this user', () => {
    expect(valueOf('--bind')).toBe('127.0.0.1');
    expect(valueOf('--protected-mode')).toBe('yes');
    expect(valueOf('--unixsocketperm')).toBe('700');
  });

  it('names the file of its users, and no password', () => {
    expect(valueOf('--aclfile')).toBe('/data/redis-users.acl');
    expect(flags.join(' ')).not.toMatch(/requirepass|--user\b/);
  });

  it('has every write on disk within a second and drops nothing', () => {
    expect([valueOf('--appendonly'), valueOf('--appendfsync')]).toEqual(['yes', 'everysec']);
    expect(valueOf('--save')).toBe('');
    expect(valueOf('--maxmemory-policy')).toBe('noeviction');
  });

  it('keeps members as long as a candle in compact lists', () => {
    expect(valueOf('--zset-max-ziplist-value')).toBe('96');
  });
});
