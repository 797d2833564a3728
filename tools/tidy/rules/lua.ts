import type { Finding, TextFile } from '../repository';

/** Every Lua command begins with its contract: which keys, which arguments, what it returns. */
export function luaHasContracts(files: readonly TextFile[]): readonly Finding[] {
  return files
    .filter(({ path }) => path.endsWith('.lua'))
    .flatMap(({ path, text }) => {
      const header = /^--\[\[([\s\S]*?)\]\]/.exec(text)?.[1] ?? '';
      const missing = [/KEYS\[1\] {2}/, /ARGV\[1\] {2}/, /\bReturns\b/].filter((part) => !part.test(header));
      const names = ['KEYS', 'ARGV', 'Returns'].filter((name) =>
        missing.some(({ source }) => source.includes(name)),
      );
      return names.map((name) => ({ path, line: 1, message: `its header does not say ${name}` }));
    });
}
