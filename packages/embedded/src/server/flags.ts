import type { StartableEngine } from '../engines/engine';

export interface ServerPlace {
  /** Absolute path of the folder the append-only file is kept in. */
  readonly dir: string;
  readonly socketPath: string;
  /** Loopback TCP port; 0 for none. */
  readonly port: number;
}

/**
 * Command line of a private server: reachable on this machine only, every write on disk within a second, no
 * snapshots beside the log, and no eviction, since a candle dropped under memory pressure would be a silent hole. A candle
 * has 81 bytes: short series stay compact lists, as they would not with the 64 that a server allows by itself. The setting
 * goes by the name that every version knows.
 */
export function serverFlags(place: ServerPlace): string[] {
  const network = ['--bind', '127.0.0.1', '--port', String(place.port), '--protected-mode', 'yes'];
  const socket = ['--unixsocket', place.socketPath, '--unixsocketperm', '700'];
  const disk = ['--dir', place.dir, '--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''];
  const memory = ['--maxmemory-policy', 'noeviction', '--zset-max-ziplist-value', '96'];
  return [...network, ...socket, ...disk, ...memory, '--daemonize', 'no'];
}

/**
 * The address of a server of ours: `unix://` and the plain absolute path of its socket (nothing escaped; ioredis
 * itself takes what follows `unix://`), or, for an engine without sockets, `redis://127.0.0.1:port`.
 */
export function urlOf(engine: StartableEngine, place: ServerPlace): string {
  return engine.tier === 'javascript' ? tcpUrl(place.port) : `unix://${place.socketPath}`;
}

/** The address for other programs of the user. */
export function tcpUrl(port: number): string {
  return `redis://127.0.0.1:${port}`;
}
