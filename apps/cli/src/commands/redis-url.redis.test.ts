import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRedis } from '@livermore/cache';
import { acquireDataDir, startRedis } from '@livermore/embedded';
import type { DataDir, StartedRedis } from '@livermore/embedded';
import { silentLogger, systemClock } from '@livermore/utils';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { EXIT_CODES, exitCodeOf } from '../exit-codes';
import { captured } from '../testing/captured';
import { redisUrl } from './redis-url';
import type { RedisUrlOptions } from './redis-url';

const said = (options: RedisUrlOptions, dataDir: string) =>
  captured(async () => redisUrl(options, { dataDir }));

function failureOf(options: RedisUrlOptions, dataDir: string): unknown {
  try {
    redisUrl(options, { dataDir });
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('livermore redis-url', () => {
  let folder = '';
  let held: DataDir;
  let redis: StartedRedis;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'livermore-redis-url-'));
    held = acquireDataDir(folder, { clock: systemClock, command: 'livermore up' });
    const tools = { env: process.env, logger: silentLogger, clock: systemClock };
    redis = await startRedis({ ...tools, dataDir: held, port: 'any' });
  });

  afterAll(async () => {
    await redis.stop();
    held.release();
    rmSync(folder, { recursive: true, force: true });
  });

  it('prints one line: the address of a reader, who may read and not write', async ({ skip }) => {
    skip(!redis.hasUsers, 'only the demo engine is available here: it knows no users');
    const { out, err } = await said({}, folder);
    expect(err).toEqual([]);
    expect(out).toEqual([expect.stringMatching(/^redis:\/\/reader:[\w-]{32}@127\.0\.0\.1:\d+$/)]);
    const reader = createRedis(out[0] ?? '');
    onTestFinished(() => reader.disconnect());
    expect(await reader.get('nothing')).toBeNull();
    await expect(reader.set('a', '1')).rejects.toThrow(/^NOPERM/);
  });

  it('prints the address of a writer when it is asked for', async ({ skip }) => {
    skip(!redis.hasUsers, 'only the demo engine is available here: it knows no users');
    const { out } = await said({ writer: true, dataDir: folder }, '/nowhere');
    const writer = createRedis(out[0] ?? '');
    onTestFinished(() => writer.disconnect());
    expect(await writer.set('a', '1')).toBe('OK');
  });
});

describe('livermore redis-url where none of ours runs', () => {
  const made: string[] = [];
  const emptyFolder = () => {
    const path = mkdtempSync(join(tmpdir(), 'livermore-redis-url-'));
    made.push(path);
    return path;
  };

  afterEach(() => {
    for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
  });

  it('ends as a Redis that cannot be used, and says what to start', () => {
    const path = emptyFolder();
    const failure = failureOf({}, path);
    expect(exitCodeOf(failure)).toBe(EXIT_CODES.redis);
    expect(String(failure)).toContain(`no Redis of ours runs on ${path}: start \`livermore up\``);
  });

  it('says so of a directory whose owner was given another one', () => {
    const path = emptyFolder();
    const mine = acquireDataDir(path, { clock: systemClock, command: 'livermore up' });
    onTestFinished(() => mine.release());
    expect(String(failureOf({ writer: true }, path))).toMatch(
      /`livermore up` \(process \d+\) runs no Redis of its own .* REDIS_URL/,
    );
  });
});
