import { describe, expect, it } from 'vitest';
import { withoutSecrets } from './secrets';

describe('showing a text', () => {
  it.each([
    ['redis://:canary@host:6379/1', 'redis://***@host:6379/1'],
    ['rediss://user:canary@host', 'rediss://***@host'],
    ['redis://user:can@ary@host', 'redis://***@host'],
    [
      'argument \'http://:canary@h\' is invalid. "http://:canary@h"',
      'argument \'http://***@h\' is invalid. "http://***@h"',
    ],
    ['redis://user:can/ary@host', 'redis://***@host'],
    [
      'at unix:///run/x.sock?username=writer&password=canary says',
      'at unix:///run/x.sock?username=***&password=*** says',
    ],
    ['unix:///run/x.sock?db=1&password=can@ary', 'unix:///run/x.sock?db=1&password=***'],
    ['redis://host:6379', 'redis://host:6379'],
    ['unix:///tmp/redis.sock', 'unix:///tmp/redis.sock'],
    ['mail me@example.org', 'mail me@example.org'],
  ])('%s', (text, shown) => {
    expect(withoutSecrets(text)).toBe(shown);
  });
});
