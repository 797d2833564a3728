import { once } from 'node:events';
import {
  BinanceAdapter,
  ExchangeAdapterFactory,
  UnknownExchangeError,
  createNodeTransport,
  defaultExchange,
} from '@livermore/exchange-core';
import type { NodeTransport, StreamingAdapter } from '@livermore/exchange-core';
import { openTimeOf } from '@livermore/schemas';
import type { UnifiedCandle } from '@livermore/schemas';
import { createSeededMarket, createSimulator, defaultUniverse } from '@livermore/simulator';
import type { SimulatedVenue, Simulator } from '@livermore/simulator';
import { silentLogger, systemClock } from '@livermore/utils';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

const MINUTE = 60_000;
const PATIENCE_MS = 20_000;

let simulator: Simulator | undefined;
let adapter: StreamingAdapter | undefined;
let transport: NodeTransport | undefined;

afterEach(async () => {
  await adapter?.disconnect();
  await transport?.close();
  await simulator?.close();
  adapter = undefined;
  transport = undefined;
  simulator = undefined;
});

/** A venue on a real port, and the product's own adapter for it on real sockets. */
async function streaming(venue: SimulatedVenue) {
  const market = createSeededMarket({ seed: 5, symbols: defaultUniverse(venue) });
  simulator = createSimulator({ venue, market, clock: systemClock });
  const { rest, ws } = await simulator.listen();
  transport = createNodeTransport();
  const factory = new ExchangeAdapterFactory({ transport, logger: silentLogger });
  const made = factory.create({ ...defaultExchange(venue), restUrl: rest, wsUrl: ws });
  adapter = made;
  const candles: UnifiedCandle[] = [];
  made.on('candle:update', ({ candle }) => candles.push(candle));
  made.on('candle:close', ({ candle }) => candles.push(candle));
  return { adapter: made, simulator, candles, ws };
}

/** Real sockets take real time: waits for what they bring, as long as it may take. */
async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!isSo() && performance.now() < deadline) await systemClock.sleep(10);
  expect(isSo()).toBe(true);
}

describe('the Binance feed over real sockets', () => {
  it.each(['binance', 'binance_us'] as const)(
    'BIN-01 BIN-02: %s streams klines of all timeframes through one adapter',
    async (venue) => {
      const { adapter: feed, candles } = await streaming(venue);
      expect(feed).toBeInstanceOf(BinanceAdapter);
      feed.subscribe(['BTCUSDT', 'ETHUSDT'], '1m');
      feed.subscribe(['BTCUSDT'], '1d');
      await feed.connect();
      expect(feed.isConnected()).toBe(true);
      const names = () => new Set(candles.map(({ symbol, timeframe }) => `${symbol} ${timeframe}`));
      await until(() => names().size === 3);
      for (const { timeframe, timestamp, exchange, sequenceNum } of candles) {
        expect(exchange).toBe(venue);
        expect(timestamp).toBe(openTimeOf(timeframe, timestamp));
        expect(Math.abs((sequenceNum ?? 0) / 1000 - Date.now())).toBeLessThan(MINUTE);
      }
    },
  );

  it('BIN-04: the factory makes it for both names, and names those it knows for any other', () => {
    const factory = new ExchangeAdapterFactory({ transport: createNodeTransport(), logger: silentLogger });
    for (const name of ['binance', 'binance_us']) {
      expect(factory.create(defaultExchange(name))).toBeInstanceOf(BinanceAdapter);
    }
    const unknown = { ...defaultExchange('binance'), name: 'kraken' };
    expect(() => factory.create(unknown)).toThrow(UnknownExchangeError);
    expect(() => factory.create(unknown)).toThrow(/"kraken".*binance, binance_us/);
  });

  it('BIN-05: goes on after a lost connection and after the 24-hour cut, on a new connection each', async () => {
    const { adapter: feed, simulator: venue, candles } = await streaming('binance');
    feed.subscribe(['BTCUSDT'], '1m');
    await feed.connect();
    let reconnects = 0;
    feed.on('reconnecting', () => (reconnects += 1));
    for (const fault of [{ kind: 'cut', midFrame: true }, { kind: 'age-cut' }] as const) {
      await until(() => candles.length > 0);
      const before = reconnects;
      venue.inject(fault)();
      await until(() => reconnects > before && feed.isConnected());
      candles.length = 0;
    }
    await until(() => candles.length > 0);
    expect(venue.log.connections).toBe(3);
  });

  it('BIN-05: frames come raw on /ws and wrapped on /stream, and both are read alike', async () => {
    const { adapter: feed, ws } = await streaming('binance');
    const frames: Record<string, string> = {};
    for (const path of ['/ws/btcusdt@kline_1m', '/stream?streams=btcusdt@kline_1m']) {
      const socket = new WebSocket(ws + path);
      const [data] = await once(socket, 'message', { signal: AbortSignal.timeout(PATIENCE_MS) });
      frames[path.split('/')[1]?.slice(0, 2) ?? ''] = String(data);
      socket.terminate();
    }
    const context = { exchange: 'binance', symbolsOf: (name: string) => [name] };
    const [raw, wrapped] = [frames['ws'] ?? '', frames['st'] ?? ''].map((text) =>
      feed.protocol.stream.decode(text, context),
    );
    expect(frames['ws']).toMatch(/^\{"e":"kline"/);
    expect(frames['st']).toMatch(/^\{"stream":"btcusdt@kline_1m","data":\{"e":"kline"/);
    for (const decoded of [raw, wrapped]) expect(JSON.stringify(decoded)).toContain('"symbol":"BTCUSDT"');
  });
});
