import { BannedError, DecodeError } from '@livermore/exchange-core';
import type { Answer, Listing, PricedRequest, SendOptions } from '@livermore/exchange-core';
import { ManualClock } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { listWithVolumes } from './list-with-volumes';

const NOW = 1_795_312_805_123;
const listing: Listing = {
  symbols: ['ETHUSDT', 'BTCUSDT', 'NEWUSDT'].map((symbol) => ({
    symbol,
    base: symbol.slice(0, 3),
    quote: 'USDT',
    isTradable: true,
  })),
  unreadable: [],
};
const request = { url: 'https://venue.test/volumes', weight: 80, maxBodyBytes: 1_000_000 };
const answer: Answer = { response: { status: 200, headers: {}, body: '' }, answeredAt: NOW };

/** A venue whose listing answers, and whose volumes do as `send` says. */
function venueWith(
  send: (request: PricedRequest, options: SendOptions) => Promise<Answer>,
  volumes = { ETHUSDT: 5, BTCUSDT: 9, GONEUSDT: 1 },
) {
  const clock = new ManualClock(NOW);
  const without: string[] = [];
  const venue = {
    exchange: {
      id: 1,
      name: 'binance',
      restUrl: 'https://venue.test',
      wsUrl: 'wss://venue.test',
      isActive: true,
    },
    protocol: {
      rest: {
        volumes: {
          request: () => request,
          read: () => ({ bySymbol: new Map(Object.entries(volumes)), unreadable: [] }),
        },
      },
    },
    rest: { source: { fetchListing: () => Promise.resolve(listing) }, client: { send } },
    clock,
    onWithout: (reason: string) => void without.push(reason),
  };
  const stopping = new AbortController();
  const options = { lane: 'repair', signal: stopping.signal } as const;
  return { venue, clock, without, stopping, options };
}

/** Answers never, until nobody waits any more. */
function hanging(_request: PricedRequest, { signal }: SendOptions): Promise<Answer> {
  return new Promise<Answer>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error(String(signal.reason))));
  });
}

describe('a listing with volumes', () => {
  it('has those the venue tells of, where it tells them beside the listing', async () => {
    const { venue, without, options } = venueWith(() => Promise.resolve(answer));
    const { symbols } = await listWithVolumes(venue, options);
    expect(symbols.map(({ symbol, quoteVolume24h }) => [symbol, quoteVolume24h])).toEqual([
      ['ETHUSDT', 5],
      ['BTCUSDT', 9],
      ['NEWUSDT', undefined],
    ]);
    expect(without).toEqual([]);
  });

  it.each([
    ['refused', new BannedError('binance', NOW)],
    ['answered with what cannot be read', new DecodeError('binance', 'root', 'is not a list of tickers')],
  ])('is the listing alone where the volumes are %s', async (_name, error) => {
    const { venue, without, options } = venueWith(() => Promise.reject(error));
    expect(await listWithVolumes(venue, options)).toBe(listing);
    expect(without).toEqual([error.message]);
  });

  it('is the listing alone after ten seconds without an answer', async () => {
    const { venue, without, clock, options } = venueWith(hanging);
    const listed = listWithVolumes(venue, options);
    await clock.advance(10_000);
    expect(await listed).toBe(listing);
    expect(without).toEqual([expect.stringContaining('no answer within 10000 ms')]);
  });

  it('is none where it is not wanted any more', async () => {
    const { venue, without, stopping, options } = venueWith(() => {
      stopping.abort(new Error('the exchange is being stopped'));
      return Promise.reject(new Error('aborted'));
    });
    await expect(listWithVolumes(venue, options)).rejects.toThrow('the exchange is being stopped');
    expect(without).toEqual([]);
  });
});
