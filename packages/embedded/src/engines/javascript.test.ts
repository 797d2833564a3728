import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EngineUnavailableError } from '../errors';
import { tempDir } from '../testing/temp-dir';
import { hasJavascriptEngine, javascriptEngine, javascriptEngineDir } from './javascript';
import { PINNED, lockfileText } from './javascript-lock';

/** An npm that does as told, and leaves word of how it was called. */
function npmThat(does: string): { readonly env: Record<string, string>; readonly calls: string } {
  const folder = tempDir();
  const calls = join(folder, 'calls');
  const script = `const fs = require('fs'); fs.appendFileSync(${JSON.stringify(calls)}, process.argv.slice(2).join(' ') + '\\n');\n${does}`;
  writeFileSync(join(folder, 'npm-cli.js'), script);
  return { env: { npm_execpath: join(folder, 'npm-cli.js') }, calls };
}

/** Installs what the lockfile beside it says, as npm would. */
const INSTALLS = `
const { packages } = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
for (const [path, { version }] of Object.entries(packages)) {
  if (path === '') continue;
  fs.mkdirSync(path, { recursive: true });
  fs.writeFileSync(path + '/package.json', JSON.stringify({ version }));
}
delete packages[''];
fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages }));`;

const FAILS = `console.error('npm error code EINTEGRITY'); process.exit(1);`;

/** An engine that somebody installed there: one version of it is another one. */
function leaveEngine(cacheDir: string, change: Readonly<Record<string, string>>): void {
  const modules = join(javascriptEngineDir(cacheDir), 'node_modules');
  const packages = Object.entries(PINNED).map(([name, { version, integrity }]) => {
    mkdirSync(join(modules, name), { recursive: true });
    writeFileSync(join(modules, name, 'package.json'), JSON.stringify({ version: change[name] ?? version }));
    return [`node_modules/${name}`, { version: change[name] ?? version, integrity }];
  });
  writeFileSync(
    join(modules, '.package-lock.json'),
    JSON.stringify({ packages: Object.fromEntries(packages) }),
  );
}

describe('the demo engine', () => {
  it('is fetched as it is pinned, each package with its hash, and no script is run', async () => {
    const cacheDir = join(tempDir(), 'cache');
    const { env, calls } = npmThat(INSTALLS);
    const said: string[] = [];
    const engine = await javascriptEngine(cacheDir, env, (sentence) => said.push(sentence));
    expect(engine).toMatchObject({ version: '0.3.0', path: javascriptEngineDir(cacheDir), hasUsers: false });
    expect(readFileSync(calls, 'utf8')).toMatch(/^ci .*--ignore-scripts/);
    expect(said).toEqual([
      expect.stringMatching(/^Fetching the demo engine js-redis-server 0\.3\.0 from npm/),
      expect.stringMatching(/^Fetched it\.$/),
    ]);
    expect(readdirSync(cacheDir)).toEqual(['js-redis-server-0.3.0']);
  });

  it('is not fetched again, and nothing is said of it', async () => {
    const cacheDir = join(tempDir(), 'cache');
    const { env, calls } = npmThat(INSTALLS);
    leaveEngine(cacheDir, {});
    const said: string[] = [];
    await javascriptEngine(cacheDir, env, (sentence) => said.push(sentence));
    expect(said).toEqual([]);
    expect(existsSync(calls)).toBe(false);
  });

  it.each([
    ['is of another version', (cacheDir: string) => leaveEngine(cacheDir, { 'js-redis-server': '0.4.0' })],
    [
      'has a part of another version',
      (cacheDir: string) => leaveEngine(cacheDir, { 'lua-redis-wasm': '1.6.0' }),
    ],
    [
      'was left half done',
      (cacheDir: string) =>
        mkdirSync(join(javascriptEngineDir(cacheDir), 'node_modules'), { recursive: true }),
    ],
  ])('that %s is fetched anew, and it is said why', async (_title, leave) => {
    const cacheDir = join(tempDir(), 'cache');
    const { env } = npmThat(INSTALLS);
    leave(cacheDir);
    expect(hasJavascriptEngine(cacheDir)).toBe(false);
    const said: string[] = [];
    await javascriptEngine(cacheDir, env, (sentence) => said.push(sentence));
    expect(said[0]).toMatch(/js-redis-server-0\.3\.0 is not the one that is pinned/);
    expect(hasJavascriptEngine(cacheDir)).toBe(true);
  });

  it('that cannot be had, or comes otherwise than pinned, is an error and leaves nothing', async () => {
    const wrong = INSTALLS.replace(
      "delete packages[''];",
      "delete packages['']; delete packages['node_modules/js-redis-server'].integrity;",
    );
    for (const [does, words] of [
      [FAILS, /EINTEGRITY/],
      [wrong, /not the one that is pinned/],
    ] as const) {
      const cacheDir = join(tempDir(), 'cache');
      const said: string[] = [];
      const failure = javascriptEngine(cacheDir, npmThat(does).env, (sentence) => said.push(sentence));
      await expect(failure).rejects.toThrow(words);
      await expect(failure).rejects.toBeInstanceOf(EngineUnavailableError);
      expect(said).not.toContain('Fetched it.');
      expect(readdirSync(cacheDir)).toEqual([]);
    }
  });

  it('has a lockfile that names a hash for everything in it', () => {
    for (const { version, integrity } of Object.values(PINNED)) {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
      expect(integrity).toMatch(/^sha512-[\w+/]{86}==$/);
    }
    expect(lockfileText()).toContain('"lockfileVersion": 3');
  });
});
