import { describe, expect, it } from 'vitest';
import { FROZEN, createRig, objectOf, rowsOf } from '../testing/coinbase-rig';
import type { ReadFrame, RigSocket } from '../testing/coinbase-rig';

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

  it('undone under the name of the twin ends the book it shares', () => {
    const socket = createRig().open();
    socket.send(subscribe('candles', 'BTC-USDC', 'ETH-USD'));
    socket.send({ ...subscribe('candles', 'BTC-USDC'), type: 'unsubscribe' });
    expect(map(socket.on('subscriptions').at(-1))).toEqual({ candles: ['ETH-USD'] });
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

function counter(socket: RigSocket): number {
  return Number(socket.on('heartbeats').at(-1)?.event['heartbeat_counter']);
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
