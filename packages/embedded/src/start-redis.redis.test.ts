/** Real servers: whatever engine this machine has, spawned, killed, restarted. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { RedisStartError, RedisTooOldError, RedisUnreachableError } from './errors';
import { isRunning } from './process/process-identity';
import { readState, updateState } from './server/state-file';
import { clientOf, startIn } from './testing/start-in';
import { tempDir } from './testing/temp-dir';

const NONE = { pid: 0, startedAt: null, hasUsers: false };
const serverOf = (dir: string) => readState(dir).server ?? NONE;

describe('a server of our own', () => {
  it('keeps what was written over a restart, at the same port', async ({ skip }) => {
    const dir = tempDir();
    const first = await startIn(dir, { port: 'remembered' });
    skip(first.warning !== null, 'only the demo engine is available here: it keeps nothing');
    await clientOf(first.url).zadd('candles', 1, 'one');
    await first.stop();
    const second = await startIn(dir, { port: 'remembered' });
    expect(await clientOf(second.url).zrange('candles', '0', '-1')).toEqual(['one']);
    expect(second.tcpUrl).toBe(first.tcpUrl);
  });

  it('is reached by its socket and, by other programs, on loopback', async ({ skip }) => {
    const redis = await startIn(tempDir());
    skip(redis.warning !== null, 'only the demo engine is available here: it has no socket');
    expect(redis.url).toMatch(/^unix:\/\/\//);
    await clientOf(redis.url).set('said', 'by socket');
    expect(redis.tcpUrl).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/);
    expect(await clientOf(redis.urlOf('reader')).get('said')).toBe('by socket');
  });

  it('keeps a short series of candles, 81 bytes each, as a compact list', async ({ skip }) => {
    const redis = await startIn(tempDir());
    skip(redis.warning !== null, 'only the demo engine is available here: it has one encoding');
    const client = clientOf(redis.url);
    for (let at = 0; at < 100; at += 1) await client.zadd('candles', at, String(at).padEnd(81, ' '));
    expect(['listpack', 'ziplist']).toContain(await client.object('ENCODING', 'candles'));
  });

  it('has no port at all when none is wished', async ({ skip }) => {
    const redis = await startIn(tempDir(), { port: 'none' });
    skip(redis.warning !== null, 'only the demo engine is available here: it has nothing but a port');
    expect(redis.tcpUrl).toBeNull();
    expect(await clientOf(redis.url).ping()).toBe('PONG');
  });

  it('works where the path is long and has spaces', async () => {
    const dir = join(tempDir(), `it's a ${'long '.repeat(30)}name`);
    const redis = await startIn(dir);
    expect(await clientOf(redis.url).ping()).toBe('PONG');
  });

  it('is started again with its data when it dies', async ({ skip }) => {
    const dir = tempDir();
    const redis = await startIn(dir);
    skip(redis.warning !== null, 'only the demo engine is available here: it keeps nothing');
    const client = clientOf(redis.urlOf('admin'));
    await client.set('kept', 'yes');
    const { pid } = serverOf(dir);
    // Within a second every write is on disk; asked for, at once.
    await client.bgrewriteaof();
    await vi.waitUntil(
      async () => (await client.info('persistence')).includes('aof_rewrite_in_progress:0'),
      20_000,
    );
    process.kill(pid, 'SIGKILL');
    await vi.waitUntil(() => serverOf(dir).pid !== pid, 20_000);
    expect(await client.get('kept')).toBe('yes');
  });

  it('that was stopped leaves no process, no socket, no state', async () => {
    const dir = tempDir();
    const redis = await startIn(dir);
    const server = serverOf(dir);
    expect(isRunning(server)).toBe(true);
    await redis.stop();
    expect(isRunning(server)).toBe(false);
    expect(readState(dir).server).toBeNull();
    expect(existsSync(join(dir, 'run', 'redis.sock'))).toBe(false);
  });

  it('that cannot start says so with the words of its own log, and leaves the data alone', async ({
    skip,
  }) => {
    const dir = tempDir();
    const first = await startIn(dir);
    skip(first.warning !== null, 'only the demo engine is available here: it reads nothing');
    await first.stop();
    const [taken] = [createServer().listen(0, '127.0.0.1')];
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    const address = taken.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const failure = startIn(dir, { port });
    await expect(failure).rejects.toBeInstanceOf(RedisStartError);
    await expect(failure).rejects.toThrow(/Address already in use.*Its log is .*redis\.log/s);
  });
});

describe('an owner that was killed', () => {
  it('takes its server along', async () => {
    const dir = tempDir();
    const owner = await startOwner(dir);
    const server = serverOf(dir);
    expect(isRunning(server)).toBe(true);
    owner.kill('SIGKILL');
    await vi.waitUntil(() => !isRunning(server), 20_000);
  });

  it('leaves the directory to the next one at once, its server stopped first', async ({ skip }) => {
    const dir = tempDir();
    const owner = await startOwner(dir);
    const server = serverOf(dir);
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    const redis = await startIn(dir);
    expect(isRunning(server)).toBe(false);
    skip(redis.warning !== null, 'only the demo engine is available here: it keeps nothing');
    expect(await clientOf(redis.url).get('owner')).toBe('was here');
  });

  it('does not cost a stranger his process that has its number now', async () => {
    const dir = tempDir();
    const stranger = spawn('sleep', ['100'], { stdio: 'ignore' });
    onTestFinished(() => void stranger.kill('SIGKILL'));
    updateState(dir, { server: { ...NONE, pid: stranger.pid ?? 0, startedAt: 'an earlier boot:1' } });
    await startIn(dir);
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  });
});

describe('a Redis that was given', () => {
  it('is used and never stopped', async () => {
    const url = inject('redisUrl');
    const redis = await startIn(tempDir(), { url });
    expect(redis).toMatchObject({ url, isOurs: false, engine: { tier: 'url', path: null } });
    await redis.stop();
    expect(await clientOf(url).ping()).toBe('PONG');
  });

  it('that is not there is an error with what to do', async () => {
    const failure = startIn(tempDir(), { url: 'redis://:secret@127.0.0.1:1' });
    await expect(failure).rejects.toBeInstanceOf(RedisUnreachableError);
    await expect(failure).rejects.toThrow(
      /redis:\/\/\*\*\*@127\.0\.0\.1:1 does not answer.*unset REDIS_URL/s,
    );
  });

  it('that is too old is refused by version', async () => {
    const url = await serverThatSays('redis_version:5.0.14\r\n');
    const failure = startIn(tempDir(), { url });
    await expect(failure).rejects.toBeInstanceOf(RedisTooOldError);
    await expect(failure).rejects.toThrow(/redis 5\.0\.14: 6\.2\.0 or newer is needed/);
  });
});

/** Starts a Redis in a process of its own and waits until it answers. */
async function startOwner(dir: string) {
  const script = await bundledOwner();
  const owner = spawn(process.execPath, [script, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void owner.kill('SIGKILL'));
  await once(owner.stdout, 'data');
  return owner;
}

/** Answers every command with one text, the handshake of newer protocols with an error, as old servers do. */
async function serverThatSays(info: string): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      for (const command of data.toString().matchAll(/\$\d+\r\n(hello|info|client)\r\n/gi)) {
        const isInfo = command[1]?.toLowerCase() === 'info';
        socket.write(isInfo ? `$${info.length}\r\n${info}\r\n` : '-ERR unknown command\r\n');
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return `redis://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
}

/** A program that starts a Redis, writes a line when it answers, and then does nothing. */
async function bundledOwner(): Promise<string> {
  const folder = join(import.meta.dirname, '..', 'dist', `owner-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const build = await rolldown({
    input: join(import.meta.dirname, 'testing', 'owner.ts'),
    platform: 'node',
    external: /^(?!@livermore\/)[^./]/,
  });
  await build.write({ file: join(folder, 'owner.mjs'), format: 'esm' });
  await build.close();
  expect(readFileSync(join(folder, 'owner.mjs'), 'utf8')).toContain('startRedis');
  return join(folder, 'owner.mjs');
}
