/** Real servers: who may do what on them, and where their passwords are. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger, must } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { runningRedis } from './running-redis';
import { readState } from './server/state-file';
import { startBareRedis } from './testing/bare-redis';
import { rawAnswer } from './testing/raw-answer';
import { clientOf, startIn } from './testing/start-in';
import { tempDir } from './testing/temp-dir';

const CANDLES = 'candles:1:BTC-USD:1m';
const CLOSES = 'channel:exchange:1:candle:close:BTC-USD:1m';

/** What a user's command came to, beside its words. */
async function said(url: string, command: readonly string[]): Promise<string> {
  return `${command.join(' ')}: ${await rawAnswer(url, command)}`;
}

describe('who names no user', () => {
  it('may do nothing, by port and by socket', async ({ skip }) => {
    const redis = await startIn(tempDir());
    skip(!redis.hasUsers, 'only the demo engine is available here: it knows no users');
    const socket = redis.url.replace(/\?.*/, '');
    for (const url of [redis.tcpUrl ?? '', socket]) {
      const client = clientOf(url);
      await expect(client.get('a')).rejects.toThrow(/^NOAUTH/);
      await expect(client.info()).rejects.toThrow(/^NOAUTH/);
      await expect(client.flushall()).rejects.toThrow(/^NOAUTH/);
    }
  });
});

describe('what users wrote', () => {
  it('is all there after a restart: steps of several writes too', async ({ skip }) => {
    const dir = tempDir();
    const first = await startIn(dir);
    skip(!first.hasUsers, 'only the demo engine is available here: it keeps nothing');
    const writer = clientOf(first.url);
    await writer.set('plain', '1');
    await writer.multi().set('one', '1').set('two', '2').exec();
    const script = "redis.call('SET', KEYS[1], 'a') redis.call('XADD', KEYS[2], '*', 'b', 'c')";
    await writer.eval(script, 2, 'three', 'four');
    writer.disconnect();
    await first.stop();
    const again = await startIn(dir);
    const reader = clientOf(again.url);
    expect(await reader.exists('plain', 'one', 'two', 'three', 'four')).toBe(5);
  });
});

