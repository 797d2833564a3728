import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeDir } from './make-dir';
import { tempDir } from './testing/temp-dir';

describe('making a folder', () => {
  it('makes those above it, for this user alone, and leaves what is there', () => {
    const dir = join(tempDir(), 'a', 'b', 'c');
    makeDir(dir);
    writeFileSync(join(dir, 'file'), '');
    makeDir(dir);
    expect(existsSync(join(dir, 'file'))).toBe(true);
    expect(statSync(join(dir, '..')).mode & 0o777).toBe(0o700);
  });

  it.runIf(process.platform === 'linux')('ends where none can be made, and says so', () => {
    expect(() => makeDir('/proc/livermore/x')).toThrow(/ENOENT.*\/proc\/livermore'/);
  });

  it('says that a file is in the way', () => {
    const file = join(tempDir(), 'file');
    writeFileSync(file, '');
    expect(() => makeDir(file)).toThrow(/EEXIST/);
    expect(() => makeDir(join(file, 'below'))).toThrow(/ENOTDIR/);
  });
});
