/**
 * The last resort: a server written in JavaScript. It needs npm only, keeps nothing on disk and is far slower, so
 * it is announced as a demo engine. It is installed on demand into a prefix of its own: listed in a workspace, its
 * peer dependency would change which Redis client everyone gets.
 */
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Env } from '../env';
import { EngineUnavailableError } from '../errors';
import { makeDir } from '../make-dir';
import { findNpm } from '../process/find-program';
import { lastWords, runTool } from '../process/run-tool';
import type { OnProgress, StartableEngine } from './engine';
import { ENGINE_PACKAGE, ENGINE_VERSION, PINNED, lockfileText, manifestText } from './javascript-lock';

const INSTALL_TIMEOUT_MS = 120_000;

/** What comes over the line, and what it is on disk. */
export const DOWNLOAD_SIZE = 'about 2 MB, 9 MB on disk';

/** Said wherever this engine is used. */
export const DEMO_BANNER =
  'DEMO ENGINE, NO PERSISTENCE: candles live in memory only and are gone after a restart, and it knows no users, so every program on this machine may read and change them. ' +
  'Install Redis or Valkey, or set REDIS_URL, to keep them.';

/** The prefix it is installed in. */
export function javascriptEngineDir(cacheDir: string): string {
  return join(cacheDir, `${ENGINE_PACKAGE}-${ENGINE_VERSION}`);
}

/** Whether it lies there, whole and as pinned. */
export function hasJavascriptEngine(cacheDir: string): boolean {
  return isAsPinned(javascriptEngineDir(cacheDir));
}

const PackageSchema = z.object({ version: z.string(), integrity: z.string().optional() });
const InstalledSchema = z.object({ packages: z.record(z.string(), PackageSchema) });

/** npm leaves word of what it installed; the packages themselves must say the same. */
function isAsPinned(prefix: string): boolean {
  const modules = join(prefix, 'node_modules');
  const installed = InstalledSchema.safeParse(readJson(join(modules, '.package-lock.json'))).data?.packages;
  return Object.entries(PINNED).every(([name, { version, integrity }]) => {
    const told = installed?.[`node_modules/${name}`];
    const own = PackageSchema.safeParse(readJson(join(modules, name, 'package.json'))).data;
    return told?.integrity === integrity && told.version === version && own?.version === version;
  });
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * The JavaScript engine, installed now if it is not there.
 *
 * @throws {EngineUnavailableError} no npm, npm failed, or what it gave is not what is pinned.
 */
export async function javascriptEngine(
  cacheDir: string,
  env: Env,
  say: OnProgress,
): Promise<StartableEngine> {
  if (!hasJavascriptEngine(cacheDir)) await install(cacheDir, env, say);
  return {
    tier: 'javascript',
    name: ENGINE_PACKAGE,
    version: ENGINE_VERSION,
    redisVersion: '8.0.0',
    path: javascriptEngineDir(cacheDir),
    env: {},
    isPersistent: false,
    hasUsers: false,
  };
}

async function install(cacheDir: string, env: Env, say: OnProgress): Promise<void> {
  const npm = findNpm(env);
  if (npm === null) throw new EngineUnavailableError('npm was not found');
  const prefix = javascriptEngineDir(cacheDir);
  if (existsSync(prefix)) say(`What lies in ${prefix} is not the one that is pinned: it is fetched anew.`);
  say(
    `Fetching the demo engine ${ENGINE_PACKAGE} ${ENGINE_VERSION} from npm (${DOWNLOAD_SIZE}, once per user).`,
  );
  makeDir(cacheDir);
  const workDir = mkdtempSync(join(cacheDir, 'fetching-'));
  try {
    await installIn(workDir, npm, env);
    settle(workDir, prefix);
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
  say('Fetched it.');
}

/** `npm ci` compares every package with the hash in the lockfile before it is unpacked. */
async function installIn(workDir: string, npm: string, env: Env): Promise<void> {
  writeFileSync(join(workDir, 'package.json'), manifestText());
  writeFileSync(join(workDir, 'package-lock.json'), lockfileText());
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const patience = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-timeout=20000'];
  const alone = ['--ignore-scripts', '--legacy-peer-deps', '--workspaces=false', '--engine-strict=false'];
  const args = ['ci', '--prefix', workDir, ...quiet, ...patience, ...alone];
  const { code, output } = await runTool(process.execPath, [npm, ...args], {
    env: withoutNpmSettings(env),
    cwd: workDir,
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  if (code !== 0)
    throw new EngineUnavailableError(`npm could not install ${ENGINE_PACKAGE}: ${lastWords(output)}`);
  if (!isAsPinned(workDir)) {
    throw new EngineUnavailableError(`what npm gave for ${ENGINE_PACKAGE} is not the one that is pinned`);
  }
}

/** One rename makes it visible, complete. Where another process was faster, its own stays if it is as pinned. */
function settle(workDir: string, prefix: string): void {
  if (isAsPinned(prefix)) return;
  rmSync(prefix, { recursive: true, force: true });
  try {
    renameSync(workDir, prefix);
  } catch (error) {
    if (!isAsPinned(prefix)) throw error;
  }
}

/** Under `npm start` the outer npm hands its prefix and workspace down; the user's own settings stay. */
function withoutNpmSettings(env: Env): Env {
  const inherited = /^npm_(config_(local_prefix|prefix|workspace|workspaces)$|package_|lifecycle_)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !inherited.test(name)));
}

/** Bound to loopback (on its own it listens on every interface); ends with the pipe from its parent. */
export const JAVASCRIPT_SERVER_SCRIPT = `
const net = await import('node:net');
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (port) { return listen.call(this, port, '127.0.0.1'); };
const { createRedisServer } = await import('${ENGINE_PACKAGE}');
await createRedisServer({ port: Number(process.argv[1]) });
process.stdin.on('end', () => process.exit(0)).resume();
`;
