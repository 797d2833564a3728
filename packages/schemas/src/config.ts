/**
 * The platform's constants, with units in their names. What depends on a venue is in its protocol folder.
 */
export const HARDCODED_CONFIG = {
  cache: {
    /** Life of a user-scoped series after its last write. */
    candleTtlHours: 24,
    maxCandlesPerSeries: 1000,
    tickerTtlSeconds: 60,
    /** A close that is more bars old than this is history: it is not announced any more. */
    maxToldLate: 100,
    /** Candles in one bulk write: bounds the time one script holds Redis. */
    candlesPerWrite: 250,
  },
  writer: {
    /** Closes waiting for Redis; beyond it the feed is stopped loudly and repaired later. */
    maxQueuedCloses: 100_000,
    maxInFlightWrites: 2_000,
  },
  connection: {
    backoffBaseMs: 1_000,
    backoffCapMs: 60_000,
    /** A connection that lived this long starts its backoff anew. */
    healthyAfterMs: 300_000,
    openTimeoutMs: 15_000,
    ackTimeoutMs: 10_000,
  },
  rest: {
    requestTimeoutMs: 10_000,
    maxAttempts: 5,
    backoffBaseMs: 1_000,
    backoffCapMs: 30_000,
  },
  warmup: {
    statsEveryMs: 250,
    maxFailuresKept: 50,
    maxConcurrentRequests: 32,
  },
} as const;
