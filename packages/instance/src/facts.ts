import type { RedisTrouble } from '@livermore/cache';
import type { GapRepairerFacts, HoleFacts, RestFacts } from '@livermore/exchange-core';
import type { NoticedLoss } from './coverage-watch';
import type { InVain } from './until-answered';
import type { TruthFacts } from './verification';

/** The states of a running exchange. */
export const INSTANCE_STATES = ['idle', 'starting', 'warming', 'active', 'stopping', 'stopped'] as const;
export type InstanceState = (typeof INSTANCE_STATES)[number];

/** A connection that carries no data. */
export interface IdleConnection {
  readonly name: string;
  readonly state: string;
  /** How long it has not, ms. */
  readonly forMs: number;
  /** Why it was lost; undefined where it never was. */
  readonly reason?: string;
  /** In how many ms it is tried again; undefined while it is being tried. */
  readonly nextTryInMs?: number;
}

/** What is known of the stream. */
export interface FeedFacts {
  /** Connections by state. */
  readonly connections: Readonly<Record<string, number>>;
  /** Frames received, and times a connection came back after a loss, since the start. */
  readonly frames: number;
  readonly reconnects: number;
  /** Milliseconds since the newest candle frame; undefined before the first. */
  readonly lastDataAgeMs: number | undefined;
  /** Milliseconds since the newest frame of any kind, heartbeats included; undefined before the first. */
  readonly lastFrameAgeMs: number | undefined;
  /** The connection that has not been carrying data for the longest; undefined where all do. */
  readonly idlest: IdleConnection | undefined;
}

/** What a running exchange knows of itself at this moment, for metrics and health. */
export interface InstanceFacts extends FeedFacts {
  readonly state: InstanceState;
  /** What a start asks for in vain; undefined while it is answered. */
  readonly inVain: InVain | undefined;
  readonly symbols: number;
  readonly series: number;
  readonly seriesBehind: number;
  /** What is missing and asked for, the oldest of it one by one: why it is, and what happens next. */
  readonly gaps: GapRepairerFacts;
  /** Closed bars that are not there. */
  readonly holes: HoleFacts;
  /** What Redis lost last, and when that was noticed; undefined while it has lost nothing. */
  readonly loss: NoticedLoss | undefined;
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
  /** What was wrong with Redis when a write failed last, and how long ago that was, ms; undefined while none has. */
  readonly lastRedisTrouble: { readonly trouble: RedisTrouble; readonly agoMs: number } | undefined;
  readonly warmup: { readonly status: string; readonly percentComplete: number } | undefined;
}
