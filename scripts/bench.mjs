/** Builds what is stale, then runs dist/bench.mjs with the arguments given. */
import { ensureBuilt, runBundle } from './lib/run-cli.mjs';

if (await ensureBuilt('bench.mjs')) await runBundle('bench.mjs', process.argv.slice(2));
else process.exitCode = 1;
