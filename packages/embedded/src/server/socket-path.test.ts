import { chmodSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../testing/temp-dir';
import { makePrivateDir, socketPathFor } from './socket-path';

describe('the path of a socket', () => {
  it('is in the data directory when that is short', () => {
    expect(socketPathFor('/data', {})).toBe('/data/run/redis.sock');
  });

  it('is short wherever the data is, counted in bytes, and its own for each directory', () => {
    const env = { XDG_RUNTIME_DIR: '/run/user/1000' };
    const long = `/${'ü'.repeat(45)}`;
    const path = socketPathFor(long, env);
    expect(path).toMatch(/^\/run\/user\/1000\/livermore-\w+-[0-9a-f]{12}\/redis\.sock$/);
    expect(socketPathFor(`${long}2`, env)).not.toBe(path);
    expect(socketPathFor(long, env)).toBe(path);
  });

  it.each(['/what?/here', '/with blank/x', '/caf\u00e9/x', "/it's", '/say "so"', '/50%20'])(
    'holds nothing that a URL would have to escape: %s',
    (dataDir) => {
      expect(socketPathFor(dataDir, { XDG_RUNTIME_DIR: '/run' })).toMatch(
        /^\/run\/livermore-[\w-]+\/redis\.sock$/,
      );
    },
  );
});

describe('the folder of a socket', () => {
  it('is made for this user alone', () => {
    const path = join(tempDir(), 'run');
    makePrivateDir(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(() => makePrivateDir(path)).not.toThrow();
  });

  it('is refused when it is open to others, or a link somebody laid', () => {
    const dir = tempDir();
    mkdirSync(join(dir, 'open'));
    chmodSync(join(dir, 'open'), 0o777);
    symlinkSync('/tmp', join(dir, 'link'));
    expect(() => makePrivateDir(join(dir, 'open'))).toThrow(/remove it/);
    expect(() => makePrivateDir(join(dir, 'link'))).toThrow(/remove it/);
  });
});
