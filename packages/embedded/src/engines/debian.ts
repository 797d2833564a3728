/**
 * A real Redis without installing one: Debian's own packages, downloaded by apt (which checks their signatures),
 * unpacked into a folder of the user, run from there. Nothing on the system changes and no root is needed.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '../env';
import { makeDir } from '../make-dir';
import { EngineUnavailableError } from '../errors';
import { findProgram } from '../process/find-program';
import { lastWords, runTool } from '../process/run-tool';
import { Apt } from './apt';
import type { OnProgress, StartableEngine } from './engine';
import { missingLibraries, packagesOf } from './missing-libraries';
import { examine, libraryEnv } from './on-path';

/** `redis-tools` holds the server program itself; the rest are libraries a slim system lacks. */
const PACKAGES = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1'] as const;

/** Rounds of fetching a missing library that itself misses one. */
const MAX_LIBRARY_ROUNDS = 5;

const UNPACK_TIMEOUT_MS = 60_000;

/** Why this machine cannot do it, or null. */
export function debianObstacle(env: Env): string | null {
  const lacking = ['apt-get', 'dpkg-deb'].filter((program) => findProgram(program, env) === null);
  return lacking.length === 0 ? null : `no ${lacking.join(' and no ')} here (not a Debian or Ubuntu)`;
}

/** What was unpacked earlier, if it runs. */
export async function unpackedDebianRedis(cacheDir: string, env: Env): Promise<StartableEngine | null> {
  const folder = engineFolder(cacheDir);
  return existsSync(folder) ? engineIn(folder, env) : null;
}

/**
 * The unpacked Redis, fetched now if it is not there.
 *
 * @throws {EngineUnavailableError} not a Debian, offline, or the result does not run.
 */
export async function debianRedis(cacheDir: string, env: Env, say: OnProgress): Promise<StartableEngine> {
  const present = await unpackedDebianRedis(cacheDir, env);
  if (present !== null) return present;
  const obstacle = debianObstacle(env);
  if (obstacle !== null) throw new EngineUnavailableError(obstacle);
  say('Fetching Redis from the Debian archive (about 1.4 MB, unpacked without root, once per user).');
  makeDir(cacheDir);
  const workDir = mkdtempSync(join(cacheDir, 'unpacking-'));
  try {
    const tree = await unpack(workDir, env, say);
    await settle(tree, engineFolder(cacheDir), env);
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
  const engine = await unpackedDebianRedis(cacheDir, env);
  if (engine === null) throw new EngineUnavailableError('the unpacked Redis does not run on this machine');
  return engine;
}

async function unpack(workDir: string, env: Env, say: OnProgress): Promise<string> {
  const apt = new Apt(env, workDir);
  const tree = join(workDir, 'tree');
  const onUpdate = () => say('Fetching package lists (the system has none that are current).');
  await extract(await apt.download(PACKAGES, onUpdate), tree, env);
  for (let round = 0; round < MAX_LIBRARY_ROUNDS; round += 1) {
    const missing = await librariesMissingIn(tree, env);
    if (missing.length === 0) return tree;
    for (const library of missing) await extract(await downloadLibrary(apt, library), tree, env);
  }
  throw new EngineUnavailableError('libraries of the unpacked Redis are still missing', { tree });
}

async function downloadLibrary(apt: Apt, library: string): Promise<string[]> {
  for (const name of packagesOf(library)) {
    const archives = await apt.download([name], () => undefined).catch(() => []);
    if (archives.length > 0) return archives;
  }
  throw new EngineUnavailableError(`Redis needs ${library}, which no known package holds`, { library });
}

async function extract(archives: readonly string[], tree: string, env: Env): Promise<void> {
  for (const archive of archives) {
    const { code, output } = await runTool('dpkg-deb', ['-x', archive, tree], {
      env,
      timeoutMs: UNPACK_TIMEOUT_MS,
    });
    if (code !== 0) throw new EngineUnavailableError(`dpkg-deb failed: ${lastWords(output)}`, { archive });
  }
}

async function librariesMissingIn(tree: string, env: Env): Promise<string[]> {
  const { stdout } = await runTool('ldd', [serverIn(tree)], {
    env: { ...env, ...libraryEnv(libraryDirs(tree)) },
    timeoutMs: UNPACK_TIMEOUT_MS,
  });
  return missingLibraries(stdout);
}

/** One rename makes it visible, complete. Where another process was faster, its tree stays if it runs. */
async function settle(tree: string, folder: string, env: Env): Promise<void> {
  if (existsSync(folder) && (await engineIn(folder, env)) !== null) return;
  rmSync(folder, { recursive: true, force: true });
  try {
    renameSync(tree, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}

async function engineIn(folder: string, env: Env): Promise<StartableEngine | null> {
  const examined = await examine(serverIn(folder), { tier: 'debian', env, libraryDirs: libraryDirs(folder) });
  return examined.kind === 'usable' ? examined.engine : null;
}

function serverIn(tree: string): string {
  return join(tree, 'usr', 'bin', 'redis-server');
}

/** The library folders of an unpacked tree, e.g. `usr/lib/x86_64-linux-gnu`. */
function libraryDirs(tree: string): string[] {
  return ['usr/lib', 'lib'].flatMap((base) => {
    const folder = join(tree, base);
    if (!existsSync(folder)) return [];
    const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [folder, ...entries.filter((e) => e.name.includes('-linux-')).map((e) => join(folder, e.name))];
  });
}

/** One folder per release and processor: a home shared by machines holds one for each. */
function engineFolder(cacheDir: string): string {
  return join(cacheDir, `redis-${releaseName()}-${process.arch}`);
}

function releaseName(): string {
  try {
    const text = readFileSync('/etc/os-release', 'utf8');
    const field = (name: string) => new RegExp(`^${name}="?([\\w.-]+)`, 'm').exec(text)?.[1] ?? 'unknown';
    return `${field('ID')}-${field('VERSION_ID')}`;
  } catch {
    return 'unknown';
  }
}
