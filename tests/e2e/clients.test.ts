import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

/**
 * Exchange clients that others wrote, unmodified, against the simulated venues: what they accept, a venue's own
 * clients accept. Two probes of ours read the bare wire. All run in processes that may reach nothing but this machine.
 */

const ROOT = join(import.meta.dirname, '..', '..');
const SOURCE = join(ROOT, '..', 'shared', 'clients');
const FOLDER = join(ROOT, 'node_modules', '.cache', 'livermore', 'clients');
const STAMP = join(FOLDER, '.installed');

const PROBES = [
  'ccxt-binance',
  'ccxt-coinbase',
  'binance-tiagosiebler',
  'binance-spot-official',
  'binance-connector',
  'node-binance-api',
  'binance-api-node',
  'coinbase-api-tiagosiebler',
  'coinbase-sample-sdk',
  'coinbase-advanced-node',
  'raw-binance',
  'raw-coinbase',
] as const;

/** Each step of a probe has six seconds of its own; no probe has more than ten steps. */
const PROBE_TIMEOUT_MS = 90_000;
const READY_TIMEOUT_MS = 60_000;

const ReadySchema = z.object({ event: z.literal('simulator_ready'), rest: z.url(), ws: z.url() });
const ReportSchema = z.object({
  ok: z.boolean(),
  steps: z.record(z.string(), z.string()),
  leaks: z.array(z.string()),
});

const unavailable = installClients();
if (unavailable !== undefined) process.stderr.write(`\nSKIPPED third-party clients: ${unavailable}\n\n`);
const because = unavailable === undefined ? '' : ` (skipped: ${unavailable})`;

describe.skipIf(unavailable !== undefined)(`a simulated venue satisfies${because}`, () => {
  const venues: ChildProcess[] = [];
  let addresses: Readonly<Record<string, string>> = {};

  beforeAll(async () => {
    const [binance, coinbase] = await Promise.all([simulate('binance'), simulate('coinbase')]);
    venues.push(binance.process, coinbase.process);
    addresses = {
      SIM_BINANCE_HTTP: binance.rest,
      SIM_BINANCE_WS: binance.ws,
      SIM_COINBASE_HTTP: coinbase.rest,
      SIM_COINBASE_WS: coinbase.ws,
    };
  }, READY_TIMEOUT_MS * 2);

  afterAll(async () => {
    await Promise.all(venues.map(interrupted));
  });

  test.for(PROBES)('%s', { timeout: PROBE_TIMEOUT_MS }, async (probe) => {
    const report = await run(probe, addresses);
    const failed = Object.entries(report.steps).filter(([, outcome]) => !outcome.startsWith('ok'));
    expect({ failed, leaks: report.leaks, ok: report.ok }).toEqual({ failed: [], leaks: [], ok: true });
    expect(Object.keys(report.steps).length).toBeGreaterThan(2);
  });
});

/** Brings the probes and their clients together, once. Returns why that cannot be, where it cannot. */
function installClients(): string | undefined {
  if (!existsSync(SOURCE)) return `${SOURCE} is not there`;
  mkdirSync(FOLDER, { recursive: true });
  for (const name of readdirSync(SOURCE)) cpSync(join(SOURCE, name), join(FOLDER, name));
  const wanted = createHash('sha256')
    .update(readFileSync(join(FOLDER, 'package.json')))
    .digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return undefined;
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund'];
  const npm = spawnSync('npm', args, { cwd: FOLDER, encoding: 'utf8', timeout: 180_000 });
  if (npm.status !== 0) return `their packages cannot be installed: ${reasonOf(npm)}`;
  writeFileSync(STAMP, wanted);
  return undefined;
}

function reasonOf(npm: { readonly stderr: string; readonly error?: Error }): string {
  const lines = npm.stderr.split('\n').filter((line) => line.startsWith('npm error'));
  return npm.error?.message ?? lines[0] ?? 'npm failed';
}

/** A venue as a user starts it; the first line it prints says where it is. */
async function simulate(venue: string) {
  const program = join(ROOT, 'apps', 'cli', 'bin', 'livermore.mjs');
  const args = [program, 'simulate', '--venue', venue, '--port', '0'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  const firstLine = new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`simulate ${venue} ended with ${code}: ${said}`)));
  });
  const { rest, ws } = ReadySchema.parse(JSON.parse(await firstLine));
  return { process: child, rest, ws };
}

async function interrupted(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGINT');
  });
}

/** Runs one probe behind the guard that lets nothing leave the machine; its last line is its report. */
async function run(probe: string, addresses: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['--import', './loopback-guard.mjs', `${probe}.mjs`], {
    cwd: FOLDER,
    env: { ...process.env, ...addresses },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  await new Promise((resolve) => child.once('close', resolve));
  const last = output.trim().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`${probe} did not report:\n${output}${errors}`);
  return ReportSchema.parse(JSON.parse(last));
}
