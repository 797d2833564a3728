/**
 * Bundles each program into one file under dist/: our packages from their sources, Lua commands as text, npm's
 * packages left outside (node_modules is there). A bundle appears by one rename, so a running build never shows.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { buildStamp, BUNDLES, sourcesFingerprint } from './lib/bundles.mjs';
import { inRoot } from './lib/root.mjs';
import { luaAsText } from './lua-as-text.mjs';

/** Bare names, ours excepted: `ws` and `node:fs` stay imports; `./x`, `/x`, `C:\x` and `@livermore/x` do not. */
const NOT_OURS = /^(?!@livermore\/|[A-Za-z]:[\\/])[^./]/;

/** The bundles named as arguments; all of them when none is. */
const wanted = BUNDLES.filter(({ file }) => process.argv.length < 3 || process.argv.includes(file));
const startedAt = performance.now();
const fingerprint = sourcesFingerprint();
const staging = inRoot('dist', `.staging-${process.pid}`);
mkdirSync(staging, { recursive: true });
try {
  for (const { entry, file } of wanted) {
    await bundle(entry, file);
    writeFileSync(buildStamp(file), fingerprint);
  }
} finally {
  rmSync(staging, { recursive: true, force: true });
}
console.error(`Built ${wanted.map(({ file }) => `dist/${file}`).join(', ')} in ${elapsed()}.`);

async function bundle(entry, file) {
  const build = await rolldown({
    input: inRoot(entry),
    platform: 'node',
    external: NOT_OURS,
    plugins: [luaAsText()],
    tsconfig: inRoot('tsconfig.json'),
    logLevel: 'warn',
  });
  await build.write({ file: join(staging, file), format: 'esm', sourcemap: true, codeSplitting: false });
  await build.close();
  for (const name of [`${file}.map`, file]) renameSync(join(staging, name), inRoot('dist', name));
}

function elapsed() {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}
