import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './run.mjs';

/** Runs npm with the Node that runs us: the npm that started us, else the one that came with this Node. */
export async function npm(args) {
  const script = npmScript();
  if (script !== undefined) return run(process.execPath, [script, ...args]);
  const result = await run('npm', args);
  return result.code === 127 ? { ...result, output: 'npm was not found' } : result;
}

function npmScript() {
  const folder = dirname(process.execPath);
  const script = ['node_modules', 'npm', 'bin', 'npm-cli.js'];
  const candidates = [
    process.env.npm_execpath,
    join(folder, '..', 'lib', ...script),
    join(folder, ...script),
  ];
  return candidates.find((path) => path?.endsWith('npm-cli.js') && existsSync(path));
}
