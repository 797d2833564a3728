import { ManualClock } from '@livermore/utils';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createSimulator } from '../create-simulator';
import { createSeededMarket } from '../market/seeded-market';
import { defaultUniverse } from '../market/universe';
import type { Simulator, SimulatorOptions } from '../simulator';
import { ask, listen } from '../testing/client';
import { klinesIn } from '../testing/kline-frames';

const NOW = 1_795_312_805_123;
const MINUTE = 60_000;
const market = createSeededMarket({ seed: 1, symbols: defaultUniverse('binance') });

let running: Simulator | undefined;
afterEach(() => running?.close());

function start(options: Partial<SimulatorOptions> = {}) {
  const clock = new ManualClock(NOW);
  const simulator = createSimulator({ venue: 'binance', market, clock, ...options });
  running = simulator;
  return { clock, simulator, transport: simulator.transport };
}

const fields = (text: string) => Object.keys(z.record(z.string(), z.unknown()).parse(JSON.parse(text)));

describe('binance kline streams', () => {
  it('close every bucket once, just after its end, with what REST says of it', async () => {
    const { clock, transport } = start();
    const names = ['btcusdt', 'bandusdt'].flatMap((name) => ['1m', '5m'].map((i) => `${name}@kline_${i}`));
    const heard = listen(transport, `/stream?streams=${names.join('/')}`);
    await clock.advance(11 * MINUTE);
    const closes = klinesIn(heard.frames).filter((frame) => frame.k.x);
    expect(closes).toHaveLength(2 * (11 + 2));
    for (const { E, s, k } of closes) {
      expect(E).toBeGreaterThanOrEqual(k.T + 1 + 2);
      expect(E).toBeLessThanOrEqual(k.T + 1 + 15);
      const { body } = await ask(
        transport,
        `/api/v3/klines?symbol=${s}&interval=${k.i}&startTime=${k.t}&limit=1`,
      );
      expect(JSON.parse(body)).toEqual([[k.t, k.o, k.h, k.l, k.c, k.v, k.T, k.q, k.n, k.V, k.Q, '0']]);
    }
    expect(new Set(closes.map(({ s, k }) => `${s}|${k.i}|${k.t}`)).size).toBe(closes.length);
  });

  it('never go back, and grow within a bucket', async () => {
    const { clock, transport } = start();
    const heard = listen(transport, '/ws/ethusdt@kline_1m');
    await clock.advance(5 * MINUTE);
    const frames = klinesIn(heard.frames);
    expect(frames.length).toBeGreaterThan(30);
    frames.forEach(({ E, k }, at) => {
      const before = frames[at - 1];
      if (before === undefined) return;
      expect(E).toBeGreaterThanOrEqual(before.E);
      expect(k.t).toBeGreaterThanOrEqual(before.k.t);
      if (k.t === before.k.t) expect(k.n).toBeGreaterThanOrEqual(before.k.n);
      if (!k.x && k.t === before.k.t) expect(k.n).toBeGreaterThan(before.k.n);
    });
    for (const { E, k } of frames.filter((frame) => !frame.k.x)) expect((E - k.t) % 2000).toBe(0);
  });

  it('show a bucket without trades as flat, open early and closed on time', async () => {
    const { clock, transport } = start();
    const heard = listen(transport, '/ws/bandusdt@kline_1m');
    await clock.advance(3 * MINUTE);
    const flat = klinesIn(heard.frames).filter((frame) => frame.k.n === 0);
    expect(flat.length).toBeGreaterThan(4);
    for (const { k } of flat) {
      expect([k.f, k.L, k.v, k.o, k.h, k.l]).toEqual([-1, -1, '0.00000000', k.c, k.c, k.c]);
    }
    expect(flat.some(({ k, E }) => !k.x && E === k.t + 2000)).toBe(true);
    const times = clock.pendingTimers;
    expect(times).toBeLessThan(8);
  });

  it('keep the distance between updates they are told to', async () => {
    const { clock, transport } = start({ updateEveryMs: 20_000 });
    const heard = listen(transport, '/ws/btcusdt@kline_1m');
    await clock.advance(10 * MINUTE);
    const updates = klinesIn(heard.frames).filter((frame) => !frame.k.x);
    expect(updates).toHaveLength(2 * 10);
  });

  it('deliver once to a connection that subscribes twice, and nothing after it unsubscribes', async () => {
    const { clock, transport } = start();
    const heard = listen(transport, '/ws/btcusdt@kline_1m');
    await clock.advance(1);
    heard.socket.send('{"method":"SUBSCRIBE","params":["btcusdt@kline_1m"],"id":1}');
    await clock.advance(2 * MINUTE);
    expect(klinesIn(heard.frames).filter((frame) => frame.k.x)).toHaveLength(2);
    heard.socket.send('{"method":"UNSUBSCRIBE","params":["btcusdt@kline_1m","never@kline_1m"],"id":2}');
    await clock.advance(1);
    const before = heard.frames.length;
    await clock.advance(2 * MINUTE);
    expect(heard.frames).toHaveLength(before);
  });

  it('shift their buckets to UTC+8 when named so', async () => {
    const { clock, transport } = start();
    const heard = listen(transport, '/ws/btcusdt@kline_1d@+08:00');
    await clock.advance(4000);
    const [first] = klinesIn(heard.frames);
    expect((first?.k.t ?? 0) % 86_400_000).toBe(16 * 3_600_000);
  });

  it('count in microseconds when the connection asks', async () => {
    const { clock, transport } = start();
    const heard = listen(transport, '/ws/btcusdt@kline_1m?timeUnit=MICROSECOND');
    await clock.advance(4000);
    const [first] = klinesIn(heard.frames);
    expect([first?.k.t, first?.k.T]).toEqual([1_795_312_800_000_000, 1_795_312_859_999_999]);
  });
});

