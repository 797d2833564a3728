export interface ServerPlace {
  /** Absolute path of the folder the append-only file is kept in. */
  readonly dir: string;
  readonly socketPath: string;
  /** Loopback TCP port; 0 for none. */
  readonly port: number;
  /** Absolute path of the file that names its users. */
  readonly aclFile: string;
}

/**
 * Command line of a private server: reachable on this machine only, by users of whom only the file is named here (arguments
 * can be seen by everyone on the machine), every write on disk within a second, no
 * snapshots beside the log, and no eviction, since a candle dropped under memory pressure would be a silent hole. A candle
 * has 81 bytes: short series stay compact lists, as they would not with the 64 that a server allows by itself. The setting
 * goes by the name that every version knows.
 */
export function serverFlags(place: ServerPlace): string[] {
  const network = ['--bind', '127.0.0.1', '--port', String(place.port), '--protected-mode', 'yes'];
  const users = ['--aclfile', place.aclFile];
  const socket = ['--unixsocket', place.socketPath, '--unixsocketperm', '700'];
  const disk = ['--dir', place.dir, '--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''];
  const memory = ['--maxmemory-policy', 'noeviction', '--zset-max-ziplist-value', '96'];
  return [...network, ...users, ...socket, ...disk, ...memory, '--daemonize', 'no'];
}
