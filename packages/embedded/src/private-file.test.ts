import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DataDirUnusableError } from './errors';
import { unusableDataDir, writePrivateFile } from './private-file';
import { tempDir } from './testing/temp-dir';

describe('a private file', () => {
  it('is for this user alone, also over a draft that a killed process left', () => {
    const path = join(tempDir(), 'file');
    writeFileSync(`${path}.new`, 'half', { mode: 0o644 });
    writePrivateFile(path, 'whole');
    expect(readFileSync(path, 'utf8')).toBe('whole');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('that cannot be written names the folder and the flag, and leaves no draft', () => {
    const dir = tempDir();
    const attempt = () => writePrivateFile(join(dir, 'none', 'file'), 'x');
    expect(attempt).toThrow(DataDirUnusableError);
    expect(attempt).toThrow(`cannot use ${join(dir, 'none')} as data directory`);
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('a data directory that is no use', () => {
  it.each([
    ['ENOSPC', /its disk is full: make room/],
    ['EROFS', /its file system is read-only/],
    ['EACCES', /this user may not write there/],
    ['ENOTDIR', /part of the path is a file/],
    ['EIO', /what the system said/],
  ])('is told in words: %s', (code, words) => {
    const { message } = unusableDataDir('/data', Object.assign(new Error('what the system said'), { code }));
    expect(message).toMatch(words);
    expect(message).toMatch(/^cannot use \/data as data directory .*choose another with --data-dir\.$/);
  });
});