describe('binance ticker and trade streams', () => {
  it('tell every trade once, ids without a gap, and the candles are made of them', async () => {
    const { clock, transport } = start();
    const heard = listen(transport, '/ws/btcusdt@trade/btcusdt@aggTrade/btcusdt@kline_1m');
    await clock.advance(3 * MINUTE);
    const TradeSchema = z.object({ e: z.literal('trade'), t: z.number(), T: z.number(), p: z.string() });
    const trades = heard.frames.flatMap((frame) => TradeSchema.safeParse(JSON.parse(frame)).data ?? []);
    expect(trades.length).toBeGreaterThan(20);
    trades.forEach((trade, at) => expect(trade.t).toBe((trades[0]?.t ?? 0) + at));
    const closes = klinesIn(heard.frames)
      .filter((frame) => frame.k.x)
      .slice(1);
    for (const { k } of closes) {
      const inside = trades.filter((trade) => trade.t >= k.f && trade.t <= k.L);
      expect(inside).toHaveLength(k.n);
      expect([inside[0]?.p, inside.at(-1)?.p]).toEqual([k.o, k.c]);
    }
    expect(heard.frames.filter((frame) => frame.includes('"aggTrade"'))).toHaveLength(trades.length);
  });

  it('have the fields of the venue', async () => {
    const { clock, transport } = start();
    const heard = listen(
      transport,
      '/stream?streams=btcusdt@miniTicker/btcusdt@ticker/btcusdt@bookTicker/!miniTicker@arr',
    );
    await clock.advance(10_000);
    const data = (stream: string) =>
      heard.frames
        .find((frame) => frame.startsWith(`{"stream":"${stream}"`))
        ?.replace(/^.*?"data":/, '')
        .slice(0, -1);
    expect(fields(data('btcusdt@miniTicker') ?? '{}')).toEqual(['e', 'E', 's', 'c', 'o', 'h', 'l', 'v', 'q']);
    expect(fields(data('btcusdt@bookTicker') ?? '{}')).toEqual(['u', 's', 'b', 'B', 'a', 'A']);
    expect(fields(data('btcusdt@ticker') ?? '{}').join('')).toBe('eEspPwxcQbBaAohlvqOCFLn');
    const all = z
      .array(z.object({ e: z.literal('24hrMiniTicker') }))
      .parse(JSON.parse(data('!miniTicker@arr') ?? ''));
    expect(all.length).toBeGreaterThan(0);
    expect(all.length).toBeLessThan(market.symbols.length);
  });

  it('have retired the array of all tickers on one venue, not on the other', async () => {
    for (const [venue, isServed] of [
      ['binance', false],
      ['binance_us', true],
    ] as const) {
      const { clock, transport } = start({ venue });
      const heard = listen(transport, '/ws/!ticker@arr');
      await clock.advance(5000);
      expect(heard.frames.length > 0).toBe(isServed);
      await running?.close();
    }
  });
});

