import { ManualClock } from '@livermore/utils';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createSimulator } from '../create-simulator';
import { createSeededMarket } from '../market/seeded-market';
import { defaultUniverse } from '../market/universe';
import { SIMULATED_VENUES } from '../simulator';
import type { SimulatedVenue, Simulator } from '../simulator';
import { candlesBody, candlesOf, symbolAt } from '../testing/candle-rows';
import { ask, listen } from '../testing/client';
import { klinesIn } from '../testing/kline-frames';
import { BLEMISHES } from './fault';
import type { FaultScript, OrderedFault } from './fault';

/** What cannot be read in answers and frames, and that everything beside it is as ever. */

const NOW = 1_795_312_805_123;
const MINUTE = 60_000;

let running: Simulator | undefined;
afterEach(() => running?.close());

function start(venue: SimulatedVenue, faults: FaultScript) {
  const clock = new ManualClock(NOW);
  const market = createSeededMarket({ seed: 1, symbols: defaultUniverse(venue).slice(0, 3) });
  const simulator = createSimulator({ venue, market, clock, faults });
  running = simulator;
  const question = { symbol: symbolAt(venue, 'BTC'), interval: '1m', bars: 20, now: NOW } as const;
  return {
    clock,
    simulator,
    market,
    body: () => candlesBody(venue, simulator.transport, question),
    rows: () => candlesOf(venue, simulator.transport, question),
    get: (path: string) => ask(simulator.transport, path),
    on: (path: string) => listen(simulator.transport, path),
  };
}

const lasting = (fault: OrderedFault): FaultScript => [{ at: 0, fault }];

/** The elements of a candle answer as texts. */
function elements(body: string): readonly string[] {
  const list = z.union([z.array(z.unknown()), z.object({ candles: z.array(z.unknown()) })]);
  const read = list.parse(JSON.parse(body));
  return ('candles' in read ? read.candles : read).map((element) => JSON.stringify(element));
}

