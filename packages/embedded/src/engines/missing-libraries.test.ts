import { describe, expect, it } from 'vitest';
import { missingLibraries, packagesOf } from './missing-libraries';

describe('libraries a program misses', () => {
  it('are the ones ldd could not find', () => {
    const output = [
      '\tlinux-vdso.so.1 (0x00007fd57ea7a000)',
      '\tlibssl.so.3 => not found',
      '\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007fd57e0a5000)',
      '\tliblua5.1.so.0 => not found',
    ].join('\n');
    expect(missingLibraries(output)).toEqual(['libssl.so.3', 'liblua5.1.so.0']);
  });

  it('are none when everything was found, or ldd said nothing', () => {
    expect(missingLibraries('\tlibm.so.6 => /lib/libm.so.6 (0x1)')).toEqual([]);
    expect(missingLibraries('')).toEqual([]);
  });

  it.each([
    ['libssl.so.3', 'libssl3'],
    ['libcrypto.so.3', 'libssl3'],
    ['libjemalloc.so.2', 'libjemalloc2'],
    ['liblua5.1.so.0', 'liblua5.1-0'],
    ['libsystemd.so.0', 'libsystemd0'],
    ['libhiredis.so.1.1.0', 'libhiredis1.1.0'],
    ['libstdc++.so.6', 'libstdc++6'],
  ])('%s is packaged as %s, or that with t64', (library, name) => {
    expect(packagesOf(library)).toEqual([name, `${name}t64`]);
  });

  it('have no package when they have no version', () => {
    expect(packagesOf('ld-linux.so')).toEqual([]);
    expect(packagesOf('not a library')).toEqual([]);
  });
});
