/**
 * Writes what pages show of the code: the table of layers in ARCHITECTURE.md (from `tools/tidy/layers.json`, which tidy
 * holds every import to) and the faults in docs/simulator.md. `--check` writes nothing and fails when a page is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dependencyTable } from './lib/dependency-table.mjs';
import { faultTable } from './lib/fault-table.mjs';
import { inRoot } from './lib/root.mjs';
import { withPart } from './lib/written-part.mjs';

const PARTS = [
  { page: 'ARCHITECTURE.md', name: 'dependencies', text: dependencyTable },
  { page: 'docs/simulator.md', name: 'faults', text: faultTable },
];

const isCheck = process.argv.includes('--check');

for (const { page, name, text } of PARTS) {
  const path = inRoot(page);
  const old = readFileSync(path, 'utf8');
  const fresh = withPart(old, name, await text());
  if (isCheck) {
    if (fresh === old) continue;
    console.error(`${page} does not show the ${name} as they are: run \`npm run graph\``);
    process.exitCode = 1;
  } else {
    if (fresh !== old) writeFileSync(path, fresh);
    console.log(`${page}: ${name} ${fresh === old ? 'up to date' : 'written'}`);
  }
}