describe('the reader', () => {
  const MAY: readonly (readonly string[])[] = [
    ['HELLO', '3'],
    ['HELLO', '2'],
    ['SELECT', '0'],
    ['PING'],
    ['INFO'],
    ['TIME'],
    ['COMMAND'],
    ['CLIENT', 'SETNAME', 'mine'],
    ['CLIENT', 'ID'],
    ['GET', 'ticker:1:BTC-USD'],
    ['ZRANGE', CANDLES, '0', '-1'],
    ['TTL', CANDLES],
    ['HGETALL', 'exchange:1:told'],
    ['XRANGE', 'exchange:1:corrections', '-', '+'],
    ['XREAD', 'BLOCK', '1', 'STREAMS', 'exchange:1:corrections', '$'],
    ['MULTI'],
    ['SUBSCRIBE', CLOSES],
    ['UNSUBSCRIBE'],
    ['PSUBSCRIBE', 'channel:*'],
    ['PUNSUBSCRIBE'],
  ];
  const MAY_NOT: readonly (readonly string[])[] = [
    ['SET', 'a', '1'],
    ['DEL', CANDLES],
    ['EXPIRE', CANDLES, '1'],
    ['ZADD', CANDLES, '1', 'a'],
    ['XADD', 'exchange:1:corrections', '*', 'a', 'b'],
    ['PUBLISH', CLOSES, '{}'],
    ['EVAL', "return redis.call('SET', KEYS[1], 1)", '1', 'a'],
    ['EVAL', 'return 1', '0'],
    ['SCRIPT', 'FLUSH'],
    ['FLUSHALL'],
    ['FLUSHDB'],
    ['KEYS', '*'],
    ['CONFIG', 'GET', '*'],
    ['CONFIG', 'SET', 'maxmemory', '1'],
    ['ACL', 'LIST'],
    ['ACL', 'SETUSER', 'reader', '+@all'],
    ['CLIENT', 'LIST'],
    ['CLIENT', 'KILL', 'ID', '1'],
    ['MONITOR'],
    ['REPLICAOF', '127.0.0.1', '1'],
    ['BGREWRITEAOF'],
    ['SHUTDOWN', 'NOSAVE'],
  ];

  it('reads and listens, and nothing else', async ({ skip }) => {
    const redis = await startIn(tempDir());
    skip(!redis.hasUsers, 'only the demo engine is available here: it knows no users');
    for (const command of MAY) expect(await said(redis.urlOf('reader'), command)).toMatch(/: OK$/);
    for (const command of MAY_NOT) expect(await said(redis.urlOf('reader'), command)).toMatch(/: NOPERM$/);
    // Where it is not switched off altogether.
    expect(await said(redis.urlOf('reader'), ['DEBUG', 'SLEEP', '0'])).not.toMatch(/: OK$/);
    expect(await clientOf(redis.url).ping()).toBe('PONG');
  });

  it('hears what the writer publishes and reads what it writes', async ({ skip }) => {
    const redis = await startIn(tempDir());
    skip(!redis.hasUsers, 'only the demo engine is available here: it knows no users');
    const [reader, listener, writer] = [
      clientOf(redis.urlOf('reader')),
      clientOf(redis.urlOf('reader')),
      clientOf(redis.url),
    ];
    await listener.psubscribe('channel:exchange:1:candle:close:*:*');
    const heard = once(listener, 'pmessage');
    const awaited = reader.xread('BLOCK', 20_000, 'STREAMS', 'exchange:1:closes', '0');
    await writer.publish(CLOSES, 'a close');
    await writer.xadd('exchange:1:closes', '*', 'what', 'a close');
    expect((await heard).at(2)).toBe('a close');
    expect(JSON.stringify(await awaited)).toContain('a close');
  });
});

describe('the writer', () => {
  const MAY: readonly (readonly string[])[] = [
    ['HELLO', '3'],
    ['INFO'],
    ['SET', 'a', '1'],
    ['ZADD', CANDLES, '1', 'a'],
    ['XADD', 'log', '*', 'a', 'b'],
    ['XTRIM', 'log', 'MAXLEN', '0'],
    ['PUBLISH', CLOSES, '{}'],
    ['EVAL', "return redis.call('SET', KEYS[1], 1)", '1', 'a'],
    ['SCRIPT', 'LOAD', 'return 1'],
    ['DEL', 'a', CANDLES],
    ['MULTI'],
  ];
  const MAY_NOT: readonly (readonly string[])[] = [
    ['FLUSHALL'],
    ['FLUSHDB'],
    ['KEYS', '*'],
    ['SCRIPT', 'FLUSH'],
    ['CONFIG', 'GET', '*'],
    ['CONFIG', 'SET', 'maxmemory', '1'],
    ['ACL', 'LIST'],
    ['ACL', 'SETUSER', 'writer', '+@all'],
    ['REPLICAOF', '127.0.0.1', '1'],
    ['SHUTDOWN', 'NOSAVE'],
  ];

  it('does what a node needs and cannot administer the server', async ({ skip }) => {
    const redis = await startIn(tempDir());
    skip(!redis.hasUsers, 'only the demo engine is available here: it knows no users');
    for (const command of MAY) expect(await said(redis.urlOf('writer'), command)).toMatch(/: OK$/);
    for (const command of MAY_NOT) expect(await said(redis.urlOf('writer'), command)).toMatch(/: NOPERM$/);
    expect(await said(redis.urlOf('writer'), ['DEBUG', 'SLEEP', '0'])).not.toMatch(/: OK$/);
    const script = ['EVAL', "return redis.call('FLUSHALL')", '0'];
    expect(await said(redis.urlOf('writer'), script)).not.toMatch(/: OK$/);
    expect(await clientOf(redis.urlOf('admin')).config('GET', 'maxmemory')).toEqual(['maxmemory', '0']);
  });
});

