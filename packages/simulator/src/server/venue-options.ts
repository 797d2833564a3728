/** What every simulated venue is handed, and what it must be able to say about itself so that faults can be generic. */
import type { Clock, Logger, Random } from '@livermore/utils';
import type { ActiveFaults } from '../faults/active-faults';
import type { Blemishes } from '../faults/blemish';
import type { Revisions } from '../faults/revisions';
import type { Market } from '../market/market';
import type { SimulatedVenue } from '../simulator';
import type { ClientRecorder } from './client-log';
import type { SimRequest, SimResponse, Venue } from './venue';

export interface VenueOptions {
  readonly venue: SimulatedVenue;
  /** The truth, outages included. Streams and trades come from here. */
  readonly market: Market;
  /**
   * The same truth as REST candle routes show it: as it was, revised, with rows missing, repeated or shuffled while
   * such a fault lasts. Rows go out in the order given; a venue that serves newest first reverses them, never sorts.
   */
  readonly restMarket: Market;
  /** The venue's own clock (skewed while that fault lasts). Timers set on it are real delays. */
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: ActiveFaults;
  /** Which rows, elements and figures cannot be read. */
  readonly blemishes: Blemishes;
  /** Closed bars that the stream tells once more, changed; and who hears of every bar that is given out. */
  readonly revisions: Pick<Revisions, 'told' | 'shown'>;
  readonly logger: Logger;
  readonly recorder: ClientRecorder;
  readonly usProfile: 'pre' | 'post';
  /** Least distance (ms) between two update frames of one stream; the venue's own period when absent. */
  readonly updateEveryMs: number | undefined;
}

/** How a venue words what every venue does. Asked by the carrier when a generic fault strikes. */
export interface FaultDress {
  /** Symbols a REST request is about, in the venue's spelling: `bad-symbol` refuses them. */
  symbolsOf(request: SimRequest): readonly string[];
  badSymbol(symbol: string): SimResponse;
  tooManyRequests(retryAfterSeconds: number | undefined): SimResponse;
  /** `until`: epoch ms. */
  banned(until: number, retryAfterSeconds: number): SimResponse;
  unauthorized(): SimResponse;
  geoBlocked(): SimResponse;
  unavailable(): SimResponse;
  /** A well-formed frame of a type no client knows. */
  unknownFrame(): string;
  /** What a client of this connection (its path) reads when the venue reports an error of its own. */
  errorFrame(message: string): string;
  /** How the age limit closes a connection. */
  readonly ageClose: { readonly code: number; readonly reason: string };
}

/**
 * A venue with its dress. The carrier (real server or in-process) does for every venue: cut, half-open,
 * refuse-connections, frames-*, age-cut, error-frame, outage, every rest-* fault, rows-*, revised-candle, bad-symbol
 * on REST, clock-skew. A venue itself does: series-silent, ack-silent, closes-missing, closes-late, sequence-gap, server-shutdown,
 * silence for a bad-symbol on its streams, odd listings, rows and elements that cannot be read, snapshots.
 */
export interface DressedVenue extends Venue {
  readonly dress: FaultDress;
}
