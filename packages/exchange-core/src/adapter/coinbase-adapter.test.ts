import type { UnifiedCandle } from '@livermore/schemas';
import { openTimeOf } from '@livermore/schemas';
import { ManualClock, seededRandom, silentLogger } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defaultExchange } from '../protocol/registry';
import { ScriptedTransport } from '../testing';
import type { ScriptedSocket } from '../testing';
import { CoinbaseAdapter } from './coinbase-adapter';

const RequestSchema = z.object({
  type: z.string(),
  channel: z.string(),
  product_ids: z.array(z.string()).default([]),
});

/** The venue's bookkeeping: subscriptions and the counter of each socket. */
class Bookkeeping {
  readonly #clock: ManualClock;
  readonly #sockets = new Map<object, { sequence: number; channels: Record<string, string[]> }>();
  readonly unknown = new Set<string>();

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  answer = (text: string, socket: ScriptedSocket): readonly string[] => {
    const { channel, product_ids } = RequestSchema.parse(JSON.parse(text));
    const { channels } = this.#of(socket);
    const names = channel === 'heartbeats' ? ['heartbeats'] : product_ids;
    channels[channel] = [...(channels[channel] ?? []), ...names.filter((name) => !this.unknown.has(name))];
    return [this.message(socket, 'subscriptions', [{ subscriptions: channels }])];
  };

