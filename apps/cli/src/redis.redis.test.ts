import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CliConfig } from './config';
import { openRedis } from './redis';

const config = (dataDir: string): CliConfig => ({
  redisUrl: undefined,
  dataDir,
  logLevel: 'silent',
  env: process.env,
});

describe('a data directory', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'livermore-cli-'));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    'with blank é/x',
    "it's",
    'say "so"',
    'what?',
    '50%20',
    'a#b',
    String.raw`back\slash`,
    'tab\there',
    '-dash',
    `${'long '.repeat(30)}name`,
  ])('may be called %j', async (name) => {
    const dataDir = join(folder, name);
    const opened = await openRedis({ dataDir }, config(dataDir), 'a test');
    try {
      await opened.redis.set('said', name);
      expect(await opened.redis.get('said')).toBe(name);
    } finally {
      await opened.close();
    }
    const again = await openRedis({ dataDir }, config(dataDir), 'a test');
    expect(await again.redis.get('said')).toBe(name);
    await again.close();
  });
});
