import { describe, expect, it } from 'vitest';
import { checkRedisUrl, withoutSecret } from './redis-url';

describe('a Redis URL', () => {
  it.each([
    'redis://localhost',
    'redis://127.0.0.1:6379/2',
    'redis://user:p%40ss@host:6379',
    'rediss://host:6380',
    'redis://[::1]:6379',
    'unix:///run/redis.sock',
  ])('may be %s', (url) => {
    expect(() => checkRedisUrl(url)).not.toThrow();
  });

  it.each([
    '',
    'localhost:6379',
    'http://host:6379',
    'redis://',
    'redis:// space',
    'unix://',
    'unix://relative/path',
    '6379',
  ])('may not be %j, and the answer names the forms', (url) => {
    expect(() => checkRedisUrl(url)).toThrow(/redis:\/\/host:6379, rediss:.*unix:\/\/\/path/);
  });

  it('is shown without its secret, whatever characters that has', () => {
    expect(withoutSecret('redis://user:p@ss/word@host:1')).toBe('redis://***@host:1');
    expect(withoutSecret('redis://host:1')).toBe('redis://host:1');
    expect(withoutSecret('unix:///run/x.sock?db=1&username=ann&password=s@c?ret')).toBe(
      'unix:///run/x.sock?db=1&username=***&password=***',
    );
  });
});
