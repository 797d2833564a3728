import { createRedis, subscribeCloses } from '@livermore/cache';
import { acquireDataDir, startRedis } from '@livermore/embedded';
import type { StartedRedis } from '@livermore/embedded';
import { readWarmupSchedule, readWarmupStats } from '@livermore/exchange-core';
import { createLogger, messageOf, systemClock } from '@livermore/utils';
import { join } from 'node:path';
import { startChild } from '../child';
import type { Child } from '../child';
import type { CliConfig } from '../config';
import { exchangeOf } from '../exchange-choice';
import { duration } from '../output/format';
import { LiveView } from '../output/live-view';
import { json, line, note, styled } from '../output/print';
import { StatusLine } from '../output/status-line';
import { endSentence, planSentence, progressLine } from '../output/warmup-view';
import { untilInterrupted } from '../until-interrupted';

export interface UpOptions {
  readonly exchange: string;
  readonly dataDir?: string;
  readonly redis?: string;
  readonly symbols?: readonly string[];
  readonly restUrl?: string;
  readonly wsUrl?: string;
  readonly metricsPort: number;
  readonly seed: number;
  readonly json?: boolean;
}

const SANDBOX = 'sandbox';
const WATCH_EVERY_MS = 200;
/** A node that ends by itself is started again after 1, 2, 4 … seconds, up to this. */
const RESTART_CAP_MS = 60_000;
/** A node that ran this long had not failed at its start. */
const HEALTHY_MS = 60_000;
/** Failures in a row after which it is not a passing trouble. */
const MAX_FAILURES = 8;

/** Starts the stores, the sandbox exchange when no other is asked for, and a node; shows what they do until Ctrl-C. */
export async function up(options: UpOptions, config: CliConfig): Promise<void> {
  const interrupted = untilInterrupted();
  const undo: (() => unknown)[] = [];
  const say = options.json === true ? () => undefined : line;
  try {
    const dataDir = acquireDataDir(options.dataDir ?? config.dataDir, {
      clock: systemClock,
      command: 'livermore up',
    });
    undo.push(() => dataDir.release());
    const logFile = join(dataDir.path, 'livermore.log');
    const redis = await startRedis({
      url: options.redis ?? config.redisUrl,
      dataDir,
      env: config.env,
      clock: systemClock,
      logger: createLogger({ level: config.logLevel ?? 'info', file: logFile }),
      onProgress: note,
    });
    undo.push(() => redis.stop());
    say(`${styled('green', '✔')} ${redisSentence(redis, dataDir.path)}`);
    const stop = await Promise.race([interrupted, run(options, { redis, logFile, say, undo, interrupted })]);
    if (options.json === true) json({ event: 'stopping', reason: stop });
    else note('\nStopping: letting what was received be written …');
  } finally {
    for (const each of undo.toReversed()) await each();
  }
  say('Stopped. Every candle is on disk; the next start goes on from here.');
}

interface Stage {
  readonly redis: StartedRedis;
  readonly logFile: string;
  readonly say: (text: string) => void;
  readonly undo: (() => unknown)[];
  readonly interrupted: Promise<string>;
}

async function run(options: UpOptions, stage: Stage): Promise<string> {
  const urls = options.exchange === SANDBOX ? await startSandbox(options, stage) : options;
  const url = stage.redis.tcpUrl ?? stage.redis.url;
  if (options.exchange !== SANDBOX) stage.say(`${styled('green', '✔')} Exchange ${options.exchange}`);
  const client = createRedis(stage.redis.url);
  client.on('error', () => undefined);
  stage.undo.push(() => client.disconnect());
  const supervision = superviseNode(
    () => startChild(nodeArguments(options, { ...urls, redis: stage.redis.url, logFile: stage.logFile })),
    stage,
  );
  const address = await supervision.address;
  await watchWarmup(client, options, stage);
  if (options.json === true) json({ event: 'live', exchange: options.exchange, redis: url, ...address });
  else {
    stage.say(
      `${styled('green', '✔')} Live. Candles: ${styled('bold', url)}  Metrics: ${address.url}/metrics  Health: ${address.url}/health`,
    );
    stage.say(
      styled(
        'dim',
        `  Look: npx livermore candles ${options.exchange} SYMBOL 1m · npx livermore coverage ${options.exchange} · log: ${stage.logFile}`,
      ),
    );
    stage.say(styled('dim', '  Ctrl-C stops cleanly.'));
  }
  await showCloses(client, options, stage);
  return supervision.gaveUp;
}

/** The sandbox: our own simulator, on a port of its own, said to be what it is. */
async function startSandbox(
  options: UpOptions,
  { say, undo }: Stage,
): Promise<{ restUrl: string; wsUrl: string }> {
  const child = startChild(['simulate', '--venue', 'binance', '--port', '0', '--seed', String(options.seed)]);
  undo.push(() => child.stop());
  const { rest, ws } = await child.said('simulator_ready');
  say(
    `${styled('green', '✔')} Exchange ${styled('bold', 'sandbox')}: simulated, its prices are invented (${String(rest)})`,
  );
  return { restUrl: String(rest), wsUrl: String(ws) };
}

