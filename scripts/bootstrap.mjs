/**
 * The front door: `npm start` and `npm test` on a machine that has Node and npm and nothing else. Runs on bare Node,
 * before anything is installed, and on any version far enough to say that it is too old.
 */
import { checkNode } from './lib/check-node.mjs';
import { inRoot } from './lib/root.mjs';

const [task, ...args] = process.argv.slice(2);

if (!checkNode()) process.exit(1);

const { ensureInstalled } = await import('./lib/install.mjs');
if (!(await ensureInstalled())) process.exit(1);

if (task === 'start') {
  const { stopWithParent } = await import('./lib/stop-with-parent.mjs');
  if (process.env.npm_lifecycle_event !== undefined) stopWithParent();
  const { runCli } = await import('./lib/run-cli.mjs');
  await runCli(['up', ...args]);
} else if (task === 'test') {
  process.argv = [process.execPath, inRoot('scripts', 'check.mjs'), ...args];
  await import('./check.mjs');
} else {
  console.error('usage: node scripts/bootstrap.mjs start|test [arguments]');
  process.exitCode = 2;
}
