import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Env } from '../env';

/** The first executable of that name on the PATH, or null. */
export function findProgram(name: string, env: Env): string | null {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    if (folder !== '' && isExecutable(path)) return path;
  }
  return null;
}

/**
 * npm's own script, to be run by the Node that runs us: the one that started us, the one beside this Node, the
 * one on the PATH. Null when there is none.
 */
export function findNpm(env: Env): string | null {
  const beside = dirname(process.execPath);
  const script = ['node_modules', 'npm', 'bin', 'npm-cli.js'];
  const onPath = findProgram('npm', env);
  const candidates = [
    env['npm_execpath'],
    join(beside, '..', 'lib', ...script),
    join(beside, ...script),
    onPath === null ? undefined : realpathSync(onPath),
  ];
  return candidates.find((path) => path?.endsWith('npm-cli.js') === true && existsSync(path)) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
