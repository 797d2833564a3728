import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { defaultCacheDir, defaultDataDir } from './data-dir';

describe('default folders', () => {
  it('follow the XDG variables', () => {
    expect(defaultDataDir({ XDG_STATE_HOME: '/state', HOME: '/home/ann' })).toBe('/state/livermore');
    expect(defaultCacheDir({ XDG_CACHE_HOME: '/cache', HOME: '/home/ann' })).toBe('/cache/livermore');
  });

  it('lie in the home directory otherwise', () => {
    expect(defaultDataDir({ HOME: '/home/ann' })).toBe('/home/ann/.local/state/livermore');
    expect(defaultCacheDir({ HOME: '/home/ann' })).toBe('/home/ann/.cache/livermore');
  });

  it('ignore relative values, as the specification demands', () => {
    expect(defaultDataDir({ XDG_STATE_HOME: 'state', HOME: '/home/ann' })).toBe(
      '/home/ann/.local/state/livermore',
    );
    expect(defaultDataDir({ HOME: '' })).toBe(`${homedir()}/.local/state/livermore`);
  });
});
