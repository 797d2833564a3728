import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Peers are installed here when a bench runs, never by the project's own install. The bundle lies in dist/. */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const FOLDER = join(ROOT, 'node_modules', '.cache', 'livermore', 'peers');

/** Exactly these: a ratio is against one version. */
export const CCXT_VERSION = '4.5.84';

const MANIFEST = `${JSON.stringify(
  {
    name: 'livermore-bench-peers',
    private: true,
    description: 'What Livermore is measured against. Installed by `npm run bench`.',
    dependencies: { ccxt: CCXT_VERSION },
  },
  undefined,
  2,
)}\n`;

/** Why a peer is not there, to be told loudly. */
export class PeerUnavailableError extends Error {}

/** The parts of ccxt that are measured. */
export interface Ccxt {
  readonly version: string;
  readonly binance: new (options: object) => CcxtExchange;
  readonly pro: { readonly binance: new (options: object) => CcxtProExchange };
}

export interface CcxtExchange {
  readonly urls: { api: Record<string, unknown> };
  loadMarkets(): Promise<Readonly<Record<string, unknown>>>;
  fetchOHLCV(symbol: string, timeframe: string, since?: number, limit?: number): Promise<readonly unknown[]>;
  close(): Promise<unknown>;
}

export interface CcxtProExchange extends CcxtExchange {
  setMarkets(markets: object): unknown;
  handleMessage(client: object, message: unknown): void;
}

let loading: Promise<Ccxt> | undefined;

/** Installs ccxt into the cache folder unless it is there, and loads it. @throws PeerUnavailableError */
export function loadCcxt(say: (text: string) => void): Promise<Ccxt> {
  loading ??= load(say);
  return loading;
}

async function load(say: (text: string) => void): Promise<Ccxt> {
  const installed = join(FOLDER, 'node_modules', 'ccxt', 'package.json');
  if (!existsSync(installed) || readFileSync(join(FOLDER, 'package.json'), 'utf8') !== MANIFEST) {
    say(`Installing ccxt ${CCXT_VERSION} into ${FOLDER} (for this comparison only)…`);
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(join(FOLDER, 'package.json'), MANIFEST);
    await npmInstall();
  }
  const path = createRequire(join(FOLDER, 'package.json')).resolve('ccxt');
  const loaded: { default: Ccxt } = await import(pathToFileURL(path).href);
  return loaded.default;
}

async function npmInstall(): Promise<void> {
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  const child = spawn('npm', args, { cwd: FOLDER, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(String(chunk)));
  const code = await new Promise<number>((resolve) => {
    child.on('error', () => resolve(127));
    child.on('close', (status) => resolve(status ?? 1));
  });
  if (code === 0) return;
  const reason = said.join('').trim().split('\n').slice(0, 3).join(' ');
  throw new PeerUnavailableError(`ccxt could not be installed from the npm registry: ${reason}`);
}
