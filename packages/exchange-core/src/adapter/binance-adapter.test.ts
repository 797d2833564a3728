import type { UnifiedCandle } from '@livermore/schemas';
import { openTimeOf } from '@livermore/schemas';
import { ManualClock, seededRandom, silentLogger } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defaultExchange } from '../protocol/registry';
import { ScriptedTransport } from '../testing';
import type { Script } from '../testing';
import { BinanceAdapter } from './binance-adapter';
import type { IExchangeAdapter } from './exchange-adapter';

const RequestSchema = z.object({
  method: z.string(),
  params: z.array(z.string()).default([]),
  id: z.number(),
});

/** Acknowledges and lists as the venue does. */
function truthful(): Script {
  const streams = new Map<object, Set<string>>();
  return (text, socket) => {
    const { method, params, id } = RequestSchema.parse(JSON.parse(text));
    const own = streams.get(socket) ?? new Set<string>();
    streams.set(socket, own);
    for (const name of params) void (method === 'SUBSCRIBE' ? own.add(name) : own.delete(name));
    return [JSON.stringify({ result: method === 'LIST_SUBSCRIPTIONS' ? [...own] : null, id })];
  };
}

function setUp(name = 'binance', script: Script = truthful()) {
  const clock = new ManualClock(openTimeOf('1m', 1_795_312_800_000));
  const transport = new ScriptedTransport(clock, script);
  const adapter = new BinanceAdapter({
    exchange: defaultExchange(name),
    transport,
    clock,
    random: seededRandom(3),
    logger: silentLogger,
  });
  const closes: UnifiedCandle[] = [];
  const updates: UnifiedCandle[] = [];
  adapter.on('candle:close', ({ candle }) => closes.push(candle));
  adapter.on('candle:update', ({ candle }) => updates.push(candle));
  return { clock, transport, adapter, closes, updates };
}

function kline(symbol: string, at: number, isFinal: boolean): string {
  const openTime = openTimeOf('1m', at - (isFinal ? 60_000 : 0));
  const k = {
    t: openTime,
    T: openTime + 59_999,
    s: symbol,
    i: '1m',
    f: 1,
    L: 2,
    o: '100.5',
    c: '101',
    h: '102',
    l: '99',
    v: '7',
    n: 2,
    x: isFinal,
    q: '700',
    V: '3',
    Q: '300',
    B: '0',
  };
  const data = { e: 'kline', E: at, s: symbol, k };
  return JSON.stringify({ stream: `${symbol.toLowerCase()}@kline_1m`, data });
}

const NESTED: Script = (text) => [`{"error":{"code":2,"msg":"no"},"id":${idOf(text)}}`];
const FLAT: Script = (text) => [`{"code":2,"msg":"no","id":${idOf(text)}}`];

describe('the Binance adapter', () => {
  it('BIN-01: implements IExchangeAdapter and streams klines as they happen', async () => {
    const { clock, transport, adapter, closes, updates } = setUp();
    const port: IExchangeAdapter = adapter;
    port.subscribe(['BTCUSDT', 'ETHUSDT'], '1m');
    port.subscribeTickers(['BTCUSDT']);
    void port.connect();
    await clock.advance(100);
    expect(port.isConnected()).toBe(true);
    const [subscribe = ''] = transport.newest.received;
    expect(RequestSchema.parse(JSON.parse(subscribe))).toEqual({
      method: 'SUBSCRIBE',
      params: ['btcusdt@kline_1m', 'ethusdt@kline_1m', 'btcusdt@miniTicker'],
      id: 1,
    });
    const at = clock.now();
    transport.newest.say(kline('BTCUSDT', at, false));
    transport.newest.say(kline('BTCUSDT', at, true));
    await clock.advance(10);
    expect(updates.map(({ symbol, close }) => [symbol, close])).toEqual([['BTCUSDT', 101]]);
    expect(closes).toHaveLength(1);
    expect(closes[0]).toMatchObject({
      symbol: 'BTCUSDT',
      exchange: 'binance',
      source: 'stream',
      open: 100.5,
    });
    await port.disconnect();
  });

  it.each([
    ['binance', 'wss://stream.binance.com:9443/stream'],
    ['binance_us', 'wss://stream.binance.us:9443/stream'],
  ])('BIN-02: serves %s by nothing but its URL', async (name, url) => {
    const { clock, transport, adapter, closes } = setUp(name);
    adapter.subscribe(['BTCUSDT'], '1m');
    void adapter.connect();
    await clock.advance(100);
    expect(transport.newest.url).toBe(url);
    transport.newest.say(kline('BTCUSDT', clock.now(), true));
    await clock.advance(10);
    expect(closes[0]?.exchange).toBe(name);
  });

  it('BIN-05: subscribes 1,000 streams in spaced frames over two connections, and checks the listing', async () => {
    const { clock, transport, adapter } = setUp();
    adapter.subscribe(
      Array.from({ length: 1_000 }, (_, at) => `S${at}USDT`),
      '1m',
    );
    void adapter.connect();
    await clock.advance(5_000);
    expect(transport.sockets).toHaveLength(2);
    for (const { received } of transport.sockets) {
      const methods = received.map((text) => RequestSchema.parse(JSON.parse(text)).method);
      expect(methods).toEqual(['SUBSCRIBE', 'SUBSCRIBE', 'SUBSCRIBE', 'LIST_SUBSCRIPTIONS']);
    }
    expect(adapter.facts().topicsActive).toBe(1_000);
  });

  it('BIN-05: leaves before the 24-hour cut and on serverShutdown, missing no close', async () => {
    const { clock, transport, adapter, closes } = setUp();
    adapter.subscribe(['BTCUSDT'], '1m');
    void adapter.connect();
    await clock.advance(1_000);
    const repairs: number[] = [];
    adapter.on('feed:repair', ({ since }) => repairs.push(since));
    const minutes = 24 * 60 + 60;
    for (let minute = 1; minute <= minutes; minute += 1) {
      await clock.advance(60_000);
      if (minute === 600) transport.newest.say('{"e":"serverShutdown","E":1795312805123}');
      for (const socket of transport.sockets) {
        if (socket.isOpen) socket.say(kline('BTCUSDT', clock.now(), true));
      }
    }
    await clock.advance(6_000);
    expect(transport.sockets).toHaveLength(2);
    expect(closes).toHaveLength(minutes);
    expect(new Set(closes.map(({ timestamp }) => timestamp)).size).toBe(minutes);
    expect(repairs).toEqual([]);
    expect(transport.sockets.filter(({ isOpen }) => isOpen)).toHaveLength(1);
  });

  it('replaces a connection whose frames are refused, in both error shapes', async () => {
    for (const script of [NESTED, FLAT]) {
      const { clock, adapter } = setUp('binance', script);
      const reasons: string[] = [];
      adapter.on('feed:disconnected', ({ reason }) => reasons.push(reason));
      adapter.subscribe(['BTCUSDT'], '1m');
      void adapter.connect();
      await clock.advance(2_000);
      expect(reasons).toEqual(['refused: 2: no: btcusdt@kline_1m']);
      await adapter.disconnect();
    }
  });
});

function idOf(text: string): number {
  return RequestSchema.parse(JSON.parse(text)).id;
}
