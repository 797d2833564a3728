import { SymbolStore, createRedis } from '@livermore/cache';
import { createNodeTransport } from '@livermore/exchange-core';
import type { WarmupReport, WarmupSchedule, WarmupStats } from '@livermore/exchange-core';
import { chooseSymbols, createWarmup, openHistory } from '@livermore/instance';
import { TIMEFRAMES } from '@livermore/schemas';
import type { Timeframe } from '@livermore/schemas';
import { createLogger, systemClock, systemRandom } from '@livermore/utils';
import type { LogLevel } from '@livermore/utils';
import type { CliConfig } from '../config';
import { answered, exchangeOf, symbolChoice } from '../exchange-choice';
import { EXIT_CODES, exitCodeOf } from '../exit-codes';
import { count, duration } from '../output/format';
import { json, line, note, styled, table } from '../output/print';
import { StatusLine } from '../output/status-line';
import { endSentence, planSentence, progressLine, undecidedSentence } from '../output/warmup-view';
import { openRedis } from '../redis';
import type { RedisChoice } from '../redis';
import { interruptedBy, unlessInterrupted, untilInterrupted } from '../until-interrupted';

export interface WarmupCommandOptions extends RedisChoice {
  readonly symbols?: readonly string[];
  readonly timeframes?: readonly Timeframe[];
  readonly target?: number;
  readonly plan?: boolean;
  readonly derive: boolean;
  readonly restUrl?: string;
  readonly wsUrl?: string;
  readonly json?: boolean;
  readonly logLevel?: LogLevel;
  readonly logFile?: string;
}

/** Plans, or plans and executes, a warmup. @returns the exit code */
export async function warmup(
  name: string,
  options: WarmupCommandOptions,
  config: CliConfig,
): Promise<number> {
  const interrupted = untilInterrupted();
  const code = await unlessInterrupted(interrupted, async (signal) => {
    const opened = await openRedis(options, config, 'warmup');
    try {
      return await warmUp(name, options, { redis: opened.redis, signal, config });
    } finally {
      await opened.close();
    }
  });
  // One that was stopped half-way has told how far it came.
  return code === EXIT_CODES.interrupted ? exitCodeOf(interruptedBy(await interrupted, 'half-way')) : code;
}

interface Means {
  readonly redis: ReturnType<typeof createRedis>;
  readonly signal: AbortSignal;
  readonly config: CliConfig;
}

async function warmUp(name: string, options: WarmupCommandOptions, means: Means): Promise<number> {
  const { redis, signal } = means;
  const exchange = exchangeOf(name, options);
  const level = options.logLevel ?? means.config.logLevel ?? (options.json === true ? 'info' : 'warn');
  const logger = createLogger({ level, ...(options.logFile === undefined ? {} : { file: options.logFile }) });
  const transport = createNodeTransport();
  const history = openHistory({
    exchange,
    redis,
    get: transport.get,
    clock: systemClock,
    random: systemRandom,
    logger,
  });
  await answered(name, () => history.rest.sync.measure(signal));
  const listing = await history.rest.source.fetchListing({ lane: 'repair', signal });
  const symbols = chooseSymbols(listing.symbols, symbolChoice(options.symbols)).map((each) => each.symbol);
  const status = new StatusLine();
  const { target, derive, timeframes = TIMEFRAMES } = options;
  const run = createWarmup({
    exchange,
    redis,
    history,
    symbols,
    timeframes,
    target,
    // Only told when it is not to be: by default it depends on the venue.
    derive: derive ? undefined : false,
    clock: systemClock,
    logger,
    onProgress: (stats) => showProgress(stats, status, options),
  });
  const { schedule } = await run.plan();
  if (options.plan === true) {
    showPlan(schedule, options);
    return EXIT_CODES.ok;
  }
  if (options.json !== true) line(planSentence(schedule));
  await new SymbolStore(redis).save(exchange.id, symbols, systemClock.now());
  const report = await run.run(signal);
  status.clear();
  return showEnd(report, options);
}

function showProgress(stats: WarmupStats, status: StatusLine, options: WarmupCommandOptions): void {
  if (options.json === true) json({ event: 'warmup_progress', stats });
  else if (stats.status === 'executing' && stats.requestsPlanned > 0) status.show(progressLine(stats));
}

function showPlan(schedule: WarmupSchedule, options: WarmupCommandOptions): void {
  if (options.json === true) {
    json({ event: 'warmup_plan', schedule });
    return;
  }
  line(planSentence(schedule));
  const rows = (schedule.requestsByTimeframe ?? []).map((each) => [
    each.timeframe,
    count(each.requests),
    count(each.candles),
    count(each.weight),
  ]);
  if (rows.length === 0) return;
  const right = 'right' as const;
  line();
  line(
    table(
      [
        { title: 'fetched' },
        { title: 'requests', align: right },
        { title: 'candles', align: right },
        { title: 'weight', align: right },
      ],
      rows,
    ),
  );
  const derived = schedule.entries.filter((entry) => entry.fill === 'derive');
  const pairs = new Set(
    derived.map((entry) => `${entry.timeframe} from ${entry.derivedFrom ?? 'shorter ones'}`),
  );
  if (pairs.size > 0) line(styled('dim', `derived, exactly: ${[...pairs].join(', ')}`));
  const reasons = new Map<string, number>();
  for (const { reason = 'empty' } of schedule.entries) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  line(styled('dim', `why: ${[...reasons].map(([reason, times]) => `${reason} ×${times}`).join(', ')}`));
}

function showEnd(report: WarmupReport, options: WarmupCommandOptions): number {
  const { cause, ...shown } = report;
  if (options.json === true) json({ event: 'warmup_report', report: shown });
  else {
    const ok = report.status === 'complete' && report.unsettled === 0;
    line(
      `${ok ? styled('green', '✔') : styled('red', '✖')} ${endSentence(report.stats, report.durationMs)}${undecidedSentence(report.unsettled)}`,
    );
    const { requestsDone, weightSpent, requestsPlanned } = report.stats;
    line(
      styled(
        'dim',
        `  ${count(requestsDone)} requests of ${count(requestsPlanned)} planned, weight ${count(weightSpent)}; ${count(report.candlesFetched)} candles fetched, ${count(report.candlesDerived)} derived, in ${duration(report.durationMs)}`,
      ),
    );
    for (const failure of report.stats.failures)
      note(`  ${failure.symbol} ${failure.timeframe}: ${failure.message}`);
  }
  if (report.status === 'complete') return report.unsettled === 0 ? EXIT_CODES.ok : EXIT_CODES.incomplete;
  if (report.status === 'stopped') return EXIT_CODES.interrupted;
  return report.status === 'error' && cause !== undefined ? exitCodeOf(cause) : EXIT_CODES.incomplete;
}
