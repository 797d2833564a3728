import { resolve } from 'node:path';
import { dataDirHolder } from './lock/data-dir-lock';
import { identityOf } from './process/process-identity';
import { tcpUrl } from './server/flags';
import { readState } from './server/state-file';

/**
 * Where the Redis of a data directory answers while somebody runs it, for a command that only wants to look; null
 * when nobody does. Looks only.
 */
export function runningRedis(dataDir: string): string | null {
  const path = resolve(dataDir);
  const { port, server } = readState(path);
  if (dataDirHolder(path) === null || server === null || port === null) return null;
  return identityOf(server.pid).startedAt === server.startedAt ? tcpUrl(port) : null;
}
