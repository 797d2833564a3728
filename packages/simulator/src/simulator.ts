import type { Transport } from '@livermore/exchange-core';
import type { Clock, Logger } from '@livermore/utils';
import type { FaultKind, FaultScript, OrderedFault } from './faults/fault';
import type { Market } from './market/market';

/** The venues that can be simulated, and the profile of each. */
export const SIMULATED_VENUES = ['binance', 'binance_us', 'coinbase'] as const;
export type SimulatedVenue = (typeof SIMULATED_VENUES)[number];

export interface SimulatorOptions {
  readonly venue: SimulatedVenue;
  readonly market: Market;
  readonly clock: Clock;
  /** Seed of everything that is chance: jitter, which frames a fault hits. */
  readonly seed?: number;
  readonly faults?: FaultScript;
  readonly logger?: Logger;
  /** Binance.US before (`pre`) or after (`post`, the default) its upgrade of 2026-08. */
  readonly usProfile?: 'pre' | 'post';
  /** Least distance (ms) between two update frames of one stream; the venue's own period when absent. */
  readonly updateEveryMs?: number;
  /**
   * Distance of two heartbeats (ms) on venues that send them as messages; their own period when absent. A replay of
   * months is about candles: it may let the venue's heart beat slower, within what clients take for alive.
   */
  readonly heartbeatEveryMs?: number;
}

/** What a client did, for politeness checks. */
export interface ClientLog {
  readonly requests: number;
  readonly weight: number;
  /** Candle requests by `symbol|interval`. */
  readonly candleRequests: ReadonlyMap<string, number>;
  readonly statuses: ReadonlyMap<number, number>;
  readonly connections: number;
  /** Most client frames on one connection within one second. */
  readonly busiestSecond: number;
  readonly closedFor: readonly string[];
}

export interface Simulator {
  /** The same venue without a network, for replays on a shared clock. */
  readonly transport: Transport;
  readonly log: ClientLog;
  /**
   * What the venue serves once every fault is over: outages left their holes, revisions stay. An oracle. As of a `now`
   * long after the last correction fell due, its closed bars are final.
   */
  readonly truth: Market;
  /** How often faults of each kind really acted: on a frame, an answer, a connection. Kinds that never did are missing. */
  readonly faultsApplied: ReadonlyMap<FaultKind, number>;
  /** The same by line of the script, from 0. */
  readonly faultLines: ReadonlyMap<number, number>;
  /** Starts a fault now; returns what ends it. @throws FaultNotApplicableError where it would do nothing */
  inject(fault: OrderedFault): () => void;
  /** Serves REST and WebSocket on one loopback port (0: any free one). */
  listen(port?: number): Promise<{ readonly port: number; readonly rest: string; readonly ws: string }>;
  close(): Promise<void>;
}