  message(socket: ScriptedSocket, channel: string, events: readonly unknown[]): string {
    const own = this.#of(socket);
    const sequence_num = own.sequence;
    own.sequence += 1;
    return JSON.stringify({
      channel,
      timestamp: new Date(this.#clock.now()).toISOString(),
      sequence_num,
      events,
    });
  }

  candles(socket: ScriptedSocket, product: string): string {
    const start = String(openTimeOf('5m', this.#clock.now()) / 1000);
    const prices = { high: '12', low: '9', open: '10', close: '11', volume: '3' };
    return this.message(socket, 'candles', [
      { type: 'update', candles: [{ start, ...prices, product_id: product }] },
    ]);
  }

  #of(socket: object) {
    const own = this.#sockets.get(socket) ?? { sequence: 0, channels: {} };
    this.#sockets.set(socket, own);
    return own;
  }
}

function setUp() {
  const clock = new ManualClock(openTimeOf('5m', 1_795_168_800_000) + 1_000);
  const venue = new Bookkeeping(clock);
  const transport = new ScriptedTransport(clock, venue.answer);
  const adapter = new CoinbaseAdapter({
    exchange: defaultExchange('coinbase'),
    transport,
    clock,
    random: seededRandom(3),
    logger: silentLogger,
    streamNames: (symbol) => symbol.replace(/-USDC$/, '-USD'),
  });
  const updates: UnifiedCandle[] = [];
  adapter.on('candle:update', ({ candle }) => updates.push(candle));
  return { clock, venue, transport, adapter, updates };
}

describe('the Coinbase adapter', () => {
  it('subscribes heartbeats and candles one frame after the other, and streams both names of an alias', async () => {
    const { clock, venue, transport, adapter, updates } = setUp();
    adapter.subscribe(['BTC-USD', 'BTC-USDC', 'ETH-USD'], '5m');
    void adapter.connect();
    await clock.advance(1_000);
    expect(adapter.isConnected()).toBe(true);
    expect(transport.newest.received.map((text) => RequestSchema.parse(JSON.parse(text)))).toEqual([
      { type: 'subscribe', channel: 'heartbeats', product_ids: [] },
      { type: 'subscribe', channel: 'candles', product_ids: ['BTC-USD', 'ETH-USD'] },
    ]);
    transport.newest.say(venue.candles(transport.newest, 'BTC-USD'));
    await clock.advance(10);
    expect(updates.map(({ symbol }) => symbol)).toEqual(['BTC-USD', 'BTC-USDC']);
  });

  it('stays below the eight frames a second of an address, whatever the number of connections', async () => {
    const { clock, transport, adapter } = setUp();
    const sentAt: number[] = [];
    const { openSocket } = transport;
    Object.assign(transport, {
      openSocket: (...[url, handlers]: Parameters<typeof openSocket>) => {
        const socket = openSocket(url, handlers);
        const send = socket.send.bind(socket);
        return Object.assign(socket, {
          send: (text: string) => {
            sentAt.push(clock.now());
            send(text);
          },
        });
      },
    });
    adapter.subscribe(
      Array.from({ length: 900 }, (_, at) => `S${at}-USD`),
      '5m',
    );
    void adapter.connect();
    await clock.advance(8_000);
    expect(transport.sockets).toHaveLength(4);
    const { topicsActive, topicsWanted } = adapter.facts();
    expect([topicsActive, topicsWanted]).toEqual([904, 904]);
    sentAt.forEach((at, index) => {
      if (index >= 8) expect(at - (sentAt[index - 8] ?? 0)).toBeGreaterThanOrEqual(1_000);
    });
  });

  it('is replaced when heartbeats stop, and when they are all that comes', async () => {
    const { clock, venue, transport, adapter } = setUp();
    const reasons: string[] = [];
    adapter.on('feed:disconnected', ({ reason }) => reasons.push(reason));
    adapter.subscribe(['BTC-USD'], '5m');
    void adapter.connect();
    await clock.advance(500);
    transport.newest.say(venue.candles(transport.newest, 'BTC-USD'));
    await clock.advance(12_000);
    expect(reasons).toEqual(['dead: no frame of any kind']);
    for (let second = 0; second < 130; second += 1) {
      const time = `${new Date(clock.now()).toISOString().replace('T', ' ').replace('Z', '')} +0000 UTC`;
      const beat = [{ current_time: time, heartbeat_counter: second }];
      if (transport.newest.isOpen) transport.newest.say(venue.message(transport.newest, 'heartbeats', beat));
      await clock.advance(1_000);
    }
    expect(reasons[1]).toBe('silent: no data');
    expect(adapter.facts().decodeErrors).toEqual({});
  });

  it('keeps a product the venue does not know from costing the others their connection', async () => {
    const { clock, venue, transport, adapter, updates } = setUp();
    venue.unknown.add('NOPE-USD');
    adapter.subscribe(['BTC-USD', 'NOPE-USD'], '5m');
    void adapter.connect();
    await clock.advance(30_000);
    expect(transport.sockets.length).toBeGreaterThan(1);
    for (let second = 0; second < 60; second += 1) {
      if (transport.newest.isOpen) transport.newest.say(venue.candles(transport.newest, 'BTC-USD'));
      await clock.advance(1_000);
    }
    const [facts] = adapter.facts().connections;
    expect(facts?.state).toBe('live');
    expect(facts?.topicsRefused).toEqual(['candles:NOPE-USD']);
    expect(updates.length).toBeGreaterThan(50);
  });

  it('loses one ticker to an odd figure, and neither its place in the counter nor the candles beside it', async () => {
    const { clock, venue, transport, adapter, updates } = setUp();
    const repairs: string[] = [];
    adapter.on('feed:repair', ({ reason }) => repairs.push(reason));
    adapter.subscribe(['BTC-USD'], '5m');
    adapter.subscribeTickers(['BTC-USD']);
    void adapter.connect();
    await clock.advance(1_000);
    const figures = { price: '11', low_24_h: '9', high_24_h: '12', price_percent_chg_24_h: '0.1' };
    const ticker = { type: 'ticker', product_id: 'BTC-USD', ...figures, volume_24_h: '-1.5e-05' };
    for (let second = 0; second < 60; second += 1) {
      const socket = transport.newest;
      socket.say(venue.message(socket, 'ticker', [{ type: 'update', tickers: [ticker] }]));
      socket.say(venue.candles(socket, 'BTC-USD'));
      await clock.advance(1_000);
    }
    expect(adapter.facts()).toMatchObject({
      gaps: 0,
      decodeErrors: { 'events.*.tickers.*.volume_24_h': 60 },
    });
    expect(repairs).toEqual([]);
    expect(updates).toHaveLength(60);
  });

  it('repairs the series of a bucket that cannot be read, under every name it is wanted by', async () => {
    const { clock, venue, transport, adapter } = setUp();
    const repaired: object[] = [];
    adapter.on('feed:repair', ({ series, reason }) => repaired.push({ series, reason }));
    adapter.subscribe(['BTC-USD', 'BTC-USDC', 'ETH-USD'], '5m');
    void adapter.connect();
    await clock.advance(1_000);
    transport.newest.say(venue.candles(transport.newest, 'BTC-USD').replace('"low":"9"', '"low":"0"'));
    transport.newest.say(venue.candles(transport.newest, 'ETH-USD'));
    await clock.advance(10);
    const series = ['BTC-USD', 'BTC-USDC'].map((symbol) => ({ symbol, timeframe: '5m' }));
    expect(repaired).toEqual([{ series, reason: 'events.0.candles.0.low could not be read' }]);
    expect(adapter.facts().gaps).toBe(0);
  });
});
