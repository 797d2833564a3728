/** One server process of ours: started, waited for, stopped. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@livermore/utils';
import type { StartableEngine } from '../engines/engine';
import { JAVASCRIPT_SERVER_SCRIPT } from '../engines/javascript';
import { RedisStartError } from '../errors';
import { watch } from '../process/watchdog';
import { serverFlags, type ServerPlace } from './flags';
import { probe } from './probe';
import { withoutSecret } from './redis-url';

/** A server gets this long to answer at all, and this long to read its data from disk. */
const START_DEADLINE_MS = 20_000;
const LOADING_DEADLINE_MS = 10 * 60_000;
const POLL_MS = 15;
/** A stopping server writes out its log; one that takes longer than this is killed. */
const STOP_DEADLINE_MS = 15_000;
const LOG_TURNOVER_BYTES = 1024 * 1024;

export interface ServerProcess {
  readonly pid: number;
  /** Settles when the process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  hasEnded(): boolean;
  /** Asks it to stop, makes it after a while, and waits. */
  stop(): Promise<void>;
}

/** Starts the engine. It may not be ready yet, or fail at once: see `untilReady`. */
export function spawnServer(
  engine: StartableEngine,
  place: ServerPlace,
  options: { readonly clock: Clock; readonly logFile: string },
): ServerProcess {
  rmSync(place.socketPath, { force: true });
  const log = openLog(options.logFile);
  const child = launch(engine, place, log);
  closeSync(log);
  return supervised(child, options.clock);
}

/** The last lines of a server's log, for the end of a sentence. */
export function lastLogLines(logFile: string, lines = 4): string {
  if (!existsSync(logFile)) return '';
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join(' | ').slice(-600);
}

/**
 * Resolves when the server answers and has its data.
 *
 * @throws {RedisStartError} it ended, or does not answer in time.
 */
export async function untilReady(server: ServerProcess, url: string, clock: Clock): Promise<void> {
  const startedAt = clock.monotonicMs();
  for (;;) {
    const answer = await probe(url);
    if (answer.kind === 'ready') return;
    const deadlineMs = answer.kind === 'loading' ? LOADING_DEADLINE_MS : START_DEADLINE_MS;
    if (server.hasEnded())
      throw new RedisStartError('the server ended while it was starting', {
        url: withoutSecret(url),
      });
    if (clock.monotonicMs() - startedAt > deadlineMs) {
      const shown = { url: withoutSecret(url) };
      throw new RedisStartError(`the server did not become ready in ${deadlineMs / 1000} s`, shown);
    }
    await clock.sleep(POLL_MS);
  }
}

function launch(engine: StartableEngine, place: ServerPlace, log: number): ChildProcess {
  const common = { env: { ...engine.env, PATH: '/usr/bin:/bin', LC_ALL: 'C' }, detached: true };
  if (engine.tier === 'javascript') {
    const args = ['--input-type=module', '-e', JAVASCRIPT_SERVER_SCRIPT, String(place.port)];
    return spawn(process.execPath, args, { ...common, cwd: engine.path, stdio: ['pipe', log, log] });
  }
  return spawn(engine.path, serverFlags(place), { ...common, cwd: place.dir, stdio: ['ignore', log, log] });
}

function supervised(child: ChildProcess, clock: Clock): ServerProcess {
  let isOver = false;
  const ended = new Promise<void>((resolve) => {
    const over = () => {
      isOver = true;
      resolve();
    };
    child.once('exit', over);
    child.once('error', over);
  });
  child.unref();
  child.stdin?.on('error', () => undefined);
  const pid = child.pid ?? 0;
  const watchdog = child.stdin === null && pid > 0 ? watch(pid) : null;
  void ended.then(() => watchdog?.dismiss());
  const stop = async () => {
    if (isOver) return;
    // Now its end is waited for: whoever waits must still be there when it comes.
    child.ref();
    child.kill('SIGTERM');
    const cancel = clock.setTimer(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
    await ended;
    cancel();
  };
  return { pid, ended, hasEnded: () => isOver, stop };
}

/** Appends; a log that has grown is set aside first, so that two files are the most there ever are. */
function openLog(logFile: string): number {
  if (existsSync(logFile) && statSync(logFile).size > LOG_TURNOVER_BYTES) renameSync(logFile, `${logFile}.1`);
  return openSync(logFile, 'a', 0o600);
}

/** The log of the server of a data directory. */
export function logFileOf(dataDir: string): string {
  return join(dataDir, 'redis.log');
}
