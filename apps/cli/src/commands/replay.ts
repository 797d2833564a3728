import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireDataDir, startRedis } from '@livermore/embedded';
import { isFaithful, replay as runReplay } from '@livermore/replay';
import type { SimulatedVenue } from '@livermore/simulator';
import { createLogger, silentLogger, systemClock } from '@livermore/utils';
import type { LogLevel } from '@livermore/utils';
import type { CliConfig } from '../config';
import { EXIT_CODES } from '../exit-codes';
import { instant } from '../output/format';
import { json, note } from '../output/print';
import { printReplay } from '../output/replay-view';
import { StatusLine } from '../output/status-line';
import { readFaults } from './simulate';

export interface ReplayCommandOptions {
  readonly venue: SimulatedVenue;
  readonly data: string;
  readonly from?: number;
  readonly to?: number;
  readonly speed: number | 'max';
  readonly symbols?: readonly string[];
  readonly faults?: string;
  readonly redis?: string;
  readonly derive: boolean;
  readonly audit: boolean;
  readonly tickers: boolean;
  readonly updateEvery?: number;
  readonly seed: number;
  readonly json?: boolean;
  readonly logLevel?: LogLevel;
  readonly logFile?: string;
}

/** Replays a recording and compares. @returns the exit code: incomplete unless every candle is equal */
export async function replay(options: ReplayCommandOptions, config: CliConfig): Promise<number> {
  const store = await storeFor(options, config);
  const status = new StatusLine();
  try {
    const { from, to, symbols, faults, audit, tickers, updateEvery } = options;
    const report = await runReplay({
      venue: options.venue,
      data: options.data,
      speed: options.speed,
      redisUrl: store.url,
      ...(options.derive ? {} : { derive: false }),
      seed: options.seed,
      audit,
      tickers,
      ...(updateEvery === undefined ? {} : { updateEveryMs: updateEvery }),
      logger: loggerOf(options),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(symbols === undefined ? {} : { symbols }),
      ...(faults === undefined ? {} : { faults: readFaults(faults, options.venue) }),
      onProgress: ({ now, from: start, to: end }) => {
        if (options.json === true) return;
        const done = Math.floor(((now - start) / (end - start)) * 100);
        status.show(`  replaying ${instant(now)} UTC  ${done}%`);
      },
    });
    status.clear();
    if (options.json === true) json(report);
    else printReplay(report);
    return isFaithful(report) ? EXIT_CODES.ok : EXIT_CODES.incomplete;
  } finally {
    await store.close();
  }
}

function loggerOf({ logLevel, logFile }: ReplayCommandOptions) {
  if (logLevel === undefined && logFile === undefined) return silentLogger;
  return createLogger({ level: logLevel ?? 'info', ...(logFile === undefined ? {} : { file: logFile }) });
}

/** The Redis that was named, else a private one that is thrown away: a replay must not mix with live candles. */
async function storeFor(options: ReplayCommandOptions, config: CliConfig) {
  const tools = { env: config.env, clock: systemClock, logger: silentLogger, onProgress: note };
  if (options.redis !== undefined) {
    const folder = { path: config.dataDir, release: () => undefined };
    const given = await startRedis({ ...tools, url: options.redis, dataDir: folder });
    return { url: given.url, close: () => given.stop() };
  }
  const folder = mkdtempSync(join(tmpdir(), 'livermore-replay-'));
  const dataDir = acquireDataDir(folder, { clock: systemClock, command: 'livermore replay' });
  const started = await startRedis({ ...tools, dataDir, port: 'none' });
  const close = async () => {
    await started.stop();
    dataDir.release();
    rmSync(folder, { recursive: true, force: true });
  };
  return { url: started.url, close };
}
