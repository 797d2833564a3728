import { startNode } from '@livermore/node';
import type { RunningNode } from '@livermore/node';
import { createLogger } from '@livermore/utils';
import type { LogLevel, Logger } from '@livermore/utils';
import type { Timeframe } from '@livermore/schemas';
import type { CliConfig } from '../config';
import { UsageError } from '../exit-codes';
import { exchangeOf, symbolChoice } from '../exchange-choice';
import { json } from '../output/print';
import { interruptedBy, unlessInterrupted, untilInterrupted } from '../until-interrupted';

export interface NodeCommandOptions {
  readonly redis?: string;
  readonly restUrl?: string;
  readonly wsUrl?: string;
  readonly symbols?: readonly string[];
  readonly timeframes?: readonly Timeframe[];
  readonly target?: number;
  readonly derive: boolean;
  readonly audit: boolean;
  readonly metricsPort: number;
  readonly endIfBlocked?: boolean;
  readonly logFile?: string;
  readonly logLevel?: LogLevel;
}

/** Runs one exchange on a Redis until interrupted. Progress is on stdout, one JSON object a line; logs go elsewhere. */
export async function node(name: string, options: NodeCommandOptions, config: CliConfig): Promise<void> {
  const redisUrl = options.redis ?? config.redisUrl;
  if (redisUrl === undefined) throw new UsageError('a node needs a Redis: name it with --redis or REDIS_URL');
  const logger = createLogger({
    level: options.logLevel ?? config.logLevel ?? 'info',
    ...(options.logFile === undefined ? {} : { file: options.logFile }),
  });
  const interrupted = untilInterrupted();
  const running = await unlessInterrupted(interrupted, () => start(name, options, { redisUrl, logger }));
  json({ event: 'node_started', exchange: name, url: running.url, pid: process.pid });
  let isActive = false;
  const active = running.started.then(() => {
    if (running.instance.state !== 'active') return;
    isActive = true;
    json({ event: 'node_active', exchange: name, symbols: running.instance.symbols.length });
  });
  try {
    await Promise.race([interrupted, active.then(() => interrupted)]);
  } finally {
    await running.stop();
  }
  if (!isActive) throw interruptedBy(await interrupted, `before ${name} was live`);
}

function start(
  name: string,
  options: NodeCommandOptions,
  { redisUrl, logger }: { readonly redisUrl: string; readonly logger: Logger },
): Promise<RunningNode> {
  const { timeframes, target } = options;
  return startNode({
    exchange: exchangeOf(name, options),
    redisUrl,
    symbols: symbolChoice(options.symbols),
    metricsPort: options.metricsPort,
    logger,
    audit: options.audit,
    endsIfBlocked: options.endIfBlocked === true,
    ...(options.derive ? {} : { derive: false }),
    ...(timeframes === undefined ? {} : { timeframes }),
    ...(target === undefined ? {} : { target }),
  });
}
