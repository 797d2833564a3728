/** `npm run proof`: every fault of the matrix, and the page that shows what became of it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { startThrowAwayRedis } from '@livermore/embedded/testing';
import { createLogger, messageOf, must } from '@livermore/utils';
import { proveBars } from './bars/command';
import { barsPage } from './bars/page';
import { problemsOf } from './bars/sums';
import { PROOF_VENUES, prepareData, sharedData } from './data';
import type { ProofVenue } from './data';
import { documentOf } from './markdown';
import { PROCESS_FAULTS } from './process/faults';
import { runNodeProcess } from './process/node-process';
import { runProcessFault } from './process/run';
import { REPLAY_FAULTS } from './replay-faults';
import { runReplayFault } from './replay-row';
import type { ProofRow } from './row';

const USAGE = `npm run proof -- [--only PATTERN] [--venue NAME] [--group replay|process] [--out FILE] [--logs DIR] [--json]

Lets every fault of the matrix happen and writes docs/proof.md. With a choice of rows nothing is written
unless --out says where. --json prints the rows to stdout; progress is on stderr.

npm run proof -- --bars NUMBER [--minutes M] [--venue NAME] [--state FILE] [--out FILE]

Compares so many distinct bars of seeded markets whose venues disagree with themselves, seed after seed, and writes
docs/proof-bars.md. What was done is kept in FILE (dist/proof-bars.json): a call that is killed, or ends after M
minutes, goes on where it was. Two calls with a --venue each may add to one FILE at once. Remove FILE when what is
proven has changed.
`;

interface Choice {
  readonly only: RegExp;
  readonly venues: readonly ProofVenue[];
  readonly logs: string | undefined;
}

/** Rows with real processes at one time: they mostly wait. */
const PROCESSES_AT_ONCE = 3;
const ROOT = join(import.meta.dirname, '..');

const values = readOptions();

if (values['as-node'] !== undefined) await runNodeProcess(values['as-node'], process.env['REDIS_URL'] ?? '');
else if (values.help) process.stdout.write(USAGE);
else if (values.bars !== undefined) await compareBars(Number(values.bars));
else await prove();

/** What was asked for; ends the program with 2 and names the option that makes no sense. */
function readOptions() {
  try {
    const { values: given } = parseArgs({
      options: {
        only: { type: 'string' },
        venue: { type: 'string' },
        group: { type: 'string' },
        out: { type: 'string' },
        logs: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        'as-node': { type: 'string' },
        bars: { type: 'string' },
        minutes: { type: 'string' },
        state: { type: 'string' },
      },
    });
    const { venue, group, bars = '1', minutes = '0' } = given;
    mustBeOneOf('--venue', venue, PROOF_VENUES);
    mustBeOneOf('--group', group, ['replay', 'process']);
    if (!/^[1-9]\d*$/.test(bars)) throw new Error(`--bars ${bars} is no whole number above 0`);
    if (!/^\d+(\.\d+)?$/.test(minutes)) throw new Error(`--minutes ${minutes} is no number of minutes`);
    return given;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n${USAGE}`);
    return process.exit(2);
  }
}

function mustBeOneOf(option: string, value: string | undefined, known: readonly string[]): void {
  if (value === undefined || known.includes(value)) return;
  throw new Error(`${option} ${value} is none of ${known.join(', ')}`);
}

async function prove(): Promise<void> {
  const choice: Choice = {
    only: new RegExp(`^(?:${values.only ?? '.*'})$`),
    venues: PROOF_VENUES.filter((venue) => values.venue === undefined || values.venue === venue),
    logs: values.logs,
  };
  const origins: string[] = [];
  const rows: ProofRow[] = [];
  if (values.group !== 'process') rows.push(...(await replayRows(choice, origins)));
  if (values.group !== 'replay') rows.push(...(await processRows(choice)));
  const isWhole = [values.only, values.venue, values.group].every((each) => each === undefined);
  const out = values.out ?? (isWhole ? join(ROOT, 'docs', 'proof.md') : undefined);
  if (out !== undefined) {
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, documentOf({ command: 'npm run proof', origins, rows }));
    process.stderr.write(`Wrote ${out}.\n`);
  }
  if (values.json) process.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`);
  const failed = rows.filter((row) => row.problems.length > 0).length;
  process.stderr.write(`${rows.length - failed} rows hold, ${failed} fail.\n`);
  process.exitCode = failed > 0 || rows.length === 0 ? 1 : 0;
}

