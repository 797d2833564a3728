import { createRedis } from '@livermore/cache';
import { acquireDataDir, startRedis } from '@livermore/embedded';
import type { StartedRedis } from '@livermore/embedded';
import { knownExchanges } from '@livermore/exchange-core';
import { createLogger, systemClock } from '@livermore/utils';
import { join } from 'node:path';
import { startChild } from '../child';
import type { CliConfig } from '../config';
import { SANDBOX, exchangeOf } from '../exchange-choice';
import { ChildEndedError } from '../exit-codes';
import { json, line, note, styled } from '../output/print';
import { Screen } from '../output/screen';
import { shellWord } from '../output/shell-word';
import { withoutSecrets } from '../secrets';
import { warningsOf } from '../redis';
import { supervise } from '../supervise';
import { interruptedBy, untilInterrupted } from '../until-interrupted';
import { watchHealth } from './up-health';
import { startSandbox } from './up-sandbox';
import type { Address } from './up-sandbox';
import { sayEnded } from './up-stage';
import type { Stage, UpOptions } from './up-stage';
import { showCloses, watchWarmup } from './up-watch';

/** Starts the stores, the sandbox exchange when no other is asked for, and a node; shows what they do until Ctrl-C. */
export async function up(options: UpOptions, config: CliConfig): Promise<void> {
  const stopping = new AbortController();
  let isLive = false;
  const interrupted = untilInterrupted().then((reason) => {
    stopping.abort(new Error(reason));
    if (options.json === true) json({ event: 'stopping', reason });
    else if (isLive) note('\nStopping: letting what was received be written …');
    return reason;
  });
  const undo: (() => unknown)[] = [];
  const screen = new Screen(line);
  const say = options.json === true ? () => undefined : (text: string) => screen.say(text);
  try {
    const stage = await openStage(options, config, { say, screen, undo, signal: stopping.signal });
    if (!stopping.signal.aborted) {
      const live = () => {
        isLive = true;
      };
      await Promise.race([interrupted, run(options, stage, live).catch(withAdvice(options))]);
    }
  } finally {
    stopping.abort(new Error('stopped'));
    for (const each of undo.toReversed()) await each();
  }
  if (!isLive) throw interruptedBy(await interrupted, `before ${options.exchange} was live`);
  say('Stopped. The next start goes on from here.');
}

/** A venue that serves nobody here: another one may. */
function withAdvice({ exchange }: UpOptions): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof ChildEndedError) || !error.message.includes('refuses this location')) throw error;
    const others = knownExchanges().filter((name) => name !== exchange && name !== SANDBOX);
    const commands = others.map((name) => `npx livermore up --exchange ${name}`);
    throw new ChildEndedError(
      `${error.message}\nTry another exchange: ${commands.join(', or ')}`,
      error.exitCode,
    );
  };
}

async function openStage(
  options: UpOptions,
  config: CliConfig,
  parts: Pick<Stage, 'say' | 'screen' | 'undo' | 'signal'>,
): Promise<Stage> {
  const dataDir = acquireDataDir(options.dataDir ?? config.dataDir, {
    clock: systemClock,
    command: 'livermore up',
  });
  parts.undo.push(() => dataDir.release());
  const logFile = join(dataDir.path, 'livermore.log');
  const redis = await startRedis({
    url: options.redis ?? config.redisUrl,
    dataDir,
    env: config.env,
    clock: systemClock,
    // A file of its own: the other one is the node's.
    logger: createLogger({ level: config.logLevel ?? 'info', file: join(dataDir.path, 'livermore-up.log') }),
    onProgress: note,
  });
  parts.undo.push(() => redis.stop());
  const warnings = await warningsOf(redis);
  parts.say(`${styled('green', '✔')} ${redisSentence(redis, dataDir.path)}`);
  for (const warning of warnings) note(`! Your Redis: ${warning}`);
  return { ...parts, redis, logFile, config };
}

