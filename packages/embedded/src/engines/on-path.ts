import { delimiter } from 'node:path';
import type { Env } from '../env';
import { findProgram } from '../process/find-program';
import { runTool } from '../process/run-tool';
import type { StartableEngine, Tier } from './engine';
import { isNewEnough, MIN_REDIS_VERSION, parseVersionLine } from './version';

/** Servers that speak the protocol and keep an append-only file, in the order they are looked for. */
const SERVER_PROGRAMS = ['valkey-server', 'redis-server', 'keydb-server'] as const;

const VERSION_TIMEOUT_MS = 5_000;

/** What asking a binary for its version came to: an engine, or why it is not one. */
export type Examined =
  | { readonly kind: 'usable'; readonly engine: StartableEngine }
  | { readonly kind: 'unusable'; readonly reason: string };

/** Every server program on the PATH, examined. */
export async function enginesOnPath(env: Env): Promise<Examined[]> {
  const paths = SERVER_PROGRAMS.map((name) => findProgram(name, env)).filter((path) => path !== null);
  return Promise.all(paths.map((path) => examine(path, { tier: 'path', env })));
}

export interface ExamineOptions {
  readonly tier: Tier;
  readonly env: Env;
  readonly libraryDirs?: readonly string[];
}

/** Runs `<path> --version`: does it start at all, and is it new enough? */
export async function examine(path: string, options: ExamineOptions): Promise<Examined> {
  const env = libraryEnv(options.libraryDirs ?? []);
  const { code, stdout } = await runTool(path, ['--version'], {
    env: { ...options.env, ...env },
    timeoutMs: VERSION_TIMEOUT_MS,
  });
  const found = code === 0 ? parseVersionLine(stdout) : null;
  if (found === null) return { kind: 'unusable', reason: `${path} does not start` };
  if (!isNewEnough(found)) {
    return { kind: 'unusable', reason: `${path} is ${found.version}, older than ${MIN_REDIS_VERSION}` };
  }
  const engine = { ...found, tier: options.tier, path, env, isPersistent: true, hasUsers: true };
  return { kind: 'usable', engine };
}

/** Where the dynamic linker is to look first. */
export function libraryEnv(dirs: readonly string[]): Record<string, string> {
  return dirs.length === 0 ? {} : { LD_LIBRARY_PATH: dirs.join(delimiter) };
}