describe('the passwords', () => {
  it('are kept over a restart, and the one of the administrator is not', async ({ skip }) => {
    const dir = tempDir();
    const first = await startIn(dir, { port: 'remembered' });
    skip(!first.hasUsers, 'only the demo engine is available here: it knows no users');
    await first.stop();
    const second = await startIn(dir, { port: 'remembered' });
    expect(second.urlOf('reader')).toBe(first.urlOf('reader'));
    expect(second.url).toBe(first.url);
    expect(second.urlOf('admin')).not.toBe(first.urlOf('admin'));
    expect(runningRedis(dir)?.urlOf('reader')).toBe(second.urlOf('reader'));
    expect(runningRedis(dir)?.urlOf('writer')).toBe(second.urlOf('writer'));
  });

  it('lie in one file, which this user alone can read, and nowhere else', async ({ skip }) => {
    const dir = tempDir();
    const logFile = join(dir, 'livermore.log');
    const redis = await startIn(dir, { logger: createLogger({ level: 'debug', file: logFile }) });
    skip(!redis.hasUsers, 'only the demo engine is available here: it knows no users');
    const secrets = (['reader', 'writer', 'admin'] as const).map((user) => passwordOf(redis.urlOf(user)));
    const files = filesIn(dir).filter((path) => statSync(path).isFile());
    const holding = files.filter((path) =>
      secrets.some((secret) => readFileSync(path, 'latin1').includes(secret)),
    );
    expect(holding).toEqual([join(dir, 'redis-users.json')]);
    expect(readFileSync(join(dir, 'redis-users.json'), 'utf8')).not.toContain(
      passwordOf(redis.urlOf('admin')),
    );
    for (const name of ['redis-users.json', 'redis-users.acl', 'redis.json', 'redis.log']) {
      expect([name, statSync(join(dir, name)).mode & 0o777]).toEqual([name, 0o600]);
    }
    const { pid } = must(readState(dir).server, 'a running server');
    for (const secret of secrets) expect(commandLineOf(pid)).not.toContain(secret);
  });

  it('are made anew when their file is damaged', async ({ skip }) => {
    const dir = tempDir();
    writeFileSync(join(dir, 'redis-users.json'), '{"reader": "x y", "writer"', { mode: 0o644 });
    const redis = await startIn(dir);
    skip(!redis.hasUsers, 'only the demo engine is available here: it knows no users');
    expect(await clientOf(redis.urlOf('reader')).ping()).toBe('PONG');
    expect(statSync(join(dir, 'redis-users.json')).mode & 0o777).toBe(0o600);
  });
});

describe('a data directory from before there were users', () => {
  it('is read, and gets users', async ({ skip }) => {
    const dir = tempDir();
    mkdirSync(join(dir, 'redis'));
    const former = { env: process.env, dir: join(dir, 'redis'), flags: ['--appendonly', 'yes'] };
    const before = await startBareRedis(former);
    skip(before === null, 'only the demo engine is available here: it keeps nothing');
    const client = clientOf(`redis://127.0.0.1:${before?.port}`);
    await client.zadd(CANDLES, 1, 'from before');
    client.disconnect();
    await before?.stop();
    writeFileSync(join(dir, 'redis.json'), '{"port":null,"redisVersion":null,"server":null}');
    const redis = await startIn(dir);
    expect(await clientOf(redis.urlOf('reader')).zrange(CANDLES, '0', '-1')).toEqual(['from before']);
  });
});

function passwordOf(url: string): string {
  const secret = new URL(url).password;
  expect(secret.length).toBeGreaterThanOrEqual(32);
  return secret;
}

function filesIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true }).map((each) =>
    join(each.parentPath, each.name),
  );
}

function commandLineOf(pid: number): string {
  return execFileSync('ps', ['-o', 'args=', '-ww', '-p', String(pid)], { encoding: 'utf8' });
}
