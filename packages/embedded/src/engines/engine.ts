/** Where an engine comes from, best first. The first that works is used. */
export const TIERS = ['url', 'path', 'debian', 'javascript'] as const;
export type Tier = (typeof TIERS)[number];

/** The Redis that answers. */
export interface Engine {
  readonly tier: Tier;
  /** `redis`, `valkey`, `keydb` or `js-redis-server`. */
  readonly name: string;
  readonly version: string;
  /** The program that runs; null when it was given by URL. */
  readonly path: string | null;
}

/** An engine that is ours to start. */
export interface StartableEngine extends Engine {
  readonly path: string;
  readonly redisVersion: string;
  /** Added to the environment of the server, e.g. where its libraries are. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether it writes to disk. */
  readonly isPersistent: boolean;
  /** Whether it knows users: without them, whoever reaches its port may do everything. */
  readonly hasUsers: boolean;
}

/** Says what is being done, in a sentence for a person. */
export type OnProgress = (sentence: string) => void;
