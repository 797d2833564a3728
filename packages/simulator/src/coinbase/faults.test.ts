import { describe, expect, it } from 'vitest';
import type { Fault } from '../faults/fault';
import { FROZEN, createRig, objectOf, rowsOf } from '../testing/coinbase-rig';

const BOUNDARY = 1_795_169_100_000;

/** A client of heartbeats and of a busy product, a fault in force for its second ten seconds. */
async function struckBy(fault: Fault, channel = 'market_trades', startMs = FROZEN) {
  const rig = createRig({ startMs });
  const socket = rig.open();
  socket.send({ type: 'subscribe', channel: 'heartbeats' });
  socket.send({ type: 'subscribe', channel, product_ids: ['ETH-USD'] });
  await rig.clock.advance(10_000);
  const before = socket.frames.length;
  const end = rig.faults.inject(fault);
  await rig.clock.advance(10_000);
  end();
  return { rig, socket, before, during: socket.frames.slice(before) };
}

describe('faults of the venue', () => {
  it('a sequence gap loses as many frames as it skips numbers, once (vector 19)', async () => {
    const { socket } = await struckBy({ kind: 'sequence-gap', frames: 3 });
    const steps = socket.frames
      .slice(1)
      .map((frame, at) => frame.sequence - (socket.frames[at]?.sequence ?? 0));
    expect(steps.filter((step) => step !== 1)).toEqual([4]);
  });

  it('a sequence restart numbers from 0 again and loses nothing', async () => {
    const { socket, before } = await struckBy({ kind: 'sequence-restart' });
    const numbers = socket.frames.map((frame) => frame.sequence);
    expect(numbers.slice(before)).toEqual(numbers.slice(before).map((_, at) => at));
  });

  it('a heartbeat jump skips counters and no frame', async () => {
    const { socket } = await struckBy({ kind: 'heartbeat-jump', by: 5 });
    const counters = socket.on('heartbeats').map((beat) => Number(beat.event['heartbeat_counter']));
    const steps = counters.slice(1).map((counter, at) => counter - (counters[at] ?? 0));
    expect(steps.filter((step) => step !== 1)).toEqual([6]);
    expect(socket.frames.map((frame) => frame.sequence)).toEqual(socket.frames.map((_, at) => at));
  });

  it('a silent series sends nothing, neither updates nor a snapshot, while heartbeats go on', async () => {
    const { rig, during, socket } = await struckBy({ kind: 'series-silent', symbol: 'ETH-USD' });
    expect(new Set(during.map((frame) => frame.channel))).toEqual(new Set(['heartbeats']));
    const count = socket.on('market_trades').length;
    await rig.clock.advance(2000);
    expect(socket.on('market_trades').length).toBeGreaterThan(count);
  });

  it('silence of a timeframe concerns the candles and not the ticker', async () => {
    const fault: Fault = { kind: 'series-silent', symbol: 'ETH-USD', timeframe: '5m' };
    const names = async (channel: string) =>
      new Set((await struckBy(fault, channel)).during.map((frame) => frame.channel));
    expect(await names('candles')).toEqual(new Set(['heartbeats']));
    expect(await names('ticker')).toEqual(new Set(['heartbeats', 'ticker']));
  });

  it('a subscription made while acknowledgements are empty never delivers; made again, it does', async () => {
    const rig = createRig();
    const end = rig.faults.inject({ kind: 'ack-silent', symbol: 'ETH-USD' });
    const socket = rig.open();
    const subscribe = { type: 'subscribe', channel: 'candles', product_ids: ['ETH-USD'] };
    socket.send(subscribe);
    end();
    await rig.clock.advance(20_000);
    expect(socket.frames.map((frame) => frame.channel)).toEqual(['subscriptions']);
    socket.send(subscribe);
    await rig.clock.advance(5000);
    expect(socket.on('candles').length).toBeGreaterThan(2);
  });

  it('missing closes: the ended bucket is not told again after its boundary', async () => {
    const { during } = await struckBy({ kind: 'closes-missing' }, 'candles', BOUNDARY - 15_000);
    const late = during.filter((frame) => frame.channel === 'candles' && frame.at >= BOUNDARY);
    const starts = late.flatMap((frame) => rowsOf(frame.event, 'candles').map((row) => row['start']));
    expect(late.length).toBeGreaterThan(2);
    expect(new Set(starts)).toEqual(new Set([String(BOUNDARY / 1000)]));
  });

  it('a product the venue no longer knows falls silent and is left out of the next acknowledgement', async () => {
    const { during, rig } = await struckBy({ kind: 'bad-symbol', symbol: 'ETH-USD' });
    expect(new Set(during.map((frame) => frame.channel))).toEqual(new Set(['heartbeats']));
    rig.faults.inject({ kind: 'bad-symbol', symbol: 'ETH-USD' });
    const socket = rig.open();
    socket.send({ type: 'subscribe', channel: 'candles', product_ids: ['ETH-USD', 'BTC-USD'] });
    expect(objectOf(socket.frames.at(-1)?.event['subscriptions'])).toEqual({ candles: ['BTC-USD'] });
  });

  it('frames of an unknown channel come before every other, numbered like it', async () => {
    const { during, socket } = await struckBy({ kind: 'frames-unknown' });
    expect(during.filter((_, at) => at % 2 === 0).every((frame) => frame.channel === 'announcements')).toBe(
      true,
    );
    expect(socket.frames.map((frame) => frame.sequence)).toEqual(socket.frames.map((_, at) => at));
  });

  it('an oversized book is several megabytes in one frame', () => {
    const rig = createRig();
    rig.faults.inject({ kind: 'oversized-book' });
    const socket = rig.open();
    socket.send({ type: 'subscribe', channel: 'level2', product_ids: ['BTC-USD'] });
    expect(socket.frames[0]?.raw.length).toBeGreaterThan(3_000_000);
  });
});

function symbolsOf(path: string, query = '') {
  const request = { method: 'GET', path, query: new URLSearchParams(query), headers: {}, ip: '' };
  return createRig().venue.dress.symbolsOf(request);
}

describe('the words in which the venue dresses faults of every venue', () => {
  const rig = createRig();
  const { dress } = rig.venue;

  it('are its own for each status', () => {
    expect(dress.tooManyRequests(3)).toMatchObject({ status: 429, headers: { 'retry-after': '3' } });
    expect(dress.tooManyRequests(undefined).headers).not.toHaveProperty('retry-after');
    expect(dress.unauthorized()).toMatchObject({ status: 401, body: 'Unauthorized' });
    expect(dress.unavailable().body).toMatch(/^<html>/);
    expect(dress.geoBlocked().status).toBe(451);
    expect(dress.banned(FROZEN, 60).status).toBe(403);
    expect(dress.badSymbol('BTC-USD').status).toBe(rig.get('/market/products/NOPE-USD').status);
    expect(dress.errorFrame('internal error')).toBe('{"type":"error","message":"internal error"}');
  });

  it('know which product a request is about', () => {
    expect(symbolsOf('/api/v3/brokerage/market/products/BTC-USD/candles')).toEqual(['BTC-USD']);
    expect(symbolsOf('/api/v3/brokerage/products/BTC-USD')).toEqual(['BTC-USD']);
    expect(symbolsOf('/api/v3/brokerage/market/product_book', 'product_id=ETH-USD')).toEqual(['ETH-USD']);
    expect(symbolsOf('/api/v3/brokerage/market/products')).toEqual([]);
  });

  it('have a frame of a type no client knows', () => {
    expect(dress.unknownFrame()).toBe('{"type":"notice","message":"scheduled maintenance"}');
  });
});
