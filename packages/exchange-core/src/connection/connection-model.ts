/** What a connection can be, what can happen to it, and what it can decide. The table is in `connection-state.ts`. */

/** `queued` waits for the connect gate; `subscribed` is acknowledged but has not delivered yet. */
export type ConnectionState =
  | { readonly name: 'idle' }
  | { readonly name: 'waiting'; readonly until: number; readonly failures: number }
  | { readonly name: 'queued'; readonly failures: number }
  | { readonly name: 'connecting'; readonly deadline: number; readonly failures: number }
  | ({ readonly name: 'subscribing'; readonly hasData: boolean } & Open)
  | ({ readonly name: 'subscribed' } & Carrying)
  | ({ readonly name: 'live' } & Carrying)
  | ({ readonly name: 'rotating'; readonly next: Successor } & Carrying)
  | { readonly name: 'stopped' };

export type ConnectionStateName = ConnectionState['name'];

/** A socket that is open since `openedAt` (ms). */
export interface Open {
  readonly openedAt: number;
  readonly failures: number;
}

/** A socket on which everything wanted is acknowledged. */
export interface Carrying extends Open {
  readonly subscribedAt: number;
  readonly rotateAt: number;
}

/** How far the successor of a rotating connection has got. */
export type Successor =
  | { readonly phase: 'queued' }
  | { readonly phase: 'connecting'; readonly deadline: number }
  | {
      readonly phase: 'subscribing';
      readonly deadline: number;
      readonly openedAt: number;
      readonly hasData: boolean;
    }
  | {
      readonly phase: 'subscribed';
      readonly deadline: number;
      readonly openedAt: number;
      readonly subscribedAt: number;
    };

/** What can happen. `next-…` concerns the successor of a rotating connection. */
export type ConnectionInput =
  | { readonly input: 'start' | 'stop' | 'admitted' | 'opened' | 'subscribed' | 'data' }
  | { readonly input: 'next-opened' | 'next-subscribed' | 'next-data' }
  /** The socket closed, failed to open, or answered with a status instead of opening. */
  | { readonly input: 'lost' | 'next-lost'; readonly reason: string }
  /** The venue would not subscribe what is wanted. */
  | { readonly input: 'refused' | 'next-refused'; readonly reason: string }
  | { readonly input: 'goodbye'; readonly reason: string }
  | ({ readonly input: 'tick' } & Vitals);

export type ConnectionInputName = ConnectionInput['input'];

/** Signs of life of the current socket (ms, our clock; 0 for never). */
export interface Vitals {
  /** Any frame: data, heartbeat, acknowledgement, ping. */
  readonly lastFrameAt: number;
  readonly lastDataAt: number;
  /** Whether it carries anything that could deliver data. */
  readonly carriesData: boolean;
  /** How long what it carries may be silent without anything being wrong, ms; at least the venue's own limit holds. */
  readonly quietMs: number;
}

export type ConnectionEffect =
  /** Ask the connect gate for a place; it answers with `admitted`. */
  | { readonly do: 'queue' | 'unqueue' }
  | { readonly do: 'open' | 'open-next' }
  | { readonly do: 'drop' | 'drop-next'; readonly reason: string }
  /** The old socket is gone: the successor takes its place. */
  | { readonly do: 'promote' }
  /** The successor takes over; the old socket closes politely and delivers until it has closed. */
  | { readonly do: 'hand-over' }
  /** Frames may have been missed since the last good data: owe a repair to everything carried. */
  | { readonly do: 'owe-repair'; readonly reason: string }
  | { readonly do: 'announce'; readonly what: 'connected' | 'live' }
  | { readonly do: 'announce'; readonly what: 'disconnected' | 'error'; readonly reason: string }
  | {
      readonly do: 'announce';
      readonly what: 'reconnecting';
      readonly attempt: number;
      readonly delayMs: number;
    };

/** The venue's limits and our own, ms. */
export interface ConnectionRules {
  readonly deadAfterMs: number;
  readonly silentAfterMs: number;
  /** Absent where the venue has no age limit. */
  readonly rotateAfterMs?: number;
  readonly openTimeoutMs: number;
  /** A successor that is not delivering this long after it opened is given up. */
  readonly rotationTimeoutMs: number;
  readonly healthyAfterMs: number;
  readonly backoffBaseMs: number;
  readonly backoffCapMs: number;
}

/** When an input happened (ms) and a fresh chance, uniform in [0, 1), for jitter. */
export interface Moment {
  readonly now: number;
  readonly chance: number;
}

export type Step = readonly [ConnectionState, readonly ConnectionEffect[]];
