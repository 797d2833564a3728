export {};

declare module 'vitest' {
  /** What the set-up of the Redis tests hands to a test: `inject('redisUrl')`. */
  export interface ProvidedContext {
    /** A real Redis for this run, e.g. `redis://127.0.0.1:40123`. Use a random key prefix: tests share it. */
    redisUrl: string;
  }
}
