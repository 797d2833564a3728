import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FROZEN, createRig, objectOf, rowsOf, textOf, vectorMarket } from '../testing/coinbase-rig';
import type { ReadFrame } from '../testing/coinbase-rig';

const BOUNDARY = 1_795_169_100_000;
const subscribe = (channel: string, ...product_ids: readonly string[]) => ({
  type: 'subscribe',
  channel,
  product_ids,
});
const HEARTBEATS = { type: 'subscribe', channel: 'heartbeats' };
const map = (frame: ReadFrame | undefined) => objectOf(frame?.event['subscriptions']);
const candlesOf = (frame: ReadFrame | undefined) => rowsOf(frame?.event, 'candles');

function open(product = 'ETH-USD', startMs = FROZEN) {
  const rig = createRig({ startMs });
  const socket = rig.open();
  socket.send(HEARTBEATS);
  socket.send(subscribe('candles', product));
  return { rig, socket };
}

describe('the candles channel', () => {
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

  it('is silent where the market knows only longer bars', async () => {
    const rig = createRig({ market: { ...vectorMarket(), intervals: () => ['15m', '1h', '1d'] } });
    const socket = rig.open();
    socket.send(HEARTBEATS);
    socket.send(subscribe('candles', 'ETH-USD'));
    await rig.clock.advance(10_000);
    expect(socket.on('candles').map((frame) => candlesOf(frame))).toEqual([[]]);
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

async function after(ms: number, channel: string, product = 'ETH-USD') {
  const rig = createRig();
  const socket = rig.open();
  socket.send(subscribe(channel, product));
  await rig.clock.advance(ms);
  return { rig, socket };
}

describe('the other channels', () => {
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
      'type',
      'product_id',
      'price',
      'volume_24_h',
      'low_24_h',
      'high_24_h',
      'low_52_w',
      'high_52_w',
      'price_percent_chg_24_h',
      'best_bid',
      'best_bid_quantity',
      'best_ask',
      'best_ask_quantity',
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
        const side = sides.get(textOf(row['side']));
        if (Number(row['new_quantity']) === 0) side?.delete(textOf(row['price_level']));
        else side?.set(textOf(row['price_level']), textOf(row['new_quantity']));
      }
    const book = objectOf(JSON.parse(rig.get('/market/product_book?product_id=ETH-USD').body))['pricebook'];
    const levels = (key: string) =>
      rowsOf(book, key).map((row) => [textOf(row['price']), textOf(row['size'])] as const);
    expect(Object.fromEntries(sides.get('bid') ?? [])).toEqual(Object.fromEntries(levels('bids')));
    expect(Object.fromEntries(sides.get('offer') ?? [])).toEqual(Object.fromEntries(levels('asks')));
  });

  it('status: a snapshot of the products, then one of what it says of them every five seconds', async () => {
    const { rig, socket } = await after(1000, 'status', 'BTC-USD');
    const rows = (at: number) => rowsOf(socket.on('status')[at]?.event, 'products');
    expect(socket.on('status').map((frame) => frame.event['type'])).toEqual(['snapshot']);
    expect(rows(0)).toMatchObject([
      { id: 'BTC-USD', status: 'online', base_currency: 'BTC', display_name: 'BTC/USD' },
    ]);
    await rig.clock.advance(5000);
    expect(socket.on('status').map((frame) => frame.event['type'])).toEqual(['snapshot', 'update']);
    expect(rows(1)).toEqual(rows(0));
    const end = rig.faults.inject({ kind: 'bad-symbol', symbol: 'BTC-USD' });
    await rig.clock.advance(5000);
    expect(rows(2)).toMatchObject([{ id: 'BTC-USD', status: 'offline' }]);
    end();
    await rig.clock.advance(5000);
    expect(rows(3)).toEqual(rows(0));
    socket.send({ type: 'unsubscribe', channel: 'status', product_ids: ['BTC-USD'] });
    await rig.clock.advance(20_000);
    expect(socket.on('status')).toHaveLength(4);
    socket.close();
    expect(rig.clock.pendingTimers).toBe(0);
  });
});