function nodeArguments(
  options: UpOptions,
  where: {
    readonly restUrl?: string;
    readonly wsUrl?: string;
    readonly redis: string;
    readonly logFile: string;
  },
): readonly string[] {
  const exchange = exchangeOf(options.exchange, where);
  const symbols = options.symbols ?? (options.exchange === SANDBOX ? ['all'] : undefined);
  return [
    'node',
    options.exchange,
    ...['--redis', where.redis],
    ...['--rest-url', exchange.restUrl],
    ...['--ws-url', exchange.wsUrl],
    ...['--metrics-port', String(options.metricsPort)],
    ...['--log-file', where.logFile],
    ...(symbols === undefined ? [] : ['--symbols', symbols.join(',')]),
  ];
}

/** Keeps a node running: one that ends by itself is started again, ever more patiently, and in the end not. */
function superviseNode(start: () => Child, { undo, say }: Stage) {
  let isStopping = false;
  let current: Child | undefined;
  let settle: (address: { url: string }) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const address = new Promise<{ url: string }>((resolve, reject) => {
    settle = resolve;
    fail = reject;
  });
  undo.push(async () => {
    isStopping = true;
    await current?.stop();
  });
  const keep = async (): Promise<string> => {
    for (let failures = 0; !isStopping;) {
      const startedAt = systemClock.monotonicMs();
      current = start();
      current.said('node_started').then(({ url }) => settle({ url: String(url) }), fail);
      const how = await current.ended;
      if (isStopping) break;
      failures = systemClock.monotonicMs() - startedAt >= HEALTHY_MS ? 1 : failures + 1;
      if (failures >= MAX_FAILURES) throw new Error(`the node keeps ending: ${how}`);
      const delayMs = Math.min(RESTART_CAP_MS, 1_000 * 2 ** (failures - 1));
      say(`${styled('red', '✖')} ${how}. Starting it again in ${duration(delayMs)}.`);
      await systemClock.sleep(delayMs);
    }
    return 'stopped';
  };
  const gaveUp = keep();
  gaveUp.catch(() => undefined);
  return { address, gaveUp };
}

type Redis = ReturnType<typeof createRedis>;

/** Follows the warmup through what it says in Redis, as any other program could. */
async function watchWarmup(redis: Redis, options: UpOptions, { say }: Stage): Promise<void> {
  const { id } = exchangeOf(options.exchange, options);
  const since = systemClock.now() - 1_000;
  const status = new StatusLine();
  let isPlanShown = false;
  for (;;) {
    await systemClock.sleep(WATCH_EVERY_MS);
    const stats = await readWarmupStats(redis, id);
    if (stats === undefined || stats.startedAt < since) continue;
    if (!isPlanShown && stats.status !== 'scanning' && stats.status !== 'planning') {
      const schedule = await readWarmupSchedule(redis, id);
      if (schedule?.runId === stats.runId) {
        isPlanShown = true;
        if (options.json === true)
          json({ event: 'warmup_planned', schedule: { ...schedule, entries: schedule.entries.length } });
        else say(`  ${planSentence(schedule)}`);
      }
    }
    if (options.json === true) json({ event: 'warmup_progress', stats });
    else status.show(`  ${progressLine(stats)}`);
    if (['complete', 'incomplete'].includes(stats.status)) {
      status.clear();
      say(
        `${styled('green', '✔')} ${endSentence(stats, (stats.finishedAt ?? stats.updatedAt) - stats.startedAt)}`,
      );
      return;
    }
    if (stats.status === 'error')
      status.show(
        `  ${styled('red', endSentence(stats, stats.updatedAt - stats.startedAt))} It is begun again by itself.`,
      );
  }
}

async function showCloses(redis: Redis, options: UpOptions, { say, undo }: Stage): Promise<void> {
  const { id } = exchangeOf(options.exchange, options);
  const schedule = await readWarmupSchedule(redis, id);
  const lead = schedule?.entries[0]?.symbol;
  let view: LiveView | undefined;
  const stop = await subscribeCloses(redis, id, {
    onClose: (candle) => {
      if (options.json === true) json({ event: 'close', candle });
      else {
        view ??= new LiveView({ clock: systemClock, lead: lead ?? candle.symbol, print: say });
        view.take(candle);
      }
    },
    onInvalid: (error) => note(messageOf(error)),
  });
  undo.push(stop);
}

function redisSentence(redis: StartedRedis, dataDir: string): string {
  const { engine, tcpUrl, isOurs } = redis;
  if (!isOurs) return `Redis ${engine.version} (yours)`;
  const where = tcpUrl === null ? '' : ` at ${tcpUrl}`;
  return `${engine.name} ${engine.version}${where}, data in ${dataDir}`;
}
