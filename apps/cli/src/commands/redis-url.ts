import { dataDirHolder, runningRedis } from '@livermore/embedded';
import type { CliConfig } from '../config';
import { NoRunningRedisError } from '../exit-codes';
import { line, note } from '../output/print';

export interface RedisUrlOptions {
  readonly dataDir?: string;
  readonly writer?: boolean;
}

/**
 * Prints the address of the Redis that runs on a data directory, with user and password: the one command that shows them.
 * @throws NoRunningRedisError when none of ours runs there
 */
export function redisUrl(options: RedisUrlOptions, config: Pick<CliConfig, 'dataDir'>): void {
  const dataDir = options.dataDir ?? config.dataDir;
  const running = runningRedis(dataDir);
  if (running === null) throw new NoRunningRedisError(whyNone(dataDir));
  if (!running.hasUsers) {
    note('This server knows no users: whoever has the address may read and change everything.');
  }
  line(running.urlOf(options.writer === true ? 'writer' : 'reader'));
}

function whyNone(dataDir: string): string {
  const holder = dataDirHolder(dataDir);
  return holder === null
    ? `no Redis of ours runs on ${dataDir}: start \`livermore up\`, or name another directory with --data-dir`
    : `\`${holder.command}\` (process ${holder.pid}) runs no Redis of its own on ${dataDir}: either it is still starting, or it was given yours by REDIS_URL or --redis, whose address is the one to use`;
}
