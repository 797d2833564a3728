import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareVersions, isNewEnough, parseInfo, parseVersionLine } from './version';

describe('what a binary says about itself', () => {
  it.each([
    ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64', 'redis', '7.0.15', '7.0.15'],
    ['Valkey server v=8.0.1 sha=00000000:0 malloc=libc bits=64', 'valkey', '8.0.1', '7.2.4'],
    ['KeyDB server v=6.3.4 sha=0:0 malloc=jemalloc bits=64', 'keydb', '6.3.4', '6.3.4'],
  ])('is read from %s', (line, name, version, redisVersion) => {
    expect(parseVersionLine(line)).toEqual({ name, version, redisVersion });
  });

  it('is nothing when it is something else', () => {
    expect(parseVersionLine('bash: redis-server: not found')).toBeNull();
    expect(parseVersionLine('')).toBeNull();
  });
});

describe('what a server says about itself', () => {
  it('is the Redis version, and the name and version of a relative', () => {
    expect(parseInfo('# Server\r\nredis_version:7.0.15\r\n')?.version).toBe('7.0.15');
    expect(parseInfo('redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1\r\n')).toEqual({
      name: 'valkey',
      version: '8.0.1',
      redisVersion: '7.2.4',
    });
  });

  it('is nothing when no version is told', () => {
    expect(parseInfo('# Server\r\nos:Linux\r\n')).toBeNull();
  });
});

const at = (redisVersion: string) => ({ name: 'redis', version: redisVersion, redisVersion });

describe('age', () => {
  it('is judged against 6.2', () => {
    expect(['6.2.0', '6.2', '7.0.15', '10.0.0'].filter((it_) => isNewEnough(at(it_)))).toHaveLength(4);
    expect(['6.0.16', '5.0.14', '2.8'].filter((it_) => isNewEnough(at(it_)))).toEqual([]);
  });

  it('is an order: number by number, antisymmetric', () => {
    const version = fc.array(fc.nat(30), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(version, version, (a, b) => {
        const forth = compareVersions(a.join('.'), b.join('.'));
        expect(Math.sign(forth) + Math.sign(compareVersions(b.join('.'), a.join('.')))).toBe(0);
        const [left, right] = [a, b].map(
          (it_) => (it_[0] ?? 0) * 10_000 + (it_[1] ?? 0) * 100 + (it_[2] ?? 0),
        );
        expect(Math.sign(forth)).toBe(Math.sign((left ?? 0) - (right ?? 0)));
      }),
    );
  });
});
