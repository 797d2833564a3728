import { parseArgs } from 'node:util';
import type { StartedRedis } from '@livermore/embedded';
import { startThrowAwayRedis } from '@livermore/embedded/testing';
import { isMet } from './lib/bench';
import type { Bench, BenchResult } from './lib/bench';
import { machineFacts } from './lib/machine';
import { PeerUnavailableError } from './lib/peers';
import { reportText } from './lib/report';
import { serveCommands } from './lib/worker';
import { bareClient } from './workers/bare-client';
import { decoder } from './workers/decoder';
import { feedVenue } from './workers/feed-venue';
import { listener } from './workers/listener';
import { simulatedVenue } from './workers/simulated-venue';
import { warmer } from './workers/warmer';
import { coldWarmupWeight } from './work/cold-warmup-weight';
import { decodeFrames } from './work/decode-frames';
import { fullVenueWarmup } from './work/full-venue-warmup';
import { ingestThroughput } from './work/ingest-throughput';
import { frameToChannel } from './work/frame-to-channel';
import { redisBytes } from './work/redis-bytes';
import { warmRestart } from './work/warm-restart';
import { warmupEta } from './work/warmup-eta';
import { warmupRace } from './work/warmup-race';

/**
 * Measures what docs/performance.md promises: `npm run bench`, `npm run bench -- P5 P6`, `-- --list`, `-- --json`,
 * `-- --quick`, `-- --wall` (P2 by the real clock too). Nothing is kept, nothing is asserted: a ratio that misses its
 * target says so and the exit code is 0.
 */
const BENCHES: readonly Bench[] = [
  coldWarmupWeight,
  fullVenueWarmup,
  warmupRace,
  warmRestart,
  ingestThroughput,
  decodeFrames,
  frameToChannel,
  redisBytes,
  warmupEta,
];

const WORKERS = {
  'bare-client': bareClient,
  decoder,
  'feed-venue': feedVenue,
  listener,
  'simulated-venue': simulatedVenue,
  warmer,
};

const say = (text: string) => process.stderr.write(`${text}\n`);

if (process.argv[2] === 'worker') {
  const worker = Object.entries(WORKERS).find(([name]) => name === process.argv[3])?.[1];
  if (worker === undefined) throw new Error(`no worker is called ${process.argv[3]}`);
  serveCommands(worker());
} else {
  await main();
}

function newRedis(): Promise<StartedRedis> {
  return startThrowAwayRedis({ env: process.env, onProgress: say });
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      wall: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (values.list) {
    for (const { id, title } of BENCHES) console.log(`${id}  ${title}`);
    return;
  }
  const wanted = BENCHES.filter(({ id }) => positionals.length === 0 || positionals.includes(id));
  const unknown = positionals.filter((id) => !BENCHES.some((bench) => bench.id === id));
  if (unknown.length > 0) {
    say(`There is no ${unknown.join(', ')}. \`npm run bench -- --list\` shows what there is.`);
    process.exitCode = 2;
    return;
  }
  const redis = await newRedis();
  try {
    const redisUrl = redis.urlOf('admin');
    const machine = await machineFacts(redisUrl);
    const results: BenchResult[] = [];
    for (const bench of wanted) {
      say(`${bench.id}  ${bench.title}…`);
      const context = {
        redisUrl,
        newRedis,
        isQuick: values.quick,
        usesWallClock: values.wall,
        say: indented,
      };
      results.push(await resultOf(bench, context));
    }
    if (values.json) console.log(JSON.stringify({ machine, quick: values.quick, results: judged(results) }));
    else console.log(`\n${reportText(results, machine)}`);
  } finally {
    await redis.stop();
  }
}

function indented(text: string): void {
  say(`    ${text}`);
}

/** A bench that fails, or whose peer cannot be had, costs its own rows, loudly, and not the others'. */
async function resultOf(bench: Bench, context: Parameters<Bench['run']>[0]): Promise<BenchResult> {
  try {
    return await bench.run(context);
  } catch (error) {
    const isPeer = error instanceof PeerUnavailableError;
    if (!isPeer) process.exitCode = 1;
    const why = isPeer ? error.message : `It failed: ${error instanceof Error ? error.stack : String(error)}`;
    return { rows: [], growth: [], skipped: [{ id: bench.id, what: bench.title, why }] };
  }
}

function judged(results: readonly BenchResult[]) {
  return results.map((result) => ({
    ...result,
    rows: result.rows.map((row) => ({ ...row, met: isMet(row) })),
  }));
}
