import type { RedisTrouble } from '@livermore/cache';
import type { GapRepairerFacts, RestFacts } from '@livermore/exchange-core';
import type { TruthFacts } from './verification';

/** The states of a running exchange. */
export const INSTANCE_STATES = ['idle', 'starting', 'warming', 'active', 'stopping', 'stopped'] as const;
export type InstanceState = (typeof INSTANCE_STATES)[number];

/** What is known of the stream. */
export interface FeedFacts {
  /** Connections by state. */
  readonly connections: Readonly<Record<string, number>>;
  /** Frames received, and times a connection came back after a loss, since the start. */
  readonly frames: number;
  readonly reconnects: number;
  /** Milliseconds since the newest candle frame; undefined before the first. */
  readonly lastDataAgeMs: number | undefined;
}

/** What a running exchange knows of itself at this moment, for metrics and health. */
export interface InstanceFacts extends FeedFacts {
  readonly state: InstanceState;
  readonly symbols: number;
  readonly series: number;
  readonly seriesBehind: number;
  /** What is missing and asked for, the oldest of it one by one: why it is, and what happens next. */
  readonly gaps: GapRepairerFacts;
  /** How sure the candles are. */
  readonly truth: TruthFacts;
  readonly queues: Readonly<Record<string, number>>;
  /** REST answers by HTTP status; `0`: none came. */
  readonly restByStatus: Readonly<Record<string, number>>;
  readonly weight: { readonly used: number; readonly limit: number; readonly forecast: number };
  /** End of a ban, ms; undefined without one. */
  readonly bannedUntil: number | undefined;
  /** What the venue said when it refused this location; undefined once it serves us. */
  readonly blocked: string | undefined;
  /** Whether REST serves us, what pauses it and until when, and what failed last. */
  readonly rest: Pick<RestFacts, 'breaker' | 'lastFailure' | 'pause'>;
  readonly venueClockOffsetMs: number;
  readonly redisTrouble: RedisTrouble | undefined;
  readonly warmup: { readonly status: string; readonly percentComplete: number } | undefined;
}
