import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot, root } from './root.mjs';

/** What is bundled from what. An entry whose source does not exist is left out. */
export const BUNDLES = [
  { entry: 'apps/cli/src/main.ts', file: 'livermore.mjs' },
  { entry: 'tests/bench/main.ts', file: 'bench.mjs' },
  { entry: 'tests/proof/main.ts', file: 'proof.mjs' },
  { entry: 'tests/soak/main.ts', file: 'soak.mjs' },
].filter(({ entry }) => existsSync(inRoot(entry)));

/** Holds the fingerprint of the sources a bundle was made from. */
export function buildStamp(file) {
  return inRoot('dist', `.sources-${file}`);
}

/** Whether a bundle was made from other sources than those that lie here now. */
export function isStale(file) {
  return !existsSync(inRoot('dist', file)) || readOrEmpty(buildStamp(file)) !== sourcesFingerprint();
}

/** Name, size and time of change of everything that can end up in a bundle: a few milliseconds, no reading. */
export function sourcesFingerprint() {
  const hash = createHash('sha256').update(process.versions.modules);
  const folders = ['packages', 'apps', 'tests', 'scripts'];
  for (const path of folders.flatMap((folder) => filesUnder(folder)).toSorted(byName)) {
    const { size, mtimeMs } = statSync(join(root, path));
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return hash.update(readFileSync(inRoot('package-lock.json'))).digest('hex');
}

const LEFT_OUT = new Set(['node_modules', 'dist', 'coverage']);

function filesUnder(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return LEFT_OUT.has(entry.name) ? [] : filesUnder(path);
    return entry.name.endsWith('.test.ts') ? [] : [path];
  });
}

function byName(a, b) {
  return a < b ? -1 : 1;
}

function readOrEmpty(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
