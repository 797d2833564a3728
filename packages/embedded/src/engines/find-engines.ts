import type { Env } from '../env';
import { probe } from '../server/probe';
import { debianObstacle, unpackedDebianRedis } from './debian';
import type { StartableEngine, Tier } from './engine';
import { installCommand } from './install-advice';
import { DOWNLOAD_SIZE, hasJavascriptEngine } from './javascript';
import { findNpm } from '../process/find-program';
import { enginesOnPath, type Examined } from './on-path';
import { isNewEnough, MIN_REDIS_VERSION } from './version';

/** What one step of the chain has to offer on this machine. */
export interface EngineFinding {
  readonly tier: Tier | 'system-package';
  /** `ready`: usable as it is. `possible`: would be fetched, or needs your consent. */
  readonly state: 'ready' | 'possible' | 'unavailable';
  /** A sentence for a person. */
  readonly detail: string;
}

export interface FindEnginesOptions {
  readonly env: Env;
  /** Where fetched engines are kept. */
  readonly cacheDir: string;
  /** The URL the operator gave, if any. */
  readonly url?: string | undefined;
}

/** Looks at every step of the chain and changes nothing; a URL that was given is connected to once. */
export async function findEngines(options: FindEnginesOptions): Promise<EngineFinding[]> {
  const [url, onPath, debian] = await Promise.all([
    urlFinding(options.url),
    enginesOnPath(options.env),
    debianFinding(options),
  ]);
  return [url, ...pathFindings(onPath), debian, systemFinding(options.env), javascriptFinding(options)];
}

async function urlFinding(url: string | undefined): Promise<EngineFinding> {
  if (url === undefined) return { tier: 'url', state: 'unavailable', detail: 'REDIS_URL is not set.' };
  const answer = await probe(url);
  if (answer.kind === 'silent') {
    return {
      tier: 'url',
      state: 'unavailable',
      detail: `The Redis of REDIS_URL does not answer: ${answer.reason}.`,
    };
  }
  if (answer.kind === 'loading') {
    return { tier: 'url', state: 'possible', detail: 'The Redis of REDIS_URL is still loading its data.' };
  }
  const { name, version } = answer.version;
  return isNewEnough(answer.version)
    ? { tier: 'url', state: 'ready', detail: `${name} ${version} answers at REDIS_URL.` }
    : {
        tier: 'url',
        state: 'unavailable',
        detail: `${name} ${version} at REDIS_URL is older than ${MIN_REDIS_VERSION}.`,
      };
}

function pathFindings(examined: readonly Examined[]): EngineFinding[] {
  if (examined.length === 0) {
    const detail = 'No valkey-server, redis-server or keydb-server on the PATH.';
    return [{ tier: 'path', state: 'unavailable', detail }];
  }
  return examined.map((it) =>
    it.kind === 'usable' ? ready(it.engine) : { tier: 'path', state: 'unavailable', detail: `${it.reason}.` },
  );
}

async function debianFinding(options: FindEnginesOptions): Promise<EngineFinding> {
  const unpacked = await unpackedDebianRedis(options.cacheDir, options.env);
  if (unpacked !== null) return ready(unpacked);
  const obstacle = debianObstacle(options.env);
  if (obstacle !== null)
    return { tier: 'debian', state: 'unavailable', detail: `Debian packages: ${obstacle}.` };
  const detail = 'Debian packages can be unpacked without root (about 1.4 MB to fetch).';
  return { tier: 'debian', state: 'possible', detail };
}

function systemFinding(env: Env): EngineFinding {
  const command = installCommand(env);
  return command === null
    ? { tier: 'system-package', state: 'unavailable', detail: 'No package manager that is known here.' }
    : { tier: 'system-package', state: 'possible', detail: `If you want it on the system: ${command}` };
}

function javascriptFinding({ env, cacheDir }: FindEnginesOptions): EngineFinding {
  const note = 'demo engine in JavaScript, no persistence';
  if (hasJavascriptEngine(cacheDir)) return { tier: 'javascript', state: 'ready', detail: `The ${note}.` };
  return findNpm(env) === null
    ? { tier: 'javascript', state: 'unavailable', detail: `The ${note}: npm was not found.` }
    : {
        tier: 'javascript',
        state: 'possible',
        detail: `The ${note}, can be fetched from npm (${DOWNLOAD_SIZE}).`,
      };
}

function ready(engine: StartableEngine): EngineFinding {
  return { tier: engine.tier, state: 'ready', detail: `${engine.name} ${engine.version} at ${engine.path}.` };
}
