import type { RedisTrouble } from '@livermore/cache';

/** The states of a running exchange. */
export const INSTANCE_STATES = ['idle', 'starting', 'warming', 'active', 'stopping', 'stopped'] as const;
export type InstanceState = (typeof INSTANCE_STATES)[number];

/** What a running exchange knows of itself at this moment, for metrics and health. */
export interface InstanceFacts {
  readonly state: InstanceState;
  readonly connections: Readonly<Record<string, number>>;
  /** Milliseconds since the newest market data frame; undefined before the first. */
  readonly lastDataAgeMs: number | undefined;
  readonly symbols: number;
  readonly series: number;
  readonly seriesBehind: number;
  readonly gapsOpen: number;
  readonly queues: Readonly<Record<string, number>>;
  readonly weight: { readonly used: number; readonly limit: number; readonly forecast: number };
  readonly bannedUntil: number | undefined;
  readonly blocked: string | undefined;
  readonly venueClockOffsetMs: number;
  readonly redisTrouble: RedisTrouble | undefined;
  readonly warmup: { readonly status: string; readonly percentComplete: number } | undefined;
}
