/**
 * Writes the table of layers into ARCHITECTURE.md, from `tools/tidy/layers.json`, which tidy holds every import to.
 * `--check` writes nothing and fails when the page is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dependencyTable, withTable } from './lib/dependency-table.mjs';
import { inRoot } from './lib/root.mjs';

const path = inRoot('ARCHITECTURE.md');
const page = readFileSync(path, 'utf8');
const fresh = withTable(page, dependencyTable());

if (process.argv.includes('--check')) {
  if (fresh !== page) {
    console.error('ARCHITECTURE.md does not show the table of layers as it is: run `npm run graph`');
    process.exitCode = 1;
  }
} else if (fresh !== page) {
  writeFileSync(path, fresh);
  console.log('ARCHITECTURE.md: table of layers written');
} else {
  console.log('ARCHITECTURE.md: up to date');
}
