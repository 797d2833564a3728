import type { Clock, Logger } from '@livermore/utils';
import { isRunning, type ProcessIdentity } from '../process/process-identity';
import { readState, updateState } from './state-file';

const POLL_MS = 20;
const ASK_MS = 15_000;

/**
 * Stops a server that an earlier process of ours left running on this data directory: it was killed, and its server
 * may still be writing. Whoever calls this holds the directory.
 */
export async function stopLeftover(
  dataDir: string,
  options: { readonly clock: Clock; readonly logger: Logger },
): Promise<void> {
  const { server } = readState(dataDir);
  if (server === null) return;
  // Without a start time the number may by now belong to someone else's process.
  if (server.startedAt !== null && isRunning(server)) {
    options.logger.warn({ event: 'redis_leftover_stopping', pid: server.pid });
    await stopProcess(server, options.clock);
  }
  updateState(dataDir, { server: null });
}

async function stopProcess(identity: ProcessIdentity, clock: Clock): Promise<void> {
  signal(identity, 'SIGTERM');
  const startedAt = clock.monotonicMs();
  while (isRunning(identity)) {
    if (clock.monotonicMs() - startedAt > ASK_MS) signal(identity, 'SIGKILL');
    await clock.sleep(POLL_MS);
  }
}

function signal(identity: ProcessIdentity, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(identity.pid, name);
  } catch {
    // It ended between the look and the signal.
  }
}
