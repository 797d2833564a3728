/** How a server of ours is addressed. */

/** A user and password, as they stand in a URL; passwords of ours need no escape. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/**
 * `unix://`, the plain absolute path of a socket (nothing escaped), and who: ioredis and redis-py take what follows a `?`
 * for options.
 */
export function socketUrl(socketPath: string, login: Login | null): string {
  const who = login === null ? '' : `?username=${login.user}&password=${login.password}`;
  return `unix://${socketPath}${who}`;
}

/** The address for programs of any language, e.g. `redis://reader:…@127.0.0.1:6390`. */
export function tcpUrl(port: number, login: Login | null = null): string {
  const who = login === null ? '' : `${login.user}:${login.password}@`;
  return `redis://${who}127.0.0.1:${port}`;
}