/** Resolves when it was stopped; `onLive` is called once it is live. Rejects when something cannot be kept running. */
async function run(options: UpOptions, stage: Stage, onLive: () => void): Promise<void> {
  const sandbox = options.exchange === SANDBOX ? await startSandbox(options, stage) : undefined;
  if (stage.signal.aborted) return;
  if (sandbox === undefined) stage.say(`${styled('green', '✔')} Exchange ${options.exchange}`);
  const node = superviseNode(options, sandbox?.address ?? options, stage);
  const client = createRedis(stage.redis.url);
  client.on('error', () => undefined);
  stage.undo.push(() => client.disconnect());
  const { url } = await node.ready;
  sayAddresses(options, stage, String(url));
  const health = watchHealth(String(url), options, stage);
  const watching = watchWarmup(client, options, stage).then(async () => {
    await Promise.race([health.live, aborted(stage.signal)]);
    if (stage.signal.aborted) return;
    onLive();
    sayLive(options, stage, String(url));
    await showCloses(client, options, stage);
  });
  await Promise.race([node.over, sandbox?.over ?? node.over, watching.then(() => node.over)]);
}

function superviseNode(options: UpOptions, where: Partial<Address>, stage: Stage) {
  // The URL may hold a password: it goes through the environment, which only this user can read.
  const env = { ...stage.config.env, REDIS_URL: stage.redis.url };
  const node = supervise({
    start: (before) => startChild(nodeArguments(options, where, stage, before === undefined), env),
    readyEvent: 'node_started',
    clock: systemClock,
    onEnded: (sentence, delayMs) => sayEnded(stage, options, { what: 'node', sentence, delayMs }),
  });
  stage.undo.push(() => node.stop());
  return node;
}

function nodeArguments(
  options: UpOptions,
  where: Partial<Address>,
  { logFile }: Stage,
  isFirst: boolean,
): readonly string[] {
  const exchange = exchangeOf(options.exchange, where);
  const symbols = options.symbols ?? (options.exchange === SANDBOX ? ['all'] : undefined);
  const flags = [
    ['--rest-url', exchange.restUrl],
    ['--ws-url', exchange.wsUrl],
    ['--metrics-port', String(options.metricsPort)],
    ['--log-file', logFile],
    // Where it was served before, a refusal is a pause.
    ...(isFirst ? [['--end-if-blocked']] : []),
    ...(symbols === undefined ? [] : [['--symbols', symbols.join(',')]]),
  ];
  return ['node', options.exchange, ...flags.flat()];
}

function sayLive(options: UpOptions, { redis, say }: Stage, url: string): void {
  const candles = withoutSecrets(redis.tcpUrl ?? redis.url);
  const withPassword = `npx livermore redis-url${dataDirFlag(options)}`;
  if (options.json === true) {
    json({ event: 'live', exchange: options.exchange, redis: candles, url });
    return;
  }
  say(`${styled('green', '✔')} Live. Ctrl-C stops cleanly.`);
  const { exchange } = options;
  const at = dataDirFlag(options);
  const address = `${withPassword}   (with its password, for your programs)`;
  sayWhere(say, [
    ['candles', styled('bold', candles)],
    ...(redis.hasUsers ? ([['address', address]] as const) : []),
    ['look', `npx livermore candles ${exchange} SYMBOL 1m${at}`],
    ['', `npx livermore coverage ${exchange}${at}`],
  ]);
}

/** Where to look when something is wrong comes first: before anything can be. */
function sayAddresses(options: UpOptions, { say, logFile }: Stage, url: string): void {
  if (options.json === true)
    json({ event: 'addresses', log: logFile, health: `${url}/health`, metrics: `${url}/metrics` });
  sayWhere(say, [
    ['log', logFile],
    ['health', `${url}/health`],
    ['metrics', `${url}/metrics`],
  ]);
}

function sayWhere(say: Stage['say'], places: readonly (readonly [string, string])[]): void {
  for (const [what, where] of places) say(`  ${styled('dim', what.padEnd(8))} ${where}`);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function dataDirFlag({ dataDir }: UpOptions): string {
  return dataDir === undefined ? '' : ` --data-dir ${shellWord(dataDir)}`;
}

function redisSentence(redis: StartedRedis, dataDir: string): string {
  const { engine, tcpUrl, isOurs, warning } = redis;
  if (!isOurs) return `Redis ${engine.version} (yours)`;
  const where = tcpUrl === null ? '' : ` at ${tcpUrl}`;
  // The demo engine keeps nothing there.
  return `${engine.name} ${engine.version}${where}, data in ${warning === null ? dataDir : 'memory only'}`;
}
