/**
 * Names of the libraries `ldd` could not find.
 *
 * @example missingLibraries('\tlibssl.so.3 => not found\n') // ['libssl.so.3']
 */
export function missingLibraries(lddOutput: string): string[] {
  return [...lddOutput.matchAll(/^\s*(\S+) => not found$/gm)].flatMap((match) => match[1] ?? []);
}

/** Libraries whose package is named after another one. */
const PACKAGED_AS: Readonly<Record<string, string>> = { 'libcrypto.so': 'libssl.so' };

/**
 * Debian packages that may hold a library, likeliest first. A package is named after the library and its ABI
 * version, with a dash when the name ends in a digit; since the move to 64-bit time some end in `t64`.
 *
 * @see https://www.debian.org/doc/debian-policy/ch-sharedlibs.html
 * @example packagesOf('libssl.so.3') // ['libssl3', 'libssl3t64']
 * @example packagesOf('liblua5.1.so.0') // ['liblua5.1-0', 'liblua5.1-0t64']
 */
export function packagesOf(library: string): string[] {
  const match = /^(lib.+\.so)\.(\d[\d.]*)$/.exec(library);
  const [file, abi] = [match?.[1], match?.[2]];
  if (file === undefined || abi === undefined) return [];
  const base = (PACKAGED_AS[file] ?? file).replace(/\.so$/, '').replaceAll('_', '-').toLowerCase();
  const name = /\d$/.test(base) ? `${base}-${abi}` : `${base}${abi}`;
  return [name, `${name}t64`];
}
