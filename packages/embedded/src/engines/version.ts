/** Oldest Redis protocol version this system works with: what its client library itself supports. */
export const MIN_REDIS_VERSION = '6.2.0';

/** What a server or its binary says about itself. */
export interface EngineVersion {
  /** `redis`, `valkey` or `keydb`. */
  readonly name: string;
  /** Its own version, e.g. `8.0.1` of Valkey. */
  readonly version: string;
  /** The Redis version it is compatible with; the same as `version` for Redis. */
  readonly redisVersion: string;
}

/**
 * Reads `redis-server --version`; null when it is not such a line.
 *
 * @example parseVersionLine('Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0') // redis 7.0.15
 */
export function parseVersionLine(line: string): EngineVersion | null {
  const match = /(redis|valkey|keydb)\S* server v=(\d+\.\d+(?:\.\d+)?)/i.exec(line);
  const [name, version] = [match?.[1]?.toLowerCase(), match?.[2]];
  if (name === undefined || version === undefined) return null;
  return { name, version, redisVersion: name === 'valkey' ? '7.2.4' : version };
}

/** Reads the reply of `INFO server`; null when it names no version. */
export function parseInfo(info: string): EngineVersion | null {
  const field = (name: string) => new RegExp(`^${name}:(.+?)\r?$`, 'm').exec(info)?.[1];
  const redisVersion = field('redis_version');
  if (redisVersion === undefined) return null;
  return {
    name: field('server_name') ?? 'redis',
    version: field('valkey_version') ?? redisVersion,
    redisVersion,
  };
}

export function isNewEnough(version: EngineVersion): boolean {
  return compareVersions(version.redisVersion, MIN_REDIS_VERSION) >= 0;
}

/** Negative when `a` is older than `b`; compares number by number, a missing one is 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbersOf(version: string): number[] {
  return version.split('.').map((part) => Number.parseInt(part, 10) || 0);
}