describe.each(SIMULATED_VENUES)('at %s', (venue) => {
  it.each(BLEMISHES)('one row of a page is bad (%s), the others are right', async (what) => {
    const truth = elements(await start(venue, []).body());
    await running?.close();
    const { body, simulator } = start(venue, lasting({ kind: 'row-bad', what }));
    const spoilt = elements(await body());
    expect(spoilt).toHaveLength(truth.length);
    expect(spoilt.filter((element, at) => element !== truth[at])).toHaveLength(1);
    expect(simulator.faultsApplied.get('row-bad')).toBe(1);
  });

  it('bad rows come now and then, for the series named, and each is right another time', async () => {
    const script = lasting({ kind: 'row-bad', share: 0.3, timeframe: '1m' });
    const { body, clock, simulator } = start(venue, script);
    const seen: string[] = [];
    for (let step = 0; step < 40; step += 1) {
      seen.push(await body());
      await clock.advance(1000);
    }
    const struck = simulator.faultsApplied.get('row-bad') ?? 0;
    expect(struck).toBeGreaterThan(4);
    expect(struck).toBeLessThan(25);
    const [open = ''] = elements(seen[0] ?? '').slice(3);
    expect(seen.some((each) => elements(each).includes(open))).toBe(true);
  });

  it('the listing has odd entries, and the right ones beside them', async () => {
    const path = venue === 'coinbase' ? '/api/v3/brokerage/market/products' : '/api/v3/exchangeInfo';
    const listing = z.object({
      symbols: z.array(z.unknown()).optional(),
      products: z.array(z.unknown()).optional(),
    });
    const listed = async (script: FaultScript) => {
      const { get, simulator } = start(venue, script);
      const { symbols, products = symbols } = listing.parse(JSON.parse((await get(path)).body));
      await running?.close();
      const texts = (products ?? []).map((entry) => JSON.stringify(entry));
      return { texts, struck: simulator.faultsApplied.get('listing-odd') };
    };
    const truth = await listed([]);
    const all = await listed(lasting({ kind: 'listing-odd' }));
    expect(all.texts.filter((text) => truth.texts.includes(text))).toEqual(truth.texts);
    const odd = all.texts.filter((text) => !truth.texts.includes(text));
    expect(odd).toHaveLength(6);
    expect(odd.some((text) => text === 'null')).toBe(true);
    expect(odd.filter((text) => /"(symbol|product_id)":"ODD[^"]*[: ]/.test(text))).toHaveLength(2);
    const flag = venue === 'coinbase' ? 'trading_disabled' : 'isSpotTradingAllowed';
    expect(odd.filter((text) => text !== 'null' && !text.includes(flag))).toHaveLength(1);
    expect([truth.struck, all.struck]).toEqual([undefined, 1]);
    const symbol = symbolAt(venue, 'ETH');
    const own = await listed(lasting({ kind: 'listing-odd', what: 'null', symbol }));
    expect(own.texts.filter((text, at) => text !== truth.texts[at])).toEqual(['null']);
  });

  it('one figure of a ticker is spelled as nobody documents, on the stream and in REST', async () => {
    const symbol = symbolAt(venue, 'BTC');
    const { on, clock, get, simulator } = start(venue, lasting({ kind: 'ticker-bad', symbol }));
    const heard = on(venue === 'coinbase' ? '/' : '/ws/btcusdt@miniTicker/ethusdt@miniTicker');
    const ids = [symbol, symbolAt(venue, 'ETH')];
    if (venue === 'coinbase')
      heard.socket.send(JSON.stringify({ type: 'subscribe', channel: 'ticker', product_ids: ids }));
    await clock.advance(10_000);
    const bad = heard.frames.filter((frame) => frame.includes('"-1.5e-05"'));
    const [field, other] = venue === 'coinbase' ? ['price_percent_chg_24_h', ids[1]] : ['v', ids[1]];
    expect(bad.length).toBeGreaterThan(2);
    expect(bad.every((frame) => frame.includes(`"${field}":"-1.5e-05"`))).toBe(true);
    expect(
      heard.frames.filter((frame) => frame.includes(`"${other}"`)).some((frame) => bad.includes(frame)),
    ).toBe(false);
    const path =
      venue === 'coinbase'
        ? `/api/v3/brokerage/market/products/${symbol}`
        : `/api/v3/ticker/24hr?symbol=${symbol}`;
    const key = venue === 'coinbase' ? 'price_percentage_change_24h' : 'priceChangePercent';
    expect((await get(path)).body).toContain(`"${key}":"-1.5e-05"`);
    expect(simulator.faultsApplied.get('ticker-bad')).toBe(bad.length + 1);
  });

  it('one element of a frame of several cannot be read', async () => {
    const clean = await firstOfMany(venue, []);
    const spoilt = await firstOfMany(venue, lasting({ kind: 'element-bad', what: 'null' }));
    expect(spoilt.elements).toHaveLength(clean.elements.length);
    expect(spoilt.elements.filter((element, at) => element !== clean.elements[at])).toEqual(['null']);
    expect(spoilt.struck).toBeGreaterThan(0);
  });

  it('a corrected bar is told once more by the stream, where ordered', async () => {
    const order = {
      kind: 'revised-candle',
      timeframe: '5m',
      every: 1,
      afterMs: 30_000,
      onStream: true,
    } as const;
    const { on, clock, simulator } = start(venue, lasting({ ...order, volume: 2 }));
    const symbol = symbolAt(venue, 'BTC');
    const heard = on(venue === 'coinbase' ? '/' : '/ws/btcusdt@kline_5m');
    if (venue === 'coinbase')
      heard.socket.send(JSON.stringify({ type: 'subscribe', channel: 'candles', product_ids: [symbol] }));
    const opened = Math.floor(NOW / 300_000) * 300_000;
    await clock.advance(opened + 300_000 + 29_000 - NOW);
    const bar = (at: number) => simulator.truth.bars(symbol, '5m', opened, opened + 1, at)[0];
    const volumes = () => volumesOf(venue, heard.frames, opened);
    const asClosed = Number(bar(clock.now())?.volume);
    expect(volumes().at(-1)).toBe(asClosed);
    await clock.advance(6000);
    expect(volumes().at(-1)).toBeCloseTo(2 * asClosed, 6);
    expect(volumes().at(-1)).toBe(Number(bar(clock.now())?.volume));
    const { length } = volumes();
    await clock.advance(MINUTE);
    expect(volumes()).toHaveLength(length);
  });
});

