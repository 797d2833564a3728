import { statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { dataDirHolder, defaultCacheDir, findEngines } from '@livermore/embedded';
import { messageOf } from '@livermore/utils';
import type { CliConfig } from '../config';
import { EXIT_CODES } from '../exit-codes';
import { json, line, styled } from '../output/print';
import { warningsOf } from '../redis';
import { withoutSecrets } from '../secrets';

export interface DoctorOptions {
  readonly dataDir?: string;
  readonly redis?: string;
  readonly metricsPort: number;
  readonly json?: boolean;
}

interface Finding {
  readonly what: string;
  readonly state: 'ok' | 'possible' | 'trouble';
  readonly detail: string;
}

const GIB = 1024 ** 3;
const LEAST_FREE_GIB = 1;
const RECOMMENDED_NODE = 24;

/** Says what was found on this machine and what would be used. Looks only. @returns the exit code */
export async function doctor(options: DoctorOptions, config: CliConfig): Promise<number> {
  const dataDir = options.dataDir ?? config.dataDir;
  const engines = await findEngines({
    env: config.env,
    cacheDir: defaultCacheDir(config.env),
    url: options.redis ?? config.redisUrl,
  });
  const usable =
    engines.find((engine) => engine.state === 'ready') ??
    engines.find((engine) => engine.state === 'possible');
  const findings: Finding[] = [
    nodeFinding(),
    ...engines.map((engine): Finding => ({
      what: `Redis: ${engine.tier}`,
      state: engine.state === 'ready' ? 'ok' : 'possible',
      detail: `${engine.detail}${engine === usable ? ' ← would be used' : ''}`,
    })),
    ...(await givenFindings(options.redis ?? config.redisUrl, engines[0]?.state === 'ready')),
    holderFinding(dataDir),
    diskFinding(dataDir),
    await portFinding(options.metricsPort),
  ];
  if (usable === undefined) {
    findings.push({
      what: 'Redis',
      state: 'trouble',
      detail: 'No Redis can be had: install redis-server or valkey-server, or set REDIS_URL.',
    });
  }
  if (options.json === true) json({ dataDir, findings });
  else for (const finding of findings) line(`${mark(finding)} ${finding.what}: ${finding.detail}`);
  return findings.some((finding) => finding.state === 'trouble') ? EXIT_CODES.failure : EXIT_CODES.ok;
}

function mark({ state }: Finding): string {
  if (state === 'ok') return styled('green', '✔');
  return state === 'trouble' ? styled('red', '✖') : styled('dim', '·');
}

function nodeFinding(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  const advice = major < RECOMMENDED_NODE ? ` (works; ${RECOMMENDED_NODE} is recommended)` : '';
  return {
    what: 'Node',
    state: 'ok',
    detail: `${process.version} on ${process.platform} ${process.arch}${advice}`,
  };
}

/** What the operator of the Redis that was given should know; nothing where it does not answer, which is said already. */
async function givenFindings(url: string | undefined, answers: boolean): Promise<readonly Finding[]> {
  if (url === undefined || !answers) return [];
  try {
    const warnings = await warningsOf({ url, isOurs: false });
    return warnings.map((detail) => ({ what: 'Your Redis', state: 'possible', detail }));
  } catch (error) {
    return [{ what: 'Your Redis', state: 'trouble', detail: withoutSecrets(messageOf(error)) }];
  }
}

function holderFinding(dataDir: string): Finding {
  const holder = dataDirHolder(dataDir);
  const detail =
    holder === null
      ? `${dataDir}, free`
      : `${dataDir}, held by ${holder.command} (process ${holder.pid} on ${holder.host}, since ${holder.since})`;
  return { what: 'Data directory', state: 'ok', detail };
}

/** Free space where the data directory is, or where it would be made. */
function diskFinding(dataDir: string): Finding {
  for (let path = dataDir; ; path = dirname(path)) {
    try {
      const { bavail, bsize } = statfsSync(path);
      const free = (bavail * bsize) / GIB;
      return {
        what: 'Disk',
        state: free < LEAST_FREE_GIB ? 'trouble' : 'ok',
        detail: `${free.toFixed(1)} GiB free at ${path}`,
      };
    } catch {
      if (dirname(path) === path) return { what: 'Disk', state: 'possible', detail: 'free space is unknown' };
    }
  }
}

function portFinding(port: number): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () =>
      resolve({
        what: 'Metrics port',
        state: 'possible',
        detail: `${port} is taken: a running livermore, or choose another with --metrics-port`,
      }),
    );
    server.listen(port, '127.0.0.1', () =>
      server.close(() => resolve({ what: 'Metrics port', state: 'ok', detail: `${port} is free` })),
    );
  });
}
