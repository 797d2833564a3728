/**
 * One process per data directory: `livermore.lock` says who. The file appears complete (it is linked into place),
 * and a lock whose holder is gone, also when its process number was given to another program, is taken over.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { Clock } from '@livermore/utils';
import { z } from 'zod';
import { DataDirHeldError } from '../errors';
import { identityOf, isRunning } from '../process/process-identity';
import { makeDataFolder, unusableDataDir } from '../private-file';

const LockSchema = z.object({
  pid: z.number().int().positive(),
  startedAt: z.string().nullable(),
  host: z.string(),
  /** ISO 8601. */
  since: z.string(),
  command: z.string(),
});

/** Who holds a data directory. */
export type LockHolder = z.infer<typeof LockSchema>;

/** A data directory this process may work in, until it lets go of it. */
export interface DataDir {
  /** Absolute. */
  readonly path: string;
  /** Gives the directory up; a second call does nothing. */
  readonly release: () => void;
}

export interface AcquireOptions {
  readonly clock: Clock;
  /** What runs, for the sentence a second process gets, e.g. `livermore up`. Never a whole command line. */
  readonly command: string;
}

/** Times a lock that turns out to be stale is contended for before giving up. */
const MAX_ATTEMPTS = 10;

/**
 * Makes the directory when needed and locks it.
 *
 * @throws {DataDirHeldError} another live process holds it; the message says which, `details.holder` too.
 * @throws {DataDirUnusableError} it cannot be made or written.
 */
export function acquireDataDir(dir: string, options: AcquireOptions): DataDir {
  const path = resolve(dir);
  const lockFile = lockFileOf(path);
  const mine = `${JSON.stringify(holderHere(options), null, 2)}\n`;
  makeDataFolder(path, path);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (linkIntoPlace(path, lockFile, mine)) return held(path, lockFile, mine);
    const found = readText(lockFile);
    if (found !== null) refuseOrRemove(path, lockFile, found);
  }
  throw new DataDirHeldError(`${path} is being contended for by several processes; try again.`, { path });
}

/** Who holds the directory now, or null. Looks only. */
export function dataDirHolder(dir: string): LockHolder | null {
  const text = readText(lockFileOf(dir));
  const holder = text === null ? null : parseHolder(text);
  return holder !== null && isAlive(holder) ? holder : null;
}

function lockFileOf(dir: string): string {
  return join(dir, 'livermore.lock');
}

function holderHere(options: AcquireOptions): LockHolder {
  const since = new Date(options.clock.now()).toISOString();
  return { ...identityOf(process.pid), host: hostname(), since, command: options.command };
}

/** Creates the lock with its content in one step; false when there is one already. */
function linkIntoPlace(path: string, lockFile: string, content: string): boolean {
  const draft = `${lockFile}.${process.pid}`;
  try {
    writeFileSync(draft, content, { mode: 0o600 });
    linkSync(draft, lockFile);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw unusableDataDir(path, error);
  } finally {
    rmSync(draft, { force: true });
  }
}

function refuseOrRemove(path: string, lockFile: string, found: string): void {
  const holder = parseHolder(found);
  if (holder !== null && isAlive(holder)) throw heldBy(path, lockFile, holder);
  const grave = `${lockFile}.stale.${process.pid}`;
  try {
    renameSync(lockFile, grave);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw unusableDataDir(path, error);
  }
  restoreIfFresh(lockFile, grave, found);
}

/** Between reading and moving, another process may have put its own lock there: that one goes back. */
function restoreIfFresh(lockFile: string, grave: string, judged: string): void {
  try {
    if (readText(grave) !== judged) linkSync(grave, lockFile);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    rmSync(grave, { force: true });
  }
}

function held(path: string, lockFile: string, mine: string): DataDir {
  const release = () => {
    if (readText(lockFile) === mine) rmSync(lockFile, { force: true });
  };
  return { path, release };
}

/** On another machine nothing can be checked, so its word is taken. */
function isAlive(holder: LockHolder): boolean {
  return holder.host !== hostname() || isRunning(holder);
}

function heldBy(path: string, lockFile: string, holder: LockHolder): DataDirHeldError {
  const isHere = holder.host === hostname();
  const where = isHere ? 'on this machine' : `on ${holder.host}`;
  const remedy = isHere
    ? 'stop it first, or choose another directory'
    : `stop it first, choose another directory, or delete ${lockFile} if that machine is gone`;
  return new DataDirHeldError(
    `${path} is in use by \`${holder.command}\` (process ${holder.pid} ${where}, since ${holder.since}): ${remedy} with --data-dir.`,
    { path, holder },
  );
}

function parseHolder(text: string): LockHolder | null {
  try {
    const parsed = LockSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
