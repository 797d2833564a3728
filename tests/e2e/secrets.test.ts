import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRedis } from '@livermore/cache';
import { startBareRedis } from '@livermore/embedded/testing';
import { describe, expect, it, onTestFinished } from 'vitest';

/** A password is looked for in everything that the command line writes, and in the arguments of every process. */

const LIVERMORE = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'bin', 'livermore.mjs');
const CANARY = 'canary-5d1c7e';

interface Run {
  /** All it said so far, on both streams. */
  said(): string;
  /** Resolves when it has said this. */
  hears(text: string): Promise<void>;
  /** Asks it to stop, and waits. */
  stop(): Promise<number | null>;
  readonly ended: Promise<number | null>;
}

function livermore(args: readonly string[], env: Readonly<Record<string, string>> = {}): Run {
  const { REDIS_URL: _unset, ...inherited } = process.env;
  const child = spawn(process.execPath, [LIVERMORE, ...args], {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const waiting: { readonly wanted: string; readonly resolve: () => void }[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      text += data.toString('utf8');
      for (const { wanted, resolve } of waiting) if (text.includes(wanted)) resolve();
    });
  }
  const ended = new Promise<number | null>((resolve) => void child.once('close', resolve));
  onTestFinished(async () => {
    child.kill('SIGINT');
    await ended;
  });
  return {
    said: () => text,
    ended,
    hears: (wanted) =>
      new Promise((resolve, reject) => {
        waiting.push({ wanted, resolve });
        if (text.includes(wanted)) resolve();
        void ended.then((code) => reject(new Error(`ended with ${code}: ${text}`)));
      }),
    stop: () => {
      child.kill('SIGINT');
      return ended;
    },
  };
}

function emptyFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'livermore-secrets-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** The arguments of every process on this machine that may be looked at; none where there is no `/proc`. */
function commandLines(): readonly string[] {
  if (!existsSync('/proc/self/cmdline')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        // It ended meanwhile.
        return '';
      }
    });
}

/** Files under a folder that hold one of these texts. */
function filesHolding(folder: string, texts: readonly string[]): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const path = join(folder, name);
    if (!statSync(path).isFile()) return false;
    const content = readFileSync(path, 'latin1');
    return texts.some((text) => content.includes(text));
  });
}

describe('a password in REDIS_URL', () => {
  it('is in no argument, no log and nothing that is said', async ({ skip }) => {
    const server = await startBareRedis({ env: process.env });
    skip(server === null, 'this machine has no server program but the demo engine');
    if (server === null) return;
    onTestFinished(() => server.stop());
    const admin = createRedis(`redis://127.0.0.1:${server.port}`);
    await admin.config('SET', 'requirepass', CANARY);
    admin.disconnect();
    const env = { REDIS_URL: `redis://:${CANARY}@127.0.0.1:${server.port}`, LIVERMORE_LOG_LEVEL: 'debug' };
    const folder = emptyFolder();
    const up = livermore(['up', '--data-dir', folder, '--metrics-port', '0'], env);
    await up.hears('Live.');
    const looks = [
      livermore(['candles', 'sandbox', 'BTCUSDT', '1m', '--data-dir', folder], env),
      livermore(['doctor', '--data-dir', folder], env),
      livermore(['redis-url', '--data-dir', folder], env),
    ];
    expect(commandLines().filter((line) => line.includes(CANARY))).toEqual([]);
    await Promise.all(looks.map(({ ended }) => ended));
    expect(await up.stop()).toBe(0);
    for (const each of [up, ...looks]) expect(each.said()).not.toContain(CANARY);
    expect(filesHolding(folder, [CANARY])).toEqual([]);
  });

  it('that is wrong is not repeated by what fails', async ({ skip }) => {
    const server = await startBareRedis({ env: process.env });
    skip(server === null, 'this machine has no server program but the demo engine');
    if (server === null) return;
    onTestFinished(() => server.stop());
    const folder = emptyFolder();
    const urls = [`redis://ann:${CANARY}@127.0.0.1:${server.port}`, `redis://ann:${CANARY}@127.0.0.1:1`];
    for (const url of urls) {
      for (const command of [
        ['up', '--metrics-port', '0', '--data-dir', folder],
        ['node', 'sandbox', '--metrics-port', '0'],
        ['candles', 'sandbox', 'BTCUSDT', '1m'],
      ]) {
        // A node waits for a Redis that is not there, as one that is started before it may.
        if (command[0] === 'node' && url.endsWith(':1')) continue;
        const run = livermore(command, { REDIS_URL: url });
        expect([command[0], await run.ended]).toEqual([command[0], 5]);
        expect(run.said()).not.toContain(CANARY);
      }
    }
  });
});

describe('the passwords of a Redis of ours', () => {
  it('are in one file, and in nothing that is said but by redis-url', async ({ skip }) => {
    const folder = emptyFolder();
    const up = livermore(['up', '--data-dir', folder, '--metrics-port', '0'], {
      LIVERMORE_LOG_LEVEL: 'debug',
    });
    await up.hears('Live.');
    const asked = livermore(['redis-url', '--data-dir', folder]);
    expect(await asked.ended).toBe(0);
    const reader = new URL(asked.said().trim()).password;
    skip(reader === '', 'only the demo engine is available here: it knows no users');
    const kept = readFileSync(join(folder, 'redis-users.json'), 'utf8');
    const secrets = [...kept.matchAll(/"([\w-]{32})"/g)].flatMap(([, secret]) => secret ?? []);
    expect(secrets).toHaveLength(2);
    expect(secrets).toContain(reader);
    expect(commandLines().filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([]);
    expect(await up.stop()).toBe(0);
    for (const secret of secrets) expect(up.said()).not.toContain(secret);
    expect(filesHolding(folder, secrets)).toEqual(['redis-users.json']);
  });
});