const CandlesFrame = z.object({
  channel: z.literal('candles'),
  events: z.array(z.object({ type: z.string(), candles: z.array(z.unknown()) })),
});
const Bucket = z.object({ start: z.string(), volume: z.string() });

/** Every volume the stream ever told of the five minutes that open at `open`. */
function volumesOf(venue: SimulatedVenue, frames: readonly string[], open: number): readonly number[] {
  if (venue !== 'coinbase')
    return klinesIn(frames)
      .filter(({ k }) => k.t === open && k.x)
      .map(({ k }) => Number(k.v));
  return frames.flatMap((frame) => {
    const read = CandlesFrame.safeParse(JSON.parse(frame));
    const buckets = read.success ? read.data.events.flatMap(({ candles }) => candles) : [];
    return buckets
      .map((bucket) => Bucket.parse(bucket))
      .filter(({ start: opens }) => Number(opens) * 1000 === open)
      .map(({ volume }) => Number(volume));
  });
}

/** The first frame of a venue that carries several elements, as texts. */
async function firstOfMany(venue: SimulatedVenue, script: FaultScript) {
  const { on, clock, simulator } = start(venue, script);
  const heard = on(venue === 'coinbase' ? '/' : '/ws/!miniTicker@arr');
  const product_ids = [symbolAt(venue, 'BTC')];
  if (venue === 'coinbase')
    heard.socket.send(JSON.stringify({ type: 'subscribe', channel: 'candles', product_ids }));
  await clock.advance(5000);
  const struck = simulator.faultsApplied.get('element-bad');
  await simulator.close();
  const lists = heard.frames.flatMap((frame) => {
    const value: unknown = JSON.parse(frame);
    const read = CandlesFrame.safeParse(value);
    return [
      read.success ? (read.data.events[0]?.candles ?? []) : z.array(z.unknown()).catch([]).parse(value),
    ];
  });
  const several = lists.find((list) => list.length > 1) ?? [];
  return { elements: several.map((element) => JSON.stringify(element)), struck };
}

/** The buckets of the first snapshot, oldest first. */
async function firstSnapshot(script: FaultScript) {
  const { on, clock, simulator } = start('coinbase', script);
  const heard = on('/');
  heard.socket.send('{"type":"subscribe","channel":"candles","product_ids":["BTC-USD"]}');
  await clock.advance(100);
  await simulator.close();
  const frames = heard.frames.flatMap((frame) => {
    const read = CandlesFrame.safeParse(JSON.parse(frame));
    return read.success ? [read.data] : [];
  });
  const Whole = Bucket.extend({ high: z.string(), low: z.string(), open: z.string(), close: z.string() });
  const candles = frames[0]?.events[0]?.candles.map((candle) => Whole.parse(candle)) ?? [];
  return { candles: candles.toReversed(), applied: simulator.faultsApplied };
}

describe('snapshots of candles at a venue that has them', () => {
  it('lose a part of the volume of older buckets, and their reach where ordered', async () => {
    const truth = (await firstSnapshot([])).candles;
    const { candles, applied } = await firstSnapshot(
      lasting({ kind: 'snapshot-lossy', loses: 0.1, range: true }),
    );
    expect(candles.slice(-2)).toEqual(truth.slice(-2));
    candles.slice(0, -2).forEach((candle, at) => {
      expect(Number(candle.volume) / Number(truth[at]?.volume)).toBeCloseTo(0.9, 4);
      expect(Number(candle.high)).toBe(Math.max(Number(candle.open), Number(candle.close)));
    });
    expect(candles.length).toBeGreaterThan(50);
    expect(applied.get('snapshot-lossy')).toBe(1);
  });

  it('have lost nothing where the lost part rounds to nothing', async () => {
    const truth = (await firstSnapshot([])).candles;
    const { candles, applied } = await firstSnapshot(lasting({ kind: 'snapshot-lossy', loses: 1e-7 }));
    expect(candles).toEqual(truth);
    expect(applied.size).toBe(0);
  });

  it('hold the newest buckets only', async () => {
    const truth = (await firstSnapshot([])).candles;
    const { candles, applied } = await firstSnapshot(lasting({ kind: 'snapshot-short', buckets: 3 }));
    expect(candles).toEqual(truth.slice(-3));
    expect(applied.get('snapshot-short')).toBe(1);
  });
});
