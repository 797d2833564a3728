#!/usr/bin/env node
/** `npx livermore …`: builds the sources of this checkout when they changed, then runs the command line. */
import { existsSync } from 'node:fs';
import { checkNode } from '../../../scripts/lib/check-node.mjs';
import { inRoot } from '../../../scripts/lib/root.mjs';

if (!checkNode({ quiet: true })) {
  process.exitCode = 1;
} else if (existsSync(inRoot('node_modules', 'rolldown'))) {
  const { runCli } = await import('../../../scripts/lib/run-cli.mjs');
  await runCli(process.argv.slice(2));
} else {
  console.error(`Nothing is installed in ${inRoot()} yet: run \`npm start\` or \`npm ci\` there first.`);
  process.exitCode = 1;
}
