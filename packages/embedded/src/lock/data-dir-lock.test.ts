import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { DataDirHeldError, DataDirUnusableError } from '../errors';
import { identityOf } from '../process/process-identity';
import { tempDir } from '../testing/temp-dir';
import { acquireDataDir, dataDirHolder, type LockHolder } from './data-dir-lock';

const options = { clock: new ManualClock(Date.UTC(2026, 0, 2, 3, 4, 5)), command: 'livermore up' };

function leaveLock(dir: string, change: Partial<LockHolder>): void {
  const since = '2026-01-01T00:00:00.000Z';
  const holder = { ...identityOf(process.pid), host: hostname(), since, command: 'livermore up', ...change };
  writeFileSync(join(dir, 'livermore.lock'), JSON.stringify(holder));
}

describe('a data directory', () => {
  it('is made, held and given up', () => {
    const dir = join(tempDir(), 'deep', 'down');
    const held = acquireDataDir(dir, options);
    expect(held.path).toBe(dir);
    expect(dataDirHolder(dir)).toMatchObject({ pid: process.pid, since: '2026-01-02T03:04:05.000Z' });
    held.release();
    expect(dataDirHolder(dir)).toBeNull();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('is refused while someone holds it, in a sentence that says who and what to do', () => {
    const dir = tempDir();
    acquireDataDir(dir, options);
    const attempt = () => acquireDataDir(dir, options);
    expect(attempt).toThrow(DataDirHeldError);
    expect(attempt).toThrow(
      `in use by \`livermore up\` (process ${process.pid} on this machine, since 2026-01-02T03:04:05.000Z)`,
    );
    expect(attempt).toThrow(/stop it first, or choose another directory with --data-dir/);
  });

  it('can be held again after it was given up', () => {
    const dir = tempDir();
    acquireDataDir(dir, options).release();
    expect(() => acquireDataDir(dir, options)).not.toThrow();
  });

  it.each<[string, Partial<LockHolder>]>([
    ['is gone', { pid: 2 ** 22 - 3, startedAt: null }],
    ['left its number to another program', { startedAt: 'an earlier boot:1' }],
  ])('is taken over from a holder that %s', (_title, change) => {
    const dir = tempDir();
    leaveLock(dir, change);
    expect(dataDirHolder(dir)).toBeNull();
    acquireDataDir(dir, options);
    expect(dataDirHolder(dir)?.startedAt).toBe(identityOf(process.pid).startedAt);
    expect(readdirSync(dir)).toEqual(['livermore.lock']);
  });

  it.each(['', '{"pid":', '[]', 'null'])('is taken over from a lock that reads %j', (text) => {
    const dir = tempDir();
    writeFileSync(join(dir, 'livermore.lock'), text);
    expect(() => acquireDataDir(dir, options)).not.toThrow();
  });

  it('is not taken from another machine, whose processes cannot be seen', () => {
    const dir = tempDir();
    leaveLock(dir, { host: 'elsewhere', pid: 1 });
    expect(() => acquireDataDir(dir, options)).toThrow(
      /on elsewhere.*delete .*livermore\.lock if that machine is gone/,
    );
  });

  it('keeps the lock of a later holder when an earlier one lets go', () => {
    const dir = tempDir();
    const held = acquireDataDir(dir, options);
    leaveLock(dir, { pid: 1, startedAt: null });
    held.release();
    expect(existsSync(join(dir, 'livermore.lock'))).toBe(true);
    expect(readFileSync(join(dir, 'livermore.lock'), 'utf8')).toContain('"pid":1');
  });

  it('that cannot be made is an error that names the flag', () => {
    const file = join(tempDir(), 'file');
    writeFileSync(file, '');
    const attempt = () => acquireDataDir(join(file, 'below'), options);
    expect(attempt).toThrow(DataDirUnusableError);
    expect(attempt).toThrow(/choose another with --data-dir/);
  });
});
