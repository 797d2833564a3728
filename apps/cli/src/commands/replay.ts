import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireDataDir, startRedis } from '@livermore/embedded';
import { isFaithful, replay as runReplay } from '@livermore/replay';
import type { ReplayReport } from '@livermore/replay';
import type { SimulatedVenue } from '@livermore/simulator';
import { createLogger, silentLogger, systemClock } from '@livermore/utils';
import type { LogLevel } from '@livermore/utils';
import type { CliConfig } from '../config';
import { EXIT_CODES } from '../exit-codes';
import { count, duration, instant } from '../output/format';
import { json, line, note, styled, table } from '../output/print';
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
    const { from, to, symbols, faults } = options;
    const report = await runReplay({
      venue: options.venue,
      data: options.data,
      speed: options.speed,
      redisUrl: store.url,
      derive: options.derive,
      seed: options.seed,
      logger: loggerOf(options),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(symbols === undefined ? {} : { symbols }),
      ...(faults === undefined ? {} : { faults: readFaults(faults) }),
      onProgress: ({ now, from: start, to: end }) => {
        if (options.json === true) return;
        const done = Math.floor(((now - start) / (end - start)) * 100);
        status.show(`  replaying ${instant(now)} UTC  ${done}%`);
      },
    });
    status.clear();
    if (options.json === true) json(report);
    else print(report);
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

function print(report: ReplayReport): void {
  line(
    `${report.venue}: ${report.symbols.join(', ')} from ${instant(report.from)} to ${instant(report.to)} UTC (${duration(report.replayedMs)}, replayed in ${duration(report.tookMs)})`,
  );
  line();
  const right = 'right' as const;
  const columns = [
    { title: 'symbol' },
    { title: 'tf' },
    ...['compared', 'equal', 'different', 'missing', 'revised', 'no trades', 'holes', 'invented'].map(
      (title) => ({ title, align: right }),
    ),
    { title: 'against' },
  ];
  const rows = report.series.map((each) => [
    each.symbol,
    each.timeframe,
    ...[
      each.compared,
      each.equal,
      each.different,
      each.missing,
      each.revised,
      each.quiet,
      each.holes,
      each.invented,
    ].map((n) => (n === 0 ? '·' : count(n))),
    each.native === 0
      ? 'sums of what was recorded'
      : each.native === each.compared
        ? 'native recording'
        : 'both',
  ]);
  line(table(columns, rows));
  line();
  const { candles, warmup } = report;
  const verdict = isFaithful(report) ? styled('green', '✔ equal') : styled('red', '✖ not equal');
  line(
    `${verdict}: ${count(candles.compared)} closed candles compared, ${count(candles.different)} different, ${count(candles.missing)} missing, ${count(candles.invented)} invented`,
  );
  line(
    `warmup ${warmup.status}: ${count(warmup.requests)} requests, weight ${count(warmup.weight)} (one page per series: ${count(warmup.naiveRequests)}); in all ${count(report.requests)} requests, weight ${count(report.weight)}`,
  );
  for (const { symbol, timeframe, ranges } of report.holes) {
    const spans = ranges.map(({ from, to }) => `${instant(from)} to ${instant(to)}`);
    note(
      `hole of the venue, ${symbol} ${timeframe}: ${spans.slice(0, 5).join('; ')}${spans.length > 5 ? ' …' : ''}`,
    );
  }
  if (report.revised.length > 0) {
    note(
      `${count(report.revised.length)} recorded candles were revised by the venue (they differ from their own parts), for example:`,
    );
    for (const bar of report.revised.slice(0, 3)) {
      note(
        `  ${bar.symbol} ${bar.timeframe} ${instant(bar.openTime)}: volume ${bar.volume}, its ${bar.parts} come to ${bar.partsVolume}`,
      );
    }
  }
  for (const each of report.differences.slice(0, 10)) {
    note(
      `different: ${each.series.symbol} ${each.series.timeframe} ${instant(each.openTime)} ${each.fields.map((field) => `${field} ${String(each.cached[field])} instead of ${String(each.truth[field])}`).join(', ')} (${each.cached.source ?? ''})`,
    );
  }
  for (const { symbol, timeframe, openTimes } of report.missing.slice(0, 10)) {
    note(
      `missing: ${symbol} ${timeframe} ${openTimes.slice(0, 3).map(instant).join(', ')}${openTimes.length > 3 ? ` and ${openTimes.length - 3} more` : ''}`,
    );
  }
}
