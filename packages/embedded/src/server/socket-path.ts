import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Env } from '../env';
import { DataDirUnusableError } from '../errors';
import { makeDataFolder } from '../private-file';

/**
 * Longest path of a unix socket in bytes, the ending zero excluded: 107 on Linux, 103 on macOS and BSD.
 *
 * @see https://man7.org/linux/man-pages/man7/unix.7.html
 */
const MAX_SOCKET_PATH_BYTES = 103;

const SOCKET_NAME = 'redis.sock';

/** What a URL may hold unescaped: clients disagree about the rest (a blank, a quote, a `?` before options, an é). */
const PLAIN_PATH = /^[\w/.@+~-]+$/;

/**
 * Where the server's unix socket goes: in the data directory, or, when that path is too long or is not plain, in a short
 * folder of this user named after it.
 */
export function socketPathFor(dataDir: string, env: Env): string {
  const inside = join(dataDir, 'run', SOCKET_NAME);
  if (canHold(inside)) return inside;
  const id = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  const user = process.getuid?.() ?? 'user';
  const places = [env['XDG_RUNTIME_DIR'], tmpdir(), '/tmp'].filter((place) => place !== undefined);
  const paths = places.map((place) => join(place, `livermore-${user}-${id}`, SOCKET_NAME));
  return paths.find(canHold) ?? inside;
}

function canHold(path: string): boolean {
  return Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES && PLAIN_PATH.test(path);
}

/**
 * Makes the folder of a socket, for this user alone.
 *
 * @throws {DataDirUnusableError} someone else made a folder of that name.
 */
export function makePrivateDir(path: string): void {
  makeDataFolder(path, path);
  const stat = lstatSync(path);
  const isMine = process.getuid === undefined || stat.uid === process.getuid();
  if (stat.isDirectory() && isMine && (process.platform === 'win32' || (stat.mode & 0o022) === 0)) return;
  throw new DataDirUnusableError(`${path} belongs to someone else or is open to others: remove it.`, {
    path,
  });
}
