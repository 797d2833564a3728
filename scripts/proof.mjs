/** Builds what is stale, then runs dist/proof.mjs with the arguments given. */
import { ensureBuilt, runBundle } from './lib/run-cli.mjs';

if (await ensureBuilt('proof.mjs')) await runBundle('proof.mjs', process.argv.slice(2));
else process.exitCode = 1;
