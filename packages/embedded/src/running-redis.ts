import { resolve } from 'node:path';
import { dataDirHolder } from './lock/data-dir-lock';
import { identityOf } from './process/process-identity';
import { tcpUrl } from './server/address';
import { readState } from './server/state-file';
import { readPasswords } from './users/password-file';

/** The Redis that somebody runs on a data directory. */
export interface RunningRedis {
  /** False for the demo engine, which knows no users: then every user's address is the same. */
  readonly hasUsers: boolean;
  /** Its loopback address as one of its users. Holds a password. */
  urlOf(user: 'reader' | 'writer'): string;
}

/**
 * Where the Redis of a data directory answers while somebody runs it, for a command that only wants to look; null
 * when nobody does. Looks only.
 */
export function runningRedis(dataDir: string): RunningRedis | null {
  const path = resolve(dataDir);
  const { port, server } = readState(path);
  if (dataDirHolder(path) === null || server === null || port === null) return null;
  if (identityOf(server.pid).startedAt !== server.startedAt) return null;
  const passwords = server.hasUsers ? readPasswords(path) : null;
  return {
    hasUsers: server.hasUsers,
    urlOf: (user) => tcpUrl(port, passwords === null ? null : { user, password: passwords[user] }),
  };
}
