/** `npm run soak`: one node on thousands of series for an hour by the wall clock, and what it takes as it goes. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { createRedis, exchangeClosesKey } from '@livermore/cache';
import { startThrowAwayRedis } from '@livermore/embedded/testing';
import { defaultExchange } from '@livermore/exchange-core';
import { must, systemClock } from '@livermore/utils';
import { z } from 'zod';
import { soakPage } from './page';
import type { SoakOrder } from './page';
import type { Sample } from './slopes';
import { runVenue } from './venue';

const USAGE = `npm run soak -- [--minutes 60] [--symbols 400] [--out docs/soak.md] [--samples dist/soak.jsonl]

Samples are appended as it goes, and the page is written anew with each: a run that is stopped shows what there is.
`;
const ROOT = join(import.meta.dirname, '..');
const SAMPLE_EVERY_MS = 10_000;
const MINUTE_MS = 60_000;
const EventSchema = z.looseObject({ event: z.string(), url: z.string().optional() });
const VenueSchema = z.object({ rest: z.string(), ws: z.string() });
const HealthSchema = z.object({ ok: z.boolean(), state: z.string() });

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    symbols: { type: 'string', default: '400' },
    out: { type: 'string', default: join(ROOT, 'docs', 'soak.md') },
    samples: { type: 'string', default: join(ROOT, 'dist', 'soak.jsonl') },
    help: { type: 'boolean', default: false },
    'as-venue': { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(USAGE);
else if (values['as-venue']) await runVenue(Number(values.symbols));
else await soak({ minutes: Number(values.minutes), symbols: Number(values.symbols) });

async function soak(order: SoakOrder): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'livermore-soak-'));
  const redis = await startThrowAwayRedis({ env: process.env });
  const client = createRedis(redis.url);
  const children: ChildProcess[] = [];
  try {
    const self = must(process.argv[1], 'the path of this program');
    const venue = started(children, [self, '--as-venue', '--symbols', String(order.symbols)], {});
    const { rest, ws } = VenueSchema.parse(JSON.parse(await firstLine(venue)));
    const logFile = join(folder, 'livermore.log');
    const where = ['--rest-url', rest, '--ws-url', ws, '--log-file', logFile, '--metrics-port', '0'];
    const program = join(ROOT, 'dist', 'livermore.mjs');
    const node = started(children, [program, 'node', 'binance', '--symbols', 'all', ...where], {
      REDIS_URL: redis.url,
    });
    const { url = '' } = EventSchema.parse(JSON.parse(await firstLine(node)));
    await untilActive(url);
    await sampleFor(order, { url, pid: must(node.pid, 'the process of the node'), folder, client });
  } finally {
    for (const child of children) child.kill('SIGKILL');
    client.disconnect();
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Soaked {
  readonly url: string;
  readonly pid: number;
  /** Where the node's log is. */
  readonly folder: string;
  readonly client: ReturnType<typeof createRedis>;
}

async function sampleFor(order: SoakOrder, soaked: Soaked): Promise<void> {
  const samples: Sample[] = [];
  const startedAt = systemClock.monotonicMs();
  writeFileSync(values.samples, '');
  for (let minute = 0; minute < order.minutes;) {
    await systemClock.sleep(SAMPLE_EVERY_MS);
    minute = (systemClock.monotonicMs() - startedAt) / MINUTE_MS;
    const sample = await sampleOf(soaked, minute);
    samples.push(sample);
    appendFileSync(values.samples, `${JSON.stringify(sample)}\n`);
    writeFileSync(values.out, soakPage(order, samples));
    if (samples.length % 6 === 0) process.stderr.write(`${JSON.stringify(sample)}\n`);
  }
  process.stdout.write(soakPage(order, samples));
}

async function sampleOf({ url, pid, folder, client }: Soaked, minute: number): Promise<Sample> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const metric = (name: string) => Number(new RegExp(`^livermore_${name} (\\S+)`, 'm').exec(metrics)?.[1]);
  const closesKey = exchangeClosesKey(defaultExchange('binance').id);
  const memory = /^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1];
  const { ok } = HealthSchema.parse(await (await fetch(`${url}/health`)).json());
  return {
    minute,
    rss: metric('process_resident_memory_bytes'),
    heap: metric('nodejs_heap_size_used_bytes'),
    handles: readdirSync(`/proc/${pid}/fd`).length,
    log: readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0),
    redis: Number(memory),
    closesLog: Number(await client.memory('USAGE', closesKey)),
    keys: await client.dbsize(),
    closes: await client.xlen(closesKey),
    isWell: ok,
  };
}

async function untilActive(url: string): Promise<void> {
  for (;;) {
    await systemClock.sleep(1_000);
    const { state } = HealthSchema.parse(await (await fetch(`${url}/health`)).json());
    if (state === 'active') return;
  }
}

function started(children: ChildProcess[], args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  children.push(child);
  return child;
}

async function firstLine(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: must(child.stdout, 'what a child says') })[Symbol.asyncIterator]();
  const { value } = await lines.next();
  return z.string().parse(value);
}
