/** Builds what is stale, then runs dist/soak.mjs with the arguments given. */
import { ensureBuilt, runBundle } from './lib/run-cli.mjs';

if ((await ensureBuilt('livermore.mjs')) && (await ensureBuilt('soak.mjs'))) {
  await runBundle('soak.mjs', process.argv.slice(2));
} else process.exitCode = 1;
