import { describe, expect, it } from 'vitest';
import { REDIS_TROUBLE_SENTENCES, redisTroubleOf } from './errors';

describe('redisTroubleOf', () => {
  it.each([
    ["OOM command not allowed when used memory > 'maxmemory'.", 'full'],
    ["OOM command not allowed when used memory > 'maxmemory'. script: 5b2d, on @user_script:41.", 'full'],
    [
      "ERR Error running script (call to f_5b2d): @user_script:41: @user_script: 41: -OOM command not allowed when used memory > 'maxmemory'. ",
      'full',
    ],
    ['MISCONF Errors writing to the AOF file: No space left on device', 'full'],
    ["READONLY You can't write against a read only replica.", 'read-only'],
    [
      "ERR Error running script (call to f_5b2d): @user_script:41: @user_script: 41: -READONLY You can't write against a read only replica. ",
      'read-only',
    ],
    ['LOADING Redis is loading the dataset in memory', 'loading'],
    ['BUSY Redis is busy running a script. You can only call SCRIPT KILL', 'loading'],
    ['CLUSTERDOWN The cluster is down', 'failing-over'],
    ['MASTERDOWN Link with MASTER is down', 'failing-over'],
    ['NOREPLICAS Not enough good replicas to write.', 'failing-over'],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', 'foreign'],
    ['NOAUTH Authentication required.', 'locked-out'],
    ['WRONGPASS invalid username-password pair or user is disabled.', 'locked-out'],
    ["NOPERM this user has no permissions to run the 'evalsha' command", 'locked-out'],
    ['NOPERM this user has no permissions to access one of the channels used as arguments', 'locked-out'],
    [
      "ERR The user executing the script can't run this command or subcommand script: 5b2d, on @user_script:41.",
      'locked-out',
    ],
    [
      "ERR Error running script (call to f_5b2d): @user_script:41: @user_script: 41: The user executing the script can't run this command or subcommand ",
      'locked-out',
    ],
    [
      "ERR ACL failure in script: User writer has no permissions to run the 'zadd' command script: 5b2d, on @user_script:41.",
      'locked-out',
    ],
    ['Connection is closed.', 'unreachable'],
    ['connect ECONNREFUSED 127.0.0.1:6379', 'unreachable'],
    ['read ECONNRESET', 'unreachable'],
    ['connect ENOENT /run/redis.sock', 'unreachable'],
    ['connect EHOSTUNREACH 10.0.0.9:6379', 'unreachable'],
    ['getaddrinfo ENOTFOUND redis.example', 'unreachable'],
    ['getaddrinfo EAI_AGAIN redis.example', 'unreachable'],
    ['Command timed out', 'unreachable'],
    ["Socket timeout. Expecting data, but didn't receive any in 10000ms.", 'unreachable'],
    ["Stream isn't writeable and enableOfflineQueue options is false", 'unreachable'],
  ])('%j is %s', (message, trouble) => {
    expect(redisTroubleOf(new Error(message))).toBe(trouble);
  });

  it('knows a refused connection whose message is empty, as Node gives for a host name', () => {
    const error = Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' });
    expect(redisTroubleOf(error)).toBe('unreachable');
  });

  it.each([
    'NOSCRIPT No matching script. Please use EVAL.',
    'ERR unknown command',
    'ERR Error running script (call to f_5b2d): @user_script:41: Script attempted to access nonexistent global',
    'the symbol ECONOMY is unknown',
    '',
  ])('%j is a bug of ours, not a state that passes', (message) => {
    expect(redisTroubleOf(new Error(message))).toBeUndefined();
  });

  it('has a sentence with a remedy for each trouble', () => {
    for (const sentence of Object.values(REDIS_TROUBLE_SENTENCES)) {
      expect(sentence).toMatch(/writes are held and repeated$/);
    }
  });
});
