/**
 * The front door: `npm start` and `npm test` on a machine that has Node and npm and nothing else. Runs on bare Node,
 * before anything is installed, and on any version far enough to say that it is too old.
 */
import { checkNode } from './lib/check-node.mjs';
import { inRoot } from './lib/root.mjs';

const [task, ...args] = process.argv.slice(2);

if (!checkNode() || !(await isReady())) {
  if (task === 'test') console.log('0 passed, 1 failed');
  process.exit(1);
}

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

/** Imported only now: an old Node must get as far as its sentence. */
async function isReady() {
  const { ensureInstalled } = await import('./lib/install.mjs');
  return ensureInstalled();
}