async function compareBars(bars: number): Promise<void> {
  const runs = await proveBars({
    bars,
    ...(values.minutes === undefined ? {} : { minutes: Number(values.minutes) }),
    venues: PROOF_VENUES.filter((venue) => values.venue === undefined || values.venue === venue),
    stateFile: values.state ?? join(ROOT, 'dist', 'proof-bars.json'),
    out: values.out ?? join(ROOT, 'docs', 'proof-bars.md'),
    tell: (line) => process.stderr.write(`${line}\n`),
  });
  process.stdout.write(barsPage(runs, bars));
  process.exitCode = runs.length === 0 || runs.some((run) => problemsOf(run).length > 0) ? 1 : 0;
}

async function replayRows({ only, venues, logs }: Choice, origins: string[]): Promise<readonly ProofRow[]> {
  const rows: ProofRow[] = [];
  const redis = await startThrowAwayRedis({ env: process.env });
  try {
    for (const venue of venues) {
      const faults = REPLAY_FAULTS.filter(
        (each) => only.test(each.id) && each.venues?.includes(venue) !== false,
      );
      const data = prepareData(venue, sharedData());
      origins.push(`${venue}: ${data.origin}.`);
      const wide = faults.some((each) => each.isInCompany) ? prepareData(venue, sharedData(), true) : data;
      for (const fault of faults) {
        const file = logs === undefined ? undefined : join(logs, `${venue}-${fault.id}.log`);
        const logger = file === undefined ? {} : { logger: createLogger({ level: 'info', file }) };
        const { report, ...row } = await runReplayFault(fault, fault.isInCompany ? wide : data, {
          redisUrl: redis.url,
          ...logger,
        });
        rows.push(row);
        tell(row, report.tookMs);
      }
      for (const each of new Set([data, wide])) each.remove();
    }
  } finally {
    await redis.stop();
  }
  return rows;
}

async function processRows({ only, venues, logs }: Choice): Promise<readonly ProofRow[]> {
  const rows = new Map<string, ProofRow>();
  const waiting = venues.flatMap((venue) =>
    PROCESS_FAULTS.filter((each) => only.test(each.id) && each.venues?.includes(venue) !== false).map(
      (fault) => ({
        venue,
        fault,
      }),
    ),
  );
  const queue = waiting.values();
  const work = async () => {
    // One iterator shared by all: each takes the next.
    for (const { venue, fault } of queue) {
      const startedAt = performance.now();
      const row = await runProcessFault(fault, {
        venue,
        nodeCommand: [process.execPath, must(process.argv[1], 'the path of this program'), '--as-node'],
        env: process.env,
        ...(logs === undefined ? {} : { logFolder: join(logs, `${venue}-${fault.id}`) }),
      });
      rows.set(`${venue} ${fault.id}`, row);
      tell(row, performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: PROCESSES_AT_ONCE }, work));
  return waiting.flatMap(({ venue, fault }) => rows.get(`${venue} ${fault.id}`) ?? []);
}

function tell(row: ProofRow, tookMs: number): void {
  const verdict = row.problems.length === 0 ? 'holds' : `FAILS: ${row.problems.join('; ')}`;
  const took = `${(tookMs / 1000).toFixed(1)} s`;
  const bars = [`${row.candles.compared} bars`, ...(row.notes ?? [])].join(', ');
  process.stderr.write(`${row.venue} ${row.id} (${took}): ${bars}, ${verdict}\n`);
}
