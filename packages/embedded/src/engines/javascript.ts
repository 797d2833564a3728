/**
 * The last resort: a server written in JavaScript. It needs npm only, keeps nothing on disk and is far slower, so
 * it is announced as a demo engine. It is installed on demand into a prefix of its own: listed in a workspace, its
 * peer dependency would change which Redis client everyone gets.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '../env';
import { EngineUnavailableError } from '../errors';
import { findNpm } from '../process/find-program';
import { lastWords, runTool } from '../process/run-tool';
import type { OnProgress, StartableEngine } from './engine';

const PACKAGE = 'js-redis-server';
const VERSION = '0.3.0';
const INSTALL_TIMEOUT_MS = 120_000;

/** Said wherever this engine is used. */
export const DEMO_BANNER =
  'DEMO ENGINE, NO PERSISTENCE: candles live in memory only and are gone after a restart, and it knows no users, so every program on this machine may read and change them. ' +
  'Install Redis or Valkey, or set REDIS_URL, to keep them.';

/** The prefix it is installed in. */
export function javascriptEngineDir(cacheDir: string): string {
  return join(cacheDir, `${PACKAGE}-${VERSION}`);
}

export function hasJavascriptEngine(cacheDir: string): boolean {
  return existsSync(join(javascriptEngineDir(cacheDir), 'node_modules', PACKAGE, 'package.json'));
}

/**
 * The JavaScript engine, installed now if it is not there.
 *
 * @throws {EngineUnavailableError} no npm, or npm failed.
 */
export async function javascriptEngine(
  cacheDir: string,
  env: Env,
  say: OnProgress,
): Promise<StartableEngine> {
  if (!hasJavascriptEngine(cacheDir)) await install(cacheDir, env, say);
  return {
    tier: 'javascript',
    name: PACKAGE,
    version: VERSION,
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
  mkdirSync(prefix, { recursive: true, mode: 0o700 });
  say(`Fetching the demo engine ${PACKAGE} ${VERSION} from npm (about 10 MB, once per user).`);
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const patience = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-timeout=20000'];
  const alone = ['--ignore-scripts', '--legacy-peer-deps', '--workspaces=false', '--engine-strict=false'];
  const args = ['install', `${PACKAGE}@${VERSION}`, '--prefix', prefix, ...quiet, ...patience, ...alone];
  const { code, output } = await runTool(process.execPath, [npm, ...args], {
    env: withoutNpmSettings(env),
    cwd: prefix,
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
  if (code !== 0) throw new EngineUnavailableError(`npm install ${PACKAGE} failed: ${lastWords(output)}`);
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
const { createRedisServer } = await import('${PACKAGE}');
await createRedisServer({ port: Number(process.argv[1]) });
process.stdin.on('end', () => process.exit(0)).resume();
`;
