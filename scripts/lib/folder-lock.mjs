import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 250;
const PATIENCE_MS = 15 * 60_000;

/**
 * Does some work while no other process does work of that name in this folder; waits its turn, says so, and takes
 * over from one that died.
 */
export async function withFolderLock(folder, name, work) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.lock`);
  await acquire(file, name);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

async function acquire(file, name) {
  let hasSaidSo = false;
  for (let waitedMs = 0; !take(file); waitedMs += POLL_MS) {
    const holder = Number(readOrEmpty(file));
    if (holder > 0 && !isAlive(holder)) rmSync(file, { force: true });
    if (waitedMs > PATIENCE_MS)
      throw new Error(`gave up waiting for process ${holder}; delete ${file} if it is gone`);
    if (!hasSaidSo) console.error(`Another ${name} is under way here (process ${holder}); waiting for it.`);
    hasSaidSo = true;
    await sleep(POLL_MS);
  }
}

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function readOrEmpty(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
