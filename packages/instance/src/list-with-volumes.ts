import type {
  CandleSource,
  Listing,
  RestProtocol,
  RequestSender,
  SendOptions,
} from '@livermore/exchange-core';
import type { Exchange } from '@livermore/schemas';
import { messageOf } from '@livermore/utils';
import type { Clock } from '@livermore/utils';

export interface ListedVenue {
  readonly exchange: Exchange;
  readonly protocol: { readonly rest: Pick<RestProtocol, 'volumes'> };
  readonly rest: {
    readonly source: Pick<CandleSource, 'fetchListing'>;
    readonly client: RequestSender;
  };
  readonly clock: Pick<Clock, 'sleep'>;
  /** The volumes could not be had, for this reason: the listing goes without them. */
  readonly onWithout: (reason: string) => void;
}

/** Volumes only rank symbols: who waits for a listing does not wait longer than this for them, ms. */
const PATIENCE_MS = 10_000;

/**
 * What a venue lists, with the quote volumes of the last 24 hours: by a second request where the listing does not tell them.
 * That one may fail; the listing is what it is without it.
 * @throws as CandleSource, when the listing itself cannot be had
 */
export async function listWithVolumes(venue: ListedVenue, options: SendOptions): Promise<Listing> {
  const listing = await venue.rest.source.fetchListing(options);
  if (venue.protocol.rest.volumes === undefined) return listing;
  const patience = new AbortController();
  const late = venue.clock.sleep(PATIENCE_MS, patience.signal).then(
    () => patience.abort(new Error(`no answer within ${PATIENCE_MS} ms`)),
    () => undefined,
  );
  try {
    const signal = AbortSignal.any([options.signal, patience.signal]);
    return await withVolumes(venue, listing, { ...options, signal });
  } catch (error) {
    options.signal.throwIfAborted();
    venue.onWithout(messageOf(error));
    return listing;
  } finally {
    patience.abort(new Error('answered'));
    await late;
  }
}

async function withVolumes(venue: ListedVenue, listing: Listing, options: SendOptions): Promise<Listing> {
  const { volumes } = venue.protocol.rest;
  if (volumes === undefined) return listing;
  const { response } = await venue.rest.client.send(volumes.request(venue.exchange), options);
  const { bySymbol, unreadable } = volumes.read(response);
  const symbols = listing.symbols.map((each) => {
    const quoteVolume24h = bySymbol.get(each.symbol);
    return quoteVolume24h === undefined ? each : { ...each, quoteVolume24h };
  });
  return { ...listing, symbols, unreadable: [...listing.unreadable, ...unreadable] };
}
