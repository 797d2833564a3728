import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Env } from './env';

/**
 * Where data lives when nobody says otherwise: `$XDG_STATE_HOME/livermore`, else `~/.local/state/livermore`.
 *
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function defaultDataDir(env: Env): string {
  return join(baseDir(env, 'XDG_STATE_HOME', ['.local', 'state']), 'livermore');
}

/** Where things that can be fetched again live, shared by every data directory of one user. */
export function defaultCacheDir(env: Env): string {
  return join(baseDir(env, 'XDG_CACHE_HOME', ['.cache']), 'livermore');
}

/** The base directory specification says a relative path in these variables is to be ignored. */
function baseDir(env: Env, variable: string, fallback: readonly string[]): string {
  const given = env[variable];
  if (given !== undefined && isAbsolute(given)) return given;
  const home = env['HOME'];
  return join(home !== undefined && isAbsolute(home) ? home : homedir(), ...fallback);
}