describe('binance connections', () => {
  it('end after a day', async () => {
    const { clock, transport } = start();
    const heard = listen(transport, '/ws');
    await clock.advance(86_399_999);
    expect(heard.closes).toEqual([]);
    expect(heard.pings).toBe(86_400 / 20 - 1);
    await clock.advance(2);
    expect(heard.closes).toEqual([{ code: 1001, reason: '' }]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('are refused beyond 300 in five minutes', async () => {
    const { clock, transport, simulator } = start();
    const all = Array.from({ length: 301 }, () => listen(transport, '/ws'));
    await clock.advance(1);
    expect(all.filter((heard) => heard.opened)).toHaveLength(300);
    expect(all.at(-1)?.closes).toEqual([{ code: 1006, reason: 'the upgrade was answered 429' }]);
    expect(simulator.log.closedFor).toEqual(['Too many connections']);
    for (const { socket } of all) socket.terminate();
    await clock.advance(300_000);
    const later = listen(transport, '/ws');
    await clock.advance(1);
    expect(later.opened).toBe(true);
  });

  it('are shut out for two minutes after the third burst of frames within five', async () => {
    const { clock, transport, simulator } = start();
    const burst = async () => {
      const heard = listen(transport, '/ws');
      await clock.advance(1);
      for (let at = 0; at < 6; at += 1) heard.socket.send('{"method":"LIST_SUBSCRIPTIONS","id":1}');
      await clock.advance(1);
      return heard;
    };
    for (let bursts = 0; bursts < 3; bursts += 1)
      expect((await burst()).closes).toEqual([{ code: 1008, reason: 'Too many requests' }]);
    await clock.advance(119_000);
    expect((await burst()).closes).toEqual([{ code: 1006, reason: 'the upgrade was answered 418' }]);
    expect(simulator.log.closedFor.at(-1)).toBe('Banned');
    await clock.advance(1000);
    expect((await burst()).opened).toBe(true);
  });

  it.each([
    ['{"method":"SUBSCRIBEE","params":[],"id":7}', 2, 'unknown variant `SUBSCRIBEE`'],
    ['{"params":[],"id":7}', 2, 'missing field `method`'],
    ['{"method":"SUBSCRIBE","params":["a b"],"id":7}', 2, 'invalid stream'],
    ['{"method":"SET_PROPERTY","params":["combined",1],"id":7}', 1, 'expected Boolean'],
    ['{"method":"SET_PROPERTY","params":["other",true],"id":7}', 0, 'Unknown property'],
    ['{"method":"SET_PROPERTY","params":[1,true],"id":7}', 2, 'property name must be a string'],
    ['{"method":"GET_PROPERTY","params":["combined",1,2],"id":7}', 2, 'too many parameters'],
  ])('answer %s with code %i', async (message, code, text) => {
    const { clock, transport } = start();
    const heard = listen(transport, '/ws');
    heard.socket.send(message);
    await clock.advance(1);
    const reply = z
      .object({ error: z.object({ code: z.number(), msg: z.string() }), id: z.literal(7) })
      .parse(JSON.parse(heard.frames[0] ?? ''));
    expect(reply.error.code).toBe(code);
    expect(reply.error.msg).toContain(text);
  });

  it('take only whole numbers as ids before the upgrade of the smaller venue', async () => {
    const { clock, transport } = start({ venue: 'binance_us', usProfile: 'pre' });
    const heard = listen(transport, '/ws');
    heard.socket.send('{"method":"LIST_SUBSCRIPTIONS","id":"a"}');
    heard.socket.send('{"method":"LIST_SUBSCRIPTIONS","id":5}');
    await clock.advance(1);
    expect(heard.frames[0]).toContain('request ID must be an unsigned integer');
    expect(heard.frames[1]).toBe('{"result":[],"id":5}');
  });

  it('start with whatever path the venue serves, and no other', async () => {
    const { clock, transport } = start();
    const paths = ['/ws', '/ws/0', '/ws/btcusdt%40kline_1m', '/stream', '/stream?streams=', '/nowhere'];
    const all = paths.map((path) => listen(transport, path));
    await clock.advance(3000);
    expect(all.map((heard) => heard.opened)).toEqual([true, true, true, true, true, false]);
    expect(all[2]?.frames.length).toBeGreaterThan(0);
    expect(all[1]?.frames).toEqual([]);
  });
});
