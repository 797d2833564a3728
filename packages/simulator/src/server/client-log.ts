import type { ClientLog } from '../simulator';

/** Where carrier and venue note what clients did. */
export interface ClientRecorder {
  readonly log: ClientLog;
  /** A REST request was answered with `status` (carrier). */
  answered(status: number): void;
  /** What the last request cost in the venue's own unit (venue). */
  charged(weight: number): void;
  /** A request for candles, interval in the venue's own spelling (venue). */
  candles(symbol: string, interval: string): void;
  /** A connection was accepted or refused (carrier). */
  connected(): void;
  /** A client frame came in on `connection` at `now` ms (carrier). */
  frame(connection: object, now: number): void;
  /** The venue closed a connection on the client, and why (venue or carrier). */
  closedFor(reason: string): void;
}

/** Reasons kept; older ones fall out. */
const REASONS_KEPT = 1000;

export function createClientRecorder(): ClientRecorder {
  const state = { requests: 0, weight: 0, connections: 0, busiestSecond: 0 };
  const candleRequests = new Map<string, number>();
  const statuses = new Map<number, number>();
  const closedFor: string[] = [];
  const seconds = new WeakMap<object, number[]>();
  const log: ClientLog = {
    get requests() {
      return state.requests;
    },
    get weight() {
      return state.weight;
    },
    get connections() {
      return state.connections;
    },
    get busiestSecond() {
      return state.busiestSecond;
    },
    candleRequests,
    statuses,
    closedFor,
  };
  return {
    log,
    answered(status) {
      state.requests += 1;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    },
    charged(weight) {
      state.weight += weight;
    },
    candles(symbol, interval) {
      const key = `${symbol}|${interval}`;
      candleRequests.set(key, (candleRequests.get(key) ?? 0) + 1);
    },
    connected() {
      state.connections += 1;
    },
    frame(connection, now) {
      const recent = (seconds.get(connection) ?? []).filter((at) => at > now - 1000);
      recent.push(now);
      seconds.set(connection, recent);
      state.busiestSecond = Math.max(state.busiestSecond, recent.length);
    },
    closedFor(reason) {
      closedFor.push(reason);
      if (closedFor.length > REASONS_KEPT) closedFor.shift();
    },
  };
}
