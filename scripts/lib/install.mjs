import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { withFolderLock } from './folder-lock.mjs';
import { npm } from './npm.mjs';
import { inRoot } from './root.mjs';
import { tail } from './run.mjs';

const STAMP = inRoot('node_modules', '.livermore-install');

/** A progress line this often while npm works. */
const STILL_AT_IT_MS = 15_000;

/**
 * Installs what package-lock.json names, unless that is what is there. Says what it does; on failure says what to
 * do about it and returns false.
 */
export async function ensureInstalled() {
  if (isInstalled()) return true;
  return withFolderLock(inRoot('.livermore'), 'install', async () => isInstalled() || install());
}

/** Whether node_modules is what the lock file names, for this Node and this platform. */
export function isInstalled() {
  const stamp = readText(STAMP);
  if (stamp !== null) return stamp === fingerprint();
  if (!matchesNpmsOwnRecord()) return false;
  writeFileSync(STAMP, fingerprint());
  return true;
}

async function install() {
  console.error(
    'Installing what Livermore needs from npm (package-lock.json), under a minute on most lines…',
  );
  const startedAt = performance.now();
  const seconds = () => Math.round((performance.now() - startedAt) / 1000);
  const ticking = setInterval(() => console.error(`… still installing (${seconds()} s)`), STILL_AT_IT_MS);
  const result = await npmCi();
  clearInterval(ticking);
  if (result.code !== 0) {
    console.error(`${tail(withoutUsage(result.output))}\n\n${remedyFor(result.output)}`);
    return false;
  }
  mkdirSync(inRoot('node_modules'), { recursive: true });
  writeFileSync(STAMP, fingerprint());
  console.error(`Installed in ${seconds()} s.`);
  return true;
}

/** No package here needs an install script, so none gets to run. A stale npm cache gets a second, fresh look. */
async function npmCi() {
  const args = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=warn'];
  const first = await npm([...args, '--prefer-offline']);
  if (first.code === 0 || causeOf(first.output) !== null) return first;
  console.error('… trying again without the local npm cache');
  return npm([...args, '--prefer-online']);
}

const CAUSES = [
  {
    signs: /ENOSPC/,
    remedy:
      'The disk is full: free about 300 MB (or point npm_config_cache and TMPDIR elsewhere) and try again.',
  },
  {
    signs: /EACCES|EPERM|EROFS/,
    remedy:
      'This folder or the npm cache may not be written: make it yours (chown), or clone it into your home.',
  },
  {
    signs: /npm ci` can only install|EUSAGE|not in sync/,
    remedy: 'package-lock.json does not fit package.json: restore both with `git checkout -- package*.json`.',
  },
  {
    signs: /SELF_SIGNED_CERT|UNABLE_TO_(GET_ISSUER|VERIFY)|CERT_/,
    remedy:
      "The registry shows a certificate Node does not trust: set NODE_EXTRA_CA_CERTS to your company's CA file.",
  },
  {
    signs: /\bE40[137]\b/,
    remedy: 'The npm registry refuses: check `npm config get registry` and your login or proxy password.',
  },
  {
    signs: /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|network/i,
    remedy:
      'The npm registry cannot be reached: check the network; behind a proxy set HTTPS_PROXY; ' +
      'with a mirror run `npm config set registry URL`. Then try again.',
  },
  { signs: /npm was not found/, remedy: 'npm was not found: it comes with Node, see https://nodejs.org.' },
];

/** When the lock file does not fit, npm prints its whole usage after the reason. */
function withoutUsage(output) {
  return output.split(/^npm error Clean install a project$/m)[0];
}

function causeOf(output) {
  return CAUSES.find((cause) => cause.signs.test(output)) ?? null;
}

function remedyFor(output) {
  const known = causeOf(output);
  return `Could not install. ${known?.remedy ?? "The lines above are npm's; `npm ci` repeats it in full."}`;
}

/** A change of any of these makes an install stale. */
function fingerprint() {
  const lock = readFileSync(inRoot('package-lock.json'));
  const machine = `${process.versions.modules} ${process.platform} ${process.arch}`;
  return createHash('sha256').update(lock).update(machine).digest('hex');
}

/** Where somebody ran npm by hand, npm's record of what it installed is compared with the lock file. */
function matchesNpmsOwnRecord() {
  const installed = readPackages(inRoot('node_modules', '.package-lock.json'));
  const wanted = readPackages(inRoot('package-lock.json'));
  if (installed === null || wanted === null) return false;
  return Object.entries(wanted)
    .filter(([path, entry]) => path.startsWith('node_modules/') && !entry.optional)
    .every(([path, entry]) => installed[path]?.version === entry.version && existsSync(inRoot(path)));
}

function readPackages(path) {
  const text = readText(path);
  return text === null ? null : JSON.parse(text).packages;
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
