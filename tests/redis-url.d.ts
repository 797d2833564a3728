export {};

declare module 'vitest' {
  /** What the set-up of the Redis tests hands to a test: `inject('redisUrl')`. */
  export interface ProvidedContext {
    /** A real Redis for this run, as the writer. Use a random key prefix: tests share it. */
    redisUrl: string;
    /** The same as the reader, which other programs are. */
    redisReaderUrl: string;
    /** The same as the administrator, for what no process of ours may do. Leave it as it was. */
    redisAdminUrl: string;
  }
}
