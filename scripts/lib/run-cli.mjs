import { pathToFileURL } from 'node:url';
import { BUNDLES, isStale } from './bundles.mjs';
import { checkFileHandles } from './check-file-handles.mjs';
import { withFolderLock } from './folder-lock.mjs';
import { inRoot } from './root.mjs';
import { run, tail } from './run.mjs';

/**
 * Builds what is stale, then runs the command line in this very process: signals, exit code and terminal are its own.
 * A build that fails, or a machine that allows too few open files, leaves exit code 1.
 */
export async function runCli(args) {
  if (checkFileHandles() && (await ensureBuilt('livermore.mjs'))) await runBundle('livermore.mjs', args);
  else process.exitCode = 1;
}

/** Runs one of the bundles in this process, as if Node had been started with it. */
export async function runBundle(file, args) {
  if (!BUNDLES.some((bundle) => bundle.file === file)) {
    console.error(`There is no source for dist/${file} in this checkout.`);
    process.exitCode = 1;
    return;
  }
  const path = inRoot('dist', file);
  process.argv = [process.execPath, path, ...args];
  process.setSourceMapsEnabled(true);
  await import(pathToFileURL(path).href);
}

/** Rebuilds a bundle when any source changed since it was made; false, with the reason told, when that fails. */
export async function ensureBuilt(file) {
  if (!isStale(file)) return true;
  return withFolderLock(inRoot('.livermore'), 'build', async () => !isStale(file) || build(file));
}

async function build(file) {
  const { code, output } = await run(process.execPath, [inRoot('scripts', 'build.mjs'), file]);
  if (code !== 0) console.error(`${tail(output)}\n\nThe build failed: the lines above say where.`);
  return code === 0;
}
