import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FROZEN, createRig, objectOf, rowsOf } from '../testing/coinbase-rig';
import type { ReadFrame, RigSocket } from '../testing/coinbase-rig';

const BOUNDARY = 1_795_169_100_000;
const subscribe = (channel: string, ...product_ids: readonly string[]) => ({
  type: 'subscribe',
  channel,
  product_ids,
});
const HEARTBEATS = { type: 'subscribe', channel: 'heartbeats' };
const map = (frame: ReadFrame | undefined) => objectOf(frame?.event['subscriptions']);
const candlesOf = (frame: ReadFrame | undefined) => rowsOf(frame?.event, 'candles');
const types = (socket: RigSocket, channel: string) => socket.on(channel).map((frame) => frame.event['type']);

describe('a connection', () => {
  it('is greeted by nothing and dropped after five seconds without a subscription (vector 12)', async () => {
    const rig = createRig();
    const socket = rig.open();
    await rig.clock.advance(4999);
    expect([socket.frames.length, socket.droppedAt]).toEqual([0, undefined]);
    await rig.clock.advance(1);
    expect(socket.droppedAt).toBe(FROZEN + 5000);
    expect(rig.recorder.log.closedFor).toEqual(['no subscribe within the deadline']);
  });

  it('is dropped after 60 to 90 seconds on a silent product (vector 14), at times that differ', async () => {
    const rig = createRig();
    const sockets = Array.from({ length: 6 }, () => rig.open());
    for (const socket of sockets) socket.send(subscribe('candles', 'ABC-USD'));
    await rig.clock.advance(59_999);
    expect(sockets.map((socket) => socket.droppedAt)).toEqual(sockets.map(() => undefined));
    await rig.clock.advance(30_001);
    expect(new Set(sockets.map((socket) => socket.droppedAt)).size).toBe(6);
    expect(sockets.every((socket) => socket.droppedAt !== undefined)).toBe(true);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('stays open with heartbeats (vector 15), and while data flows', async () => {
    const rig = createRig();
    const [beating, busy] = [rig.open(), rig.open()];
    beating.send(subscribe('candles', 'ABC-USD'));
    beating.send(HEARTBEATS);
    busy.send(subscribe('candles', 'BTC-USD'));
    await rig.clock.advance(600_000);
    expect([beating.droppedAt, busy.droppedAt]).toEqual([undefined, undefined]);
  });

  it('the ninth of an address within a second is refused', async () => {
    const rig = createRig();
    for (let at = 0; at < 8; at += 1) rig.open();
    expect(() => rig.open()).toThrow('refused with 429');
    expect(() => rig.open('10.0.0.2')).not.toThrow();
    await rig.clock.advance(1000);
    expect(() => rig.open()).not.toThrow();
  });

  it('leaves no timer behind when the client goes or the venue stops', () => {
    const rig = createRig();
    const [one, two] = [rig.open(), rig.open()];
    for (const socket of [one, two]) {
      socket.send(HEARTBEATS);
      socket.send(subscribe('candles', 'BTC-USD', 'ETH-USD'));
    }
    one.close();
    expect(rig.clock.pendingTimers).toBeGreaterThan(0);
    rig.venue.stop();
    expect(rig.clock.pendingTimers).toBe(0);
  });
});

describe('subscribing', () => {
  it('gives one snapshot a product, then the acknowledgement, numbered from 0', () => {
    const socket = createRig().open();
    socket.send(subscribe('candles', 'BTC-USD', 'ETH-USD'));
    expect(socket.frames.map((frame) => [frame.channel, frame.sequence])).toEqual([
      ['candles', 0],
      ['candles', 1],
      ['subscriptions', 2],
    ]);
    expect(types(socket, 'candles')).toEqual(['snapshot', 'snapshot']);
    expect(map(socket.frames[2])).toEqual({ candles: ['BTC-USD', 'ETH-USD'] });
  });

  it('can be acknowledged before the snapshot', () => {
    const socket = createRig({ profile: { snapshotFirst: false } }).open();
    socket.send(subscribe('ticker', 'BTC-USD'));
    expect(socket.frames.map((frame) => frame.channel)).toEqual(['subscriptions', 'ticker']);
  });

  it('is acknowledged with the whole map each time (vector 16)', () => {
    const socket = createRig().open();
    socket.send(subscribe('candles', 'BTC-USD'));
    socket.send(subscribe('ticker', 'BTC-USD'));
    socket.send(HEARTBEATS);
    expect(map(socket.on('subscriptions').at(-1))).toEqual({
      candles: ['BTC-USD'],
      ticker: ['BTC-USD'],
      heartbeats: ['heartbeats'],
    });
  });

  it('undone everywhere leaves an empty map (vector 17) and silence', async () => {
    const rig = createRig();
    const socket = rig.open();
    socket.send(subscribe('candles', 'ETH-USD'));
    socket.send(HEARTBEATS);
    socket.send({ ...subscribe('candles', 'ETH-USD'), type: 'unsubscribe' });
    socket.send({ type: 'unsubscribe', channel: 'heartbeats' });
    expect(socket.frames.at(-1)?.raw).toContain('"events":[{"subscriptions":{}}]');
    const count = socket.frames.length;
    await rig.clock.advance(30_000);
    expect(socket.frames).toHaveLength(count);
  });

  it('to a USDC twin is answered under the USD id (vector 13)', async () => {
    const rig = createRig();
    const socket = rig.open();
    socket.send(subscribe('candles', 'BTC-USDC'));
    await rig.clock.advance(60_000);
    expect(map(socket.on('subscriptions')[0])).toEqual({ candles: ['BTC-USD'] });
    expect(socket.on('candles').length).toBeGreaterThan(1);
    const ids = socket.on('candles').flatMap((frame) => candlesOf(frame).map((one) => one['product_id']));
    expect(new Set(ids)).toEqual(new Set(['BTC-USD']));
  });

  it('to an unknown product leaves it out of the acknowledgement, or is an error where so chosen', () => {
    const socket = createRig().open();
    socket.send(subscribe('candles', 'NOPE-USD', 'BTC-USD'));
    expect(map(socket.frames.at(-1))).toEqual({ candles: ['BTC-USD'] });
    const strict = createRig({ profile: { unknownProduct: 'error-frame' } }).open();
    strict.send(subscribe('candles', 'NOPE-USD'));
    expect(strict.frames.map((frame) => frame.raw)).toEqual([
      '{"type":"error","message":"product not found: NOPE-USD"}',
    ]);
  });

  it('to an unknown channel is an authentication failure, and is no subscription', async () => {
    const rig = createRig();
    const socket = rig.open();
    for (const channel of ['nonsense', 'user']) socket.send(subscribe(channel, 'BTC-USD'));
    const failure = '{"type":"error","message":"authentication failure"}';
    expect(socket.frames.map((frame) => frame.raw)).toEqual([failure, failure]);
    await rig.clock.advance(5000);
    expect(socket.droppedAt).toBeDefined();
  });

  it('to no product is acknowledged and subscribes to nothing', () => {
    const socket = createRig().open();
    socket.send({ type: 'subscribe', channel: 'candles' });
    expect(socket.frames.map((frame) => map(frame))).toEqual([{}]);
  });

  it('tolerates extra keys and answers what is no message with an error', () => {
    const socket = createRig().open();
    socket.send({ ...subscribe('ticker', 'BTC-USD'), api_key: 'x', signature: 'y', oauth: false });
    expect(socket.on('error')).toEqual([]);
    for (const text of ['{', '[]', '{"type":"subscribe"}', '{"type":"hello","channel":"ticker"}'])
      socket.send(text);
    expect(socket.on('error')).toHaveLength(4);
  });

  it('more than eight times a second without a token meets the limit (vector 18)', async () => {
    const rig = createRig();
    const socket = rig.open();
    for (let at = 0; at < 9; at += 1) socket.send(HEARTBEATS);
    expect(socket.on('subscriptions')).toHaveLength(8);
    expect(socket.frames.at(-1)?.raw).toBe('{"type":"error","message":"rate limit exceeded"}');
    await rig.clock.advance(1000);
    socket.send(HEARTBEATS);
    expect(socket.on('subscriptions')).toHaveLength(9);
  });
});

describe('the envelope', () => {
  it('has no client_id unless that is switched on', () => {
    const [modern, old] = [createRig().open(), createRig({ profile: { clientId: true } }).open()];
    for (const socket of [modern, old]) socket.send(HEARTBEATS);
    expect(modern.frames[0]?.raw).not.toContain('client_id');
    expect(old.frames[0]?.raw).toContain('"client_id":""');
  });

  it('has timestamps of 0 to 9 digits that never go back and are the time of sending', async () => {
    const rig = createRig();
    const socket = rig.open();
    socket.send(HEARTBEATS);
    socket.send(subscribe('market_trades', 'ETH-USD'));
    await rig.clock.advance(60_000);
    const digits = new Set(socket.frames.map((frame) => fraction(frame).replace(/0+$/, '').length));
    expect(digits.size).toBeGreaterThan(2);
    const times = socket.frames.map((frame) => frame.timestamp.slice(0, 19) + fraction(frame));
    expect(times).toEqual(times.toSorted());
    for (const frame of socket.frames) expect(Date.parse(frame.timestamp)).toBe(frame.at);
  });
});

function fraction(frame: ReadFrame): string {
  return (/\.(\d+)Z$/.exec(frame.timestamp)?.[1] ?? '').padEnd(9, '0');
}

describe('heartbeats', () => {
  it('come once a second after the acknowledgement, with a number that counts seconds', async () => {
    const rig = createRig();
    const socket = rig.open();
    await rig.clock.advance(2345);
    socket.send(HEARTBEATS);
    await rig.clock.advance(10_000);
    expect(socket.frames[0]?.channel).toBe('subscriptions');
    const beats = socket.on('heartbeats');
    expect(beats).toHaveLength(10);
    const counters = beats.map((beat) => Number(beat.event['heartbeat_counter']));
    expect(counters).toEqual(counters.map((_, at) => (counters[0] ?? NaN) + at));
    expect(typeof beats[0]?.event['heartbeat_counter']).toBe('number');
    expect(beats[0]?.event['current_time']).toMatch(
      /^2026-11-20 10:00:0\d\.\d{1,9} \+0000 UTC m=\+\d+\.\d{9}$/,
    );
  });

  it('are the same for every connection and go on counting while nobody listens', async () => {
    const rig = createRig();
    const counter = (socket: RigSocket) => Number(socket.on('heartbeats').at(-1)?.event['heartbeat_counter']);
    const [one, two] = [rig.open(), rig.open()];
    one.send(HEARTBEATS);
    two.send(HEARTBEATS);
    await rig.clock.advance(3000);
    expect(counter(one)).toBe(counter(two));
    one.close();
    two.close();
    await rig.clock.advance(20_000);
    const three = rig.open();
    three.send(HEARTBEATS);
    await rig.clock.advance(1000);
    expect(counter(three)).toBe(counter(one) + 21);
  });
});

describe('the candles channel', () => {
  const open = (product = 'ETH-USD', startMs = FROZEN) => {
    const rig = createRig({ startMs });
    const socket = rig.open();
    socket.send(HEARTBEATS);
    socket.send(subscribe('candles', product));
    return { rig, socket };
  };

  it('begins with at most 100 buckets of five minutes, newest first, with holes', () => {
    const rows = candlesOf(open('BTC-USD').socket.on('candles')[0]);
    const starts = rows.map((row) => Number(row['start']));
    expect(rows.length).toBeGreaterThan(50);
    expect(rows.length).toBeLessThanOrEqual(100);
    expect(starts).toEqual(starts.toSorted((a, b) => b - a));
    expect(starts.every((start) => start % 300 === 0)).toBe(true);
    expect((Number(starts[0]) - Number(starts.at(-1))) / 300).toBeGreaterThan(rows.length);
    expect(Object.keys(rows[0] ?? {}).toSorted()).toEqual(
      ['close', 'high', 'low', 'open', 'product_id', 'start', 'volume'].toSorted(),
    );
  });

  it('updates at most once a second and only while something changes', async () => {
    const busy = open('ETH-USD');
    const slow = open('BTC-USD');
    await busy.rig.clock.advance(60_000);
    await slow.rig.clock.advance(60_000);
    const at = busy.socket.on('candles').map((frame) => frame.at);
    expect(at.length).toBeGreaterThan(40);
    for (const [index, time] of at.slice(1).entries())
      expect(time - (at[index] ?? time)).toBeGreaterThanOrEqual(1000);
    expect(slow.socket.on('candles')).toHaveLength(4);
  });

  it('tells the ended bucket once more after a boundary, as REST then shows it (vector 20)', async () => {
    const { rig, socket } = open('ETH-USD', BOUNDARY - 10_000);
    await rig.clock.advance(30_000);
    const both = socket.on('candles').filter((frame) => candlesOf(frame).length === 2);
    expect(both.slice(1).length).toBeLessThanOrEqual(1);
    const ended = socket
      .on('candles')
      .slice(1)
      .flatMap((frame) => (frame.at >= BOUNDARY ? candlesOf(frame) : []))
      .filter((row) => row['start'] === String(BOUNDARY / 1000 - 300));
    expect(ended).toHaveLength(1);
    const window = `start=${BOUNDARY / 1000 - 300}&end=${BOUNDARY / 1000 - 300}`;
    const rest = rig.get(`/market/products/ETH-USD/candles?granularity=FIVE_MINUTE&${window}`);
    expect(ended[0]).toMatchObject(rowsOf(rest.body, 'candles')[0] ?? { none: true });
  });

  it('is silent for a product that does not trade', async () => {
    const { rig, socket } = open('ABC-USD');
    await rig.clock.advance(3_600_000);
    expect(socket.on('candles')).toHaveLength(1);
  });

  it('obeys the least distance a simulator is given', async () => {
    const rig = createRig({ updateEveryMs: 20_000 });
    const socket = rig.open();
    socket.send(subscribe('candles', 'ETH-USD'));
    await rig.clock.advance(60_000);
    expect(socket.on('candles')).toHaveLength(1 + 3);
  });

  it('ends every bucket as the tape has it, whenever clients come and go', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 200_000 }), fc.boolean()), { maxLength: 6 }),
        async (steps) => {
          const { rig, socket } = open('ETH-USD', BOUNDARY - 200_000);
          for (const [ms, comes] of steps) {
            const other = comes ? rig.open(`10.0.1.${ms % 250}`) : undefined;
            other?.send(subscribe('candles', 'ETH-USD'));
            await rig.clock.advance(Math.ceil(ms / 4));
            other?.close();
          }
          await rig.clock.advance(BOUNDARY + 5000 - rig.clock.now() + 300_000);
          const seen = new Map<unknown, unknown>();
          for (const frame of socket.on('candles'))
            for (const row of candlesOf(frame)) seen.set(row['start'], row);
          const window = `start=${BOUNDARY / 1000 - 300}&end=${BOUNDARY / 1000}`;
          const rest = rig.get(`/market/products/ETH-USD/candles?granularity=FIVE_MINUTE&${window}`);
          const rows = rowsOf(rest.body, 'candles');
          expect(rows.length).toBe(2);
          for (const row of rows) expect(seen.get(row['start'])).toMatchObject(row);
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('the other channels', () => {
  const after = async (ms: number, channel: string, product = 'ETH-USD') => {
    const rig = createRig();
    const socket = rig.open();
    socket.send(subscribe(channel, product));
    await rig.clock.advance(ms);
    return { rig, socket };
  };

  it('market_trades: every trade once, batches of 250 ms, newest first, maker side', async () => {
    const { socket } = await after(10_000, 'market_trades');
    const updates = socket.on('market_trades').slice(1);
    const batches = updates.map((frame) =>
      rowsOf(frame.event, 'trades').map((row) => Number(row['trade_id'])),
    );
    for (const ids of batches) expect(ids).toEqual(ids.toSorted((a, b) => b - a));
    const all = batches.flatMap((ids) => ids.toReversed());
    expect(all).toEqual(all.map((_, at) => (all[0] ?? NaN) + at));
    expect(all).toHaveLength(25);
    const snapshot = rowsOf(socket.on('market_trades')[0]?.event, 'trades');
    expect(Number(snapshot[0]?.['trade_id'])).toBe((all[0] ?? NaN) - 1);
    for (const row of snapshot) expect(row['side']).toBe(Number(row['trade_id']) % 2 === 0 ? 'BUY' : 'SELL');
  });

  it('market_trades: several trades within a batch are one frame', async () => {
    const rig = createRig({ updateEveryMs: 2000 });
    const socket = rig.open();
    socket.send(subscribe('market_trades', 'ETH-USD'));
    await rig.clock.advance(10_000);
    const sizes = socket
      .on('market_trades')
      .slice(1)
      .map((frame) => rowsOf(frame.event, 'trades').length);
    expect(sizes).toEqual([5, 5, 5, 5, 5]);
  });

  it('ticker: on trades, with best prices', async () => {
    const { socket } = await after(10_000, 'ticker');
    expect(socket.on('ticker')).toHaveLength(1 + 25);
    const [ticker] = rowsOf(socket.on('ticker').at(-1)?.event, 'tickers');
    expect(Object.keys(ticker ?? {})).toEqual([
      ...['type', 'product_id', 'price', 'volume_24_h', 'low_24_h', 'high_24_h', 'low_52_w', 'high_52_w'],
      ...['price_percent_chg_24_h', 'best_bid', 'best_bid_quantity', 'best_ask', 'best_ask_quantity'],
    ]);
    for (const value of Object.values(ticker ?? {})) expect(typeof value).toBe('string');
    expect(Number(ticker?.['low_24_h'])).toBeLessThanOrEqual(Number(ticker?.['price']));
  });

  it('ticker_batch: every five seconds, without best prices', async () => {
    const { socket } = await after(20_000, 'ticker_batch');
    expect(socket.on('ticker_batch')).toHaveLength(1 + 4);
    expect(socket.on('ticker_batch')[0]?.raw).not.toContain('best_bid');
  });

  it('level2: answers as l2_data; snapshot and updates add up to the book REST shows', async () => {
    const { rig, socket } = await after(20_000, 'level2');
    expect(map(socket.on('subscriptions')[0])).toEqual({ level2: ['ETH-USD'] });
    const sides = new Map([
      ['bid', new Map<string, string>()],
      ['offer', new Map<string, string>()],
    ]);
    for (const frame of socket.on('l2_data'))
      for (const row of rowsOf(frame.event, 'updates')) {
        const side = sides.get(String(row['side']));
        if (Number(row['new_quantity']) === 0) side?.delete(String(row['price_level']));
        else side?.set(String(row['price_level']), String(row['new_quantity']));
      }
    const book = objectOf(JSON.parse(rig.get('/market/product_book?product_id=ETH-USD').body))['pricebook'];
    const levels = (key: string) =>
      rowsOf(book, key).map((row) => [String(row['price']), String(row['size'])] as const);
    expect(Object.fromEntries(sides.get('bid') ?? [])).toEqual(Object.fromEntries(levels('bids')));
    expect(Object.fromEntries(sides.get('offer') ?? [])).toEqual(Object.fromEntries(levels('asks')));
  });

  it('status: one snapshot of the products', async () => {
    const { socket } = await after(1000, 'status', 'BTC-USD');
    expect(rowsOf(socket.on('status')[0]?.event, 'products')).toMatchObject([
      { id: 'BTC-USD', status: 'online', base_currency: 'BTC', display_name: 'BTC/USD' },
    ]);
  });
});
