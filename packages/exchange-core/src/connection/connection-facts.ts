import type { ConnectionStateName } from './connection-model';

/** What a metrics page or a health answer shows of a connection. Times are ms, our clock; 0 for never. */
export interface ConnectionFacts {
  readonly name: string;
  readonly state: ConnectionStateName;
  readonly stateSince: number;
  /** Age of the current socket, ms; 0 without one. */
  readonly ageMs: number;
  readonly frames: number;
  readonly lastFrameAt: number;
  /** The venue's stamp on the newest message, venue time: all it sent before that has arrived. */
  readonly toldTo: number;
  readonly lastDataAt: number;
  /** Sockets opened, ever. */
  readonly attempts: number;
  /** Times it came back after a loss; rotations do not count. */
  readonly reconnects: number;
  readonly rotations: number;
  readonly failures: number;
  readonly topicsWanted: number;
  readonly topicsActive: number;
  /** Topics the venue refused on two sockets: asked again from time to time. */
  readonly topicsRefused: readonly string[];
  readonly framesInFlight: number;
  readonly repairsOwed: number;
}
