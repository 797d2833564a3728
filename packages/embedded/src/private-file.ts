import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '@livermore/utils';
import { DataDirUnusableError } from './errors';
import { makeDir } from './make-dir';

/**
 * Writes a file that only this user can read, in one step: who reads it meanwhile sees the former one.
 *
 * @throws {DataDirUnusableError} it cannot be written: no room, read-only, not ours.
 */
export function writePrivateFile(path: string, text: string): void {
  const draft = `${path}.new`;
  try {
    writeFileSync(draft, text, { mode: 0o600 });
    // A draft that a killed process left keeps the mode it had.
    chmodSync(draft, 0o600);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw unusableDataDir(dirname(path), error);
  }
}

/**
 * Makes a folder of a data directory.
 *
 * @throws {DataDirUnusableError} it cannot be made; named is the data directory.
 */
export function makeDataFolder(path: string, dataDir: string): void {
  try {
    makeDir(path);
  } catch (error) {
    throw unusableDataDir(dataDir, error);
  }
}

/** What to say when something in a data directory cannot be made or written. */
export function unusableDataDir(path: string, error: unknown): DataDirUnusableError {
  return new DataDirUnusableError(
    `cannot use ${path} as data directory (${reasonOf(error)}): choose another with --data-dir.`,
    { path },
    error,
  );
}

/** The system's own reason, in words where it has a code of which the words are not plain. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const plain: Readonly<Record<string, string>> = {
    ENOENT: 'no folder can be made there',
    ENOTDIR: 'part of the path is a file',
    EEXIST: 'it is a file',
    EACCES: 'this user may not write there',
    EPERM: 'this user may not write there',
    ENOSPC: 'its disk is full: make room',
    EDQUOT: 'its quota is used up: make room',
    EROFS: 'its file system is read-only',
  };
  return (typeof code === 'string' ? plain[code] : undefined) ?? messageOf(error);
}
