import type { FeedEvent, MarketEvent } from '@livermore/schemas';
import type { Logger, Random } from '@livermore/utils';
import type { DecodeContext, StreamProtocol } from '../protocol/protocol';
import type { UnreadableElement } from '../protocol/unreadable';
import type { OpenSocket } from '../transport';
import type { ConnectGate } from './connect-gate';
import type { RepairNote } from './repair-ledger';
import type { SteadyClock } from './steady-clock';
import type { VenueTime } from './venue-time';

/** Whom a connection serves. `deliver` is called for each data frame, the rest for each decision. */
export interface ConnectionOwner {
  deliver(events: readonly MarketEvent[], now: number): void;
  announce(event: FeedEvent): void;
  repair(note: RepairNote): void;
  /** The venue's time (ms) of the last data of a topic, where known. */
  lastGoodAt(topic: string): number | undefined;
  undecodable(error: unknown): void;
  /** Parts of a message could not be read, before the rest of it is delivered. */
  unreadable(elements: readonly UnreadableElement[], from: MessageOrigin): void;
  ignored(what: string): void;
  /** The connection began or ceased to carry everything it should. */
  carryingChanged(isCarrying: boolean): void;
}

/** Where a message came from. */
export interface MessageOrigin {
  /** The venue's time of it, ms, where it has one. */
  readonly venueTime: number | undefined;
  /** The topics that its connection carries. */
  readonly carried: readonly string[];
}

export interface ConnectionOptions {
  /** How events and logs name it: `venue#1`. */
  readonly name: string;
  readonly url: string;
  readonly openSocket: OpenSocket;
  readonly protocol: StreamProtocol;
  readonly context: DecodeContext;
  readonly gate: ConnectGate;
  readonly venueTime: VenueTime;
  readonly clock: SteadyClock;
  readonly random: Random;
  readonly logger: Logger;
  readonly owner: ConnectionOwner;
}
