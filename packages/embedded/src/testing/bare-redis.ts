import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@livermore/utils';
import { defaultCacheDir } from '../data-dir';
import { chooseEngine } from '../engines/choose-engine';
import type { Env } from '../env';
import { freePort } from '../server/port';
import { probe } from '../server/probe';

export interface BareRedis {
  readonly port: number;
  /** Ends it, and resolves when it has ended. A folder of its own goes with it. */
  stop(): Promise<void>;
}

const START_DEADLINE_MS = 20_000;
const POLL_MS = 20;

/**
 * A Redis as somebody else would run it: on a loopback port, with these flags and nothing of ours. `null` where this
 * machine has no server program but the demo engine.
 */
export async function startBareRedis(options: {
  readonly env: Env;
  readonly flags?: readonly string[];
  /** Its folder; one of its own when absent. */
  readonly dir?: string;
}): Promise<BareRedis | null> {
  const engine = await chooseEngine({
    env: options.env,
    cacheDir: defaultCacheDir(options.env),
    writtenBy: null,
    tiers: ['path', 'debian'],
    logger: silentLogger,
    onProgress: () => undefined,
  }).catch(() => null);
  if (engine === null) return null;
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'livermore-bare-'));
  const port = await freePort();
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', ''];
  const server = spawn(engine.path, [...flags, ...(options.flags ?? [])], {
    env: { ...engine.env },
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) => void server.once('exit', () => resolve()));
  const stop = async () => {
    server.kill('SIGTERM');
    await ended;
    if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
  };
  const deadline = systemClock.monotonicMs() + START_DEADLINE_MS;
  for (;;) {
    const answer = await probe(`redis://127.0.0.1:${port}`);
    // One that asks for a password is there, too.
    if (answer.kind === 'ready' || (answer.kind === 'silent' && answer.reason.startsWith('NOAUTH'))) break;
    if (systemClock.monotonicMs() > deadline || server.exitCode !== null) {
      await stop();
      throw new Error(`a bare Redis did not start with ${flags.join(' ')}`);
    }
    await systemClock.sleep(POLL_MS);
  }
  return { port, stop };
}
