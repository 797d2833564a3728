import type { Exchange } from '@livermore/schemas';
import type { Clock, Logger, Random } from '@livermore/utils';
import type { DecodeError } from '../errors';
import type { ExchangeProtocol } from '../protocol/protocol';
import type { UnreadableElement } from '../protocol/unreadable';
import type { HttpGet } from '../transport';
import { CandleFetcher } from './candle-fetcher';
import { RestClient } from './rest-client';
import type { RestTrouble } from './rest-client';
import { VenueClock } from './venue-clock';
import { VenueClockSync } from './venue-clock-sync';

export interface RestRuntimeOptions {
  readonly exchange: Exchange;
  readonly protocol: Pick<ExchangeProtocol, 'rest'>;
  readonly get: HttpGet;
  readonly clock: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  readonly onTrouble?: (trouble: RestTrouble) => void;
  readonly onDecodeError?: (error: DecodeError) => void;
  readonly onUnreadable?: (element: UnreadableElement) => void;
}

/** The REST side of one exchange, wired. One per venue address: the budget is counted in it. */
export interface RestRuntime {
  readonly client: RestClient;
  readonly time: VenueClock;
  readonly sync: VenueClockSync;
  readonly source: CandleFetcher;
}

/** Puts the parts together. Nothing is sent before a fetch; `sync.run` keeps the venue's clock measured. */
export function createRestRuntime(options: RestRuntimeOptions): RestRuntime {
  const { exchange, protocol, get, clock, random, logger, onTrouble, onDecodeError, onUnreadable } = options;
  const { rest } = protocol;
  const shared = { clock, ...(random && { random }), ...(logger && { logger }) };
  const time = new VenueClock(clock);
  const client = new RestClient({
    ...shared,
    exchange: exchange.name,
    rest,
    get,
    time,
    ...(onTrouble && { onTrouble }),
  });
  const sync = new VenueClockSync({ ...shared, exchange, rest, client, time });
  const source = new CandleFetcher({
    ...shared,
    exchange,
    rest,
    sender: client,
    ready: (signal) => sync.ready(signal),
    onWeightLimit: (limit) => client.learnLimit(limit),
    ...(onDecodeError && { onDecodeError }),
    ...(onUnreadable && { onUnreadable }),
  });
  return { client, time, sync, source };
}
