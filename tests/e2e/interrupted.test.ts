import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { usePrivateRedis } from './lib/private-redis';

const PROGRAM = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'bin', 'livermore.mjs');
/** The first run may build. */
const BUILD_MS = 60_000;

/** A venue that takes connections and never says a word. */
let venue: Server;
let address: readonly string[];
let folder: string;
const redisUrl = usePrivateRedis();

beforeAll(async () => {
  spawnSync(process.execPath, [PROGRAM, '--version']);
  folder = mkdtempSync(join(tmpdir(), 'livermore-interrupted-'));
  venue = createServer((socket) => socket.on('error', () => undefined));
  venue.listen(0, '127.0.0.1');
  await once(venue, 'listening');
  const bound = venue.address();
  if (bound === null || typeof bound === 'string') throw new Error('the venue has no port');
  const host = `127.0.0.1:${bound.port}`;
  address = ['--rest-url', `http://${host}`, '--ws-url', `ws://${host}`];
}, BUILD_MS);

afterAll(() => {
  venue.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a command, and asks it to stop once it has asked the venue. */
async function interrupted(args: readonly string[], signal: NodeJS.Signals) {
  const asked = once(venue, 'connection');
  const child = spawn(process.execPath, [PROGRAM, ...args, ...address], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = text(child.stderr);
  const closed = once(child, 'close');
  await asked;
  child.kill(signal);
  const [code] = await closed;
  const lines = (await said).split('\n').filter((line) => line !== '' && !line.startsWith('{"level"'));
  return { code, lines };
}

describe.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s before the venue has answered', (signal, code) => {
  it.each([
    ['symbols', () => ['symbols', 'binance']],
    ['warmup', () => ['warmup', 'binance', '--redis', redisUrl()]],
    ['node', () => ['node', 'binance', '--redis', redisUrl(), '--metrics-port', '0']],
    [
      'up',
      () => [
        'up',
        '--exchange',
        'binance',
        '--redis',
        redisUrl(),
        '--metrics-port',
        '0',
        '--data-dir',
        folder,
      ],
    ],
  ])(
    `ends %s with exit code ${code} and one sentence`,
    async (_name, args) => {
      const { code: ended, lines } = await interrupted(args(), signal);
      expect(ended).toBe(code);
      expect(lines).toEqual([
        expect.stringMatching(new RegExp(`^Interrupted \\(${signal}\\) before .+\\.$`)),
      ]);
    },
    BUILD_MS,
  );
});
