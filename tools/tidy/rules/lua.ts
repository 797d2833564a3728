import type { Finding, TextFile } from '../repository';

/**
 * Every Lua command (`name-2.lua` takes two keys) begins with its contract: which keys, which arguments, what it
 * returns. What commands share has none.
 */
export function luaHasContracts(files: readonly TextFile[]): readonly Finding[] {
  return files
    .filter(({ path }) => /-\d+\.lua$/.test(path))
    .flatMap(({ path, text }) => {
      const header = /^--\[\[([\s\S]*?)\]\]/.exec(text)?.[1] ?? '';
      const missing = [/KEYS\[1\] {2}/, /ARGV\[1\] {2}/, /\bReturns\b/].filter((part) => !part.test(header));
      const names = ['KEYS', 'ARGV', 'Returns'].filter((name) =>
        missing.some(({ source }) => source.includes(name)),
      );
      return names.map((name) => ({ path, line: 1, message: `its header does not say ${name}` }));
    });
}
