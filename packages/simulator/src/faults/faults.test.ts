import { ManualClock } from '@livermore/utils';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createSimulator } from '../create-simulator';
import { createSeededMarket } from '../market/seeded-market';
import { textToUnits, unitsToText } from '../market/units';
import { defaultUniverse } from '../market/universe';
import type { Simulator, SimulatorOptions } from '../simulator';
import { ask, listen } from '../testing/client';
import { klinesIn } from '../testing/kline-frames';
import { createFaultDirector } from './active-faults';
import type { FaultScript } from './fault';
import { parseDuration, parseStart } from './fault-times';
import { withOutages } from './outage-market';

const NOW = 1_795_312_805_123;
const MINUTE = 60_000;
const universe = defaultUniverse('binance');
const market = createSeededMarket({ seed: 1, symbols: universe });

let running: Simulator | undefined;
afterEach(() => running?.close());

function start(faults: FaultScript, options: Partial<SimulatorOptions> = {}) {
  const clock = new ManualClock(NOW);
  const simulator = createSimulator({ venue: 'binance', market, clock, faults, ...options });
  running = simulator;
  const get = (path: string, headers?: Readonly<Record<string, string>>) =>
    ask(simulator.transport, `/api/v3/${path}`, headers);
  return { clock, simulator, get, on: (path: string) => listen(simulator.transport, path) };
}

const heardUnder = async (faults: FaultScript) => {
  const { clock, on } = start(faults);
  const heard = on('/ws/btcusdt@kline_1m/btcusdt@kline_5m');
  await clock.advance(2 * MINUTE);
  await running?.close();
  return heard.frames;
};

const KLINES = 'klines?symbol=BTCUSDT&interval=1m&limit=50';
const opensIn = (body: string) =>
  z
    .array(z.tuple([z.number()]).rest(z.unknown()))
    .parse(JSON.parse(body))
    .map(([open]) => open);

describe('fault scripts', () => {
  it('read milliseconds, units and instants', () => {
    expect([1500, '250ms', '90s', '5m', '2h', '1.5s'].map(parseDuration)).toEqual([
      1500, 250, 90_000, 300_000, 7_200_000, 1500,
    ]);
    expect(parseStart('2026-11-20T12:00:00Z', NOW)).toBe(Date.UTC(2026, 10, 20, 12));
    expect(parseStart('5m', NOW)).toBe(NOW + 300_000);
    expect(() => parseDuration('soon')).toThrow('"soon" is no duration');
  });

  it('begin and end faults on the clock, for the series they name', async () => {
    const clock = new ManualClock(NOW);
    const faults = createFaultDirector(clock, {
      venue: 'binance',
      script: [
        { at: '10s', for: '20s', fault: { kind: 'series-silent', symbol: 'BTCUSDT', timeframe: '1m' } },
      ],
    });
    const seen = () => [
      faults.isSilent('BTCUSDT', '1m'),
      faults.isSilent('BTCUSDT', '5m'),
      faults.isSilent('ETHUSDT', '1m'),
    ];
    expect(seen()).toEqual([false, false, false]);
    await clock.advance(10_000);
    expect(seen()).toEqual([true, false, false]);
    await clock.advance(20_000);
    expect(seen()).toEqual([false, false, false]);
  });

  it('count what acted by kind and by line, all parts of a script in one line together', async () => {
    const clock = new ManualClock(NOW);
    const faults = createFaultDirector(clock, {
      venue: 'binance',
      script: [
        { at: 0, fault: { kind: 'series-silent', symbol: 'BTCUSDT' } },
        { at: 0, fault: { kind: 'series-silent', symbol: 'ETHUSDT' } },
        { at: 0, fault: { kind: 'disagreeing' } },
      ],
    });
    faults.inject({ kind: 'series-silent', symbol: 'BNBUSDT' });
    for (const symbol of ['ETHUSDT', 'BNBUSDT', 'LTCUSDT']) faults.isSilent(symbol);
    faults.act('listing-odd');
    faults.act('rest-replicas');
    expect([...faults.applied]).toEqual([
      ['series-silent', 2],
      ['listing-odd', 1],
      ['rest-replicas', 1],
    ]);
    expect([...faults.appliedLines]).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('can be injected and taken back', () => {
    const faults = createFaultDirector(new ManualClock(NOW), { venue: 'binance' });
    const started: string[] = [];
    faults.onStart((fault) => started.push(fault.kind));
    const end = faults.inject({ kind: 'rest-slow', byMs: 5 });
    expect(faults.find('rest-slow')?.byMs).toBe(5);
    end();
    end();
    expect([faults.find('rest-slow'), started]).toEqual([undefined, ['rest-slow']]);
  });
});

const minuteCloses = (frames: readonly string[]) => klinesIn(frames).filter(({ k }) => k.x && k.i === '1m');

describe('socket faults', () => {
  it.each([false, true])(
    'cut connections (in the middle of a frame: %s), which can come back',
    async (midFrame) => {
      const { clock, on } = start([{ at: '10s', fault: { kind: 'cut', midFrame } }]);
      const heard = on('/ws/btcusdt@kline_1m');
      await clock.advance(10_000);
      expect(heard.closes).toEqual([{ code: 1006, reason: '' }]);
      const again = on('/ws/btcusdt@kline_1m');
      await clock.advance(5000);
      expect([again.frames.length > 0, again.closes]).toEqual([true, []]);
    },
  );

  it.each([false, true])('leave connections half open (pings: %s), new ones being healthy', async (pings) => {
    const { clock, on } = start([{ at: '10s', for: '50s', fault: { kind: 'half-open', pings } }]);
    const heard = on('/ws/btcusdt@kline_1m');
    await clock.advance(10_000);
    const { length } = heard.frames;
    const again = on('/ws/btcusdt@kline_1m');
    await clock.advance(45_000);
    expect([heard.frames.length, heard.closes, heard.pings]).toEqual([length, [], pings ? 2 : 0]);
    expect(again.frames.length).toBeGreaterThan(5);
    await clock.advance(5000);
    expect(heard.closes).toEqual([{ code: 1006, reason: '' }]);
    expect(again.closes).toEqual([]);
  });

  it('refuse new connections for a while', async () => {
    const { clock, on } = start([{ at: 0, for: '30s', fault: { kind: 'refuse-connections' } }]);
    const refused = on('/ws');
    await clock.advance(30_000);
    expect(refused.closes).toEqual([{ code: 1006, reason: 'the upgrade was answered 503' }]);
    const later = on('/ws');
    await clock.advance(1);
    expect(later.opened).toBe(true);
  });

  it('delay, repeat, drop and truncate frames, the same ones for the same seed', async () => {
    const plain = await heardUnder([]);
    const repeated = await heardUnder([{ at: 0, fault: { kind: 'frames-repeated' } }]);
    expect(repeated).toEqual(plain.flatMap((frame) => [frame, frame]));
    const dropped = await heardUnder([{ at: 0, fault: { kind: 'frames-dropped', share: 0.5 } }]);
    expect(dropped.length).toBeLessThan(plain.length);
    expect(plain).toEqual(expect.arrayContaining(dropped));
    expect(await heardUnder([{ at: 0, fault: { kind: 'frames-dropped', share: 0.5 } }])).toEqual(dropped);
    const delayed = await heardUnder([{ at: 0, fault: { kind: 'frames-delayed', byMs: 15_000 } }]);
    expect(delayed).toEqual(plain.slice(0, delayed.length));
    expect(delayed.length).toBeLessThan(plain.length);
    const truncated = await heardUnder([{ at: 0, fault: { kind: 'frames-truncated', share: 1 } }]);
    for (const frame of truncated) expect(() => void JSON.parse(frame)).toThrow();
  });

  it('reorder neighbouring frames and lose none', async () => {
    const plain = await heardUnder([]);
    const reordered = await heardUnder([{ at: 0, fault: { kind: 'frames-reordered' } }]);
    expect(reordered).not.toEqual(plain);
    expect(reordered.toSorted().slice(0, 20)).toEqual(
      plain
        .filter((frame) => reordered.includes(frame))
        .toSorted()
        .slice(0, 20),
    );
    expect(plain.length - reordered.length).toBeLessThanOrEqual(1);
  });

  it('send frames of a type nobody knows', async () => {
    const frames = await heardUnder([{ at: 0, fault: { kind: 'frames-unknown' } }]);
    expect(frames.filter((frame) => frame.includes('referencePriceUpdate')).length).toBeGreaterThan(5);
    expect(klinesIn(frames).length).toBeGreaterThan(5);
  });

  it('silence one series and no other', async () => {
    const frames = klinesIn(
      await heardUnder([{ at: 0, fault: { kind: 'series-silent', symbol: 'BTCUSDT', timeframe: '1m' } }]),
    );
    expect(new Set(frames.map(({ k }) => k.i))).toEqual(new Set(['5m']));
  });

  it('acknowledge and never deliver what is subscribed meanwhile', async () => {
    const { clock, on } = start([{ at: 0, for: '10s', fault: { kind: 'ack-silent', symbol: 'BTCUSDT' } }]);
    const heard = on('/ws');
    heard.socket.send('{"method":"SUBSCRIBE","params":["btcusdt@kline_1m","ethusdt@kline_1m"],"id":1}');
    await clock.advance(20_000);
    expect(heard.frames[0]).toBe('{"result":null,"id":1}');
    expect(new Set(klinesIn(heard.frames).map(({ s }) => s))).toEqual(new Set(['ETHUSDT']));
    heard.socket.send('{"method":"UNSUBSCRIBE","params":["btcusdt@kline_1m"],"id":2}');
    heard.socket.send('{"method":"SUBSCRIBE","params":["btcusdt@kline_1m"],"id":3}');
    await clock.advance(10_000);
    expect(new Set(klinesIn(heard.frames).map(({ s }) => s))).toEqual(new Set(['ETHUSDT', 'BTCUSDT']));
  });

  it('leave closing events out', async () => {
    const frames = klinesIn(await heardUnder([{ at: 0, fault: { kind: 'closes-missing' } }]));
    expect(frames.length).toBeGreaterThan(20);
    expect(frames.filter(({ k }) => k.x)).toEqual([]);
  });

  it('bring closing events late, once each and as they would have been, after the next bar has begun', async () => {
    const plain = minuteCloses(await heardUnder([]));
    const frames = await heardUnder([{ at: 0, fault: { kind: 'closes-late', timeframe: '1m', byMs: 4000 } }]);
    const late = minuteCloses(frames);
    expect(late.map(({ k }) => k)).toEqual(plain.slice(0, late.length).map(({ k }) => k));
    expect(late.map(({ E }, at) => E - (plain[at]?.E ?? 0))).toEqual([4000, 4000]);
    const [first] = late;
    const before = klinesIn(frames).filter(({ E, k }) => k.i === '1m' && E < (first?.E ?? 0));
    expect(before.at(-1)?.k.t).toBe((first?.k.t ?? 0) + MINUTE);
  });

  it('announce a shutdown, framed as the connection is, then close', async () => {
    const { clock, on } = start([{ at: '10s', fault: { kind: 'server-shutdown', leadMs: 5000 } }]);
    const raw = on('/ws');
    const combined = on('/stream');
    await clock.advance(14_999);
    const event = `{"e":"serverShutdown","E":${NOW + 10_000}}`;
    expect([raw.frames, combined.frames]).toEqual([
      [event],
      [`{"stream":"!serverShutdown","data":${event}}`],
    ]);
    expect(raw.closes).toEqual([]);
    await clock.advance(2);
    expect([raw.closes, combined.closes]).toEqual([
      [{ code: 1001, reason: '' }],
      [{ code: 1001, reason: '' }],
    ]);
  });

  it('strike with the age limit, or an error frame', async () => {
    const { clock, on } = start([
      { at: '1s', fault: { kind: 'age-cut' } },
      { at: '3s', fault: { kind: 'error-frame', message: 'oops' } },
    ]);
    const first = on('/ws');
    await clock.advance(1001);
    expect(first.closes).toEqual([{ code: 1001, reason: '' }]);
    const second = on('/ws');
    await clock.advance(2001);
    expect(second.frames).toEqual(['{"error":{"code":-1000,"msg":"oops"}}']);
    expect(second.closes[0]?.code).toBe(1008);
  });
});

describe('REST faults', () => {
  it.each([
    [{ kind: 'rest-429', retryAfterSeconds: 7 }, 429, '"code":-1003'],
    [{ kind: 'rest-401' }, 401, 'Unauthorized'],
    [{ kind: 'rest-418' }, 418, `banned until ${NOW + 120_000}`],
    [{ kind: 'rest-451' }, 451, 'restricted location'],
    [{ kind: 'rest-403-html' }, 403, '<html>'],
    [{ kind: 'rest-5xx', status: 502 }, 502, '<html>'],
    [{ kind: 'bad-symbol', symbol: 'BTCUSDT' }, 400, '{"code":-1121,"msg":"Invalid symbol."}'],
    [{ kind: 'outage' }, 503, '"code":-1008'],
  ] as const)('answers %j with %i', async (fault, status, text) => {
    const { get, clock, simulator } = start([{ at: 0, for: '30s', fault }]);
    const answer = await get(KLINES);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(text);
    expect(answer.headers['retry-after']).toBe(status === 429 ? '7' : status === 418 ? '120' : undefined);
    expect(simulator.log.statuses.get(status)).toBe(1);
    await clock.advance(30_000);
    expect((await get(KLINES)).status).toBe(200);
  });

  it('leaves Retry-After out where told nothing of it, and other symbols alone', async () => {
    const { get } = start([{ at: 0, fault: { kind: 'rest-429' } }]);
    expect((await get(KLINES)).headers['retry-after']).toBeUndefined();
    await running?.close();
    const other = start([{ at: 0, fault: { kind: 'bad-symbol', symbol: 'ETHUSDT' } }]);
    expect((await other.get(KLINES)).status).toBe(200);
    expect((await other.get('exchangeInfo')).body).toContain('"ETHUSDT"');
  });

  it('is slow, or hangs until the client gives up', async () => {
    const { clock, get, simulator } = start([
      { at: 0, for: '10s', fault: { kind: 'rest-slow', byMs: 4000 } },
      { at: '10s', fault: { kind: 'rest-hang' } },
    ]);
    let answered = false;
    const slow = get(KLINES).then(() => (answered = true));
    await clock.advance(3999);
    expect(answered).toBe(false);
    await clock.advance(1);
    await slow;
    await clock.advance(10_000);
    const abort = new AbortController();
    const hung = simulator.transport.get({ url: 'http://venue.test/api/v3/ping' }, abort.signal);
    await clock.advance(MINUTE);
    abort.abort(new Error('gave up'));
    await expect(hung).rejects.toThrow('gave up');
  });

  it('sends bodies that are no JSON', async () => {
    const { get } = start([{ at: 0, fault: { kind: 'rest-garbage' } }]);
    const { status, body } = await get(KLINES);
    expect(status).toBe(200);
    expect(() => void JSON.parse(body)).toThrow();
  });

  it('shows closed candles late', async () => {
    const { get, clock } = start([{ at: 0, fault: { kind: 'rest-lag', byMs: 10_000 } }]);
    const newest = async () => opensIn((await get(KLINES)).body).at(-1);
    const open = Math.floor(NOW / MINUTE) * MINUTE;
    expect(await newest()).toBe(open - 2 * MINUTE);
    await clock.advance(5000);
    expect(await newest()).toBe(open);
  });

  it('loses, repeats and shuffles rows', async () => {
    const plain = opensIn((await start([]).get(KLINES)).body);
    await running?.close();
    const under = async (fault: FaultScript[number]['fault']) => {
      const opens = opensIn((await start([{ at: 0, fault }]).get(KLINES)).body);
      await running?.close();
      return opens;
    };
    const missing = await under({ kind: 'rows-missing', share: 0.3, timeframe: '1m' });
    expect(missing.toSorted((a, b) => a - b)).toEqual(missing);
    expect(missing.filter((open) => plain.includes(open)).length).toBeLessThan(45);
    const repeated = await under({ kind: 'rows-repeated' });
    expect(new Set(repeated).size).toBeLessThan(repeated.length);
    const shuffled = await under({ kind: 'rows-shuffled' });
    expect(shuffled).not.toEqual(plain);
    expect(shuffled.toSorted((a, b) => a - b)).toEqual(plain);
    expect(await under({ kind: 'rows-missing', share: 0.3, timeframe: '5m' })).toEqual(plain);
  });

  it('revises one closed candle for good, in REST only', async () => {
    const { get, clock, on } = start([
      { at: '10m', for: '1s', fault: { kind: 'revised-candle', symbol: 'BTCUSDT', timeframe: '1m' } },
    ]);
    const heard = on('/ws/btcusdt@kline_1m');
    await clock.advance(12 * MINUTE);
    const streamed = klinesIn(heard.frames).filter(({ k }) => k.x);
    const { body } = await get(`klines?symbol=BTCUSDT&interval=1m&startTime=${streamed[0]?.k.t}&limit=12`);
    const rows = z.array(z.array(z.union([z.string(), z.number()]))).parse(JSON.parse(body));
    const different = streamed.filter(({ k }) => rows.find((row) => row[0] === k.t)?.[5] !== k.v);
    const struck = Math.floor((NOW + 10 * MINUTE) / MINUTE) * MINUTE;
    expect(different.map(({ k }) => k.t)).toEqual([struck - 4 * MINUTE]);
    const revised = rows.find((row) => row[0] === struck - 4 * MINUTE);
    expect(Number(revised?.[5])).toBeGreaterThan(Number(different[0]?.k.v));
  });
});

describe('the venue as a whole', () => {
  it('has a clock of its own', async () => {
    const { get, clock, on } = start([{ at: 0, fault: { kind: 'clock-skew', byMs: -300_000 } }]);
    expect((await get('time')).body).toBe(`{"serverTime":${NOW - 300_000}}`);
    const heard = on('/ws/btcusdt@kline_1m');
    await clock.advance(2 * MINUTE);
    for (const { E, k } of klinesIn(heard.frames).filter((frame) => frame.k.x)) {
      expect(E - k.T).toBeLessThanOrEqual(16);
      expect(k.T).toBeLessThan(clock.now() - 290_000);
    }
  });

  it('goes out: sockets die, nothing trades, and REST has a hole afterwards that streams agree with', async () => {
    const { get, clock, on } = start([{ at: '90s', for: '5m', fault: { kind: 'outage' } }]);
    const heard = on('/ws/btcusdt@kline_1m');
    await clock.advance(100_000);
    expect(heard.closes).toHaveLength(1);
    const refused = on('/ws');
    await clock.advance(290_500);
    expect(refused.closes).toHaveLength(1);
    const again = on('/stream?streams=btcusdt@kline_1m/btcusdt@kline_15m');
    await clock.advance(20 * MINUTE);
    const from = NOW + 90_000;
    const to = from + 300_000;
    const { body } = await get(`klines?symbol=BTCUSDT&interval=1m&startTime=${NOW - MINUTE}`);
    const opens = opensIn(body);
    const isWholeHole = (open: number) => open >= from && open + MINUTE <= to;
    expect(opens.some(isWholeHole)).toBe(false);
    expect(opens.filter((open) => open > from - MINUTE && open < to)).toHaveLength(2);
    for (const { k } of klinesIn(again.frames).filter((frame) => frame.k.x)) {
      const answer = await get(`klines?symbol=BTCUSDT&interval=${k.i}&startTime=${k.t}&limit=1`);
      expect(JSON.parse(answer.body)).toEqual([[k.t, k.o, k.h, k.l, k.c, k.v, k.T, k.q, k.n, k.V, k.Q, '0']]);
    }
  });

  it('keeps, of every bucket an outage touches, exactly what traded outside', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('BTCUSDT', 'SUSHIUSDT', 'BANDUSDT'),
        fc.constantFrom('1m' as const, '15m' as const, '4h' as const),
        fc.integer({ min: 0, max: 300 * MINUTE }),
        fc.integer({ min: 1, max: 300 * MINUTE }),
        fc.integer({ min: 0, max: 600 * MINUTE }),
        (symbol, interval, startsAfter, lasts, elapsed) => {
          const from = NOW + startsAfter;
          const outage = { from, to: from + lasts };
          const dark = withOutages(market, () => [outage]);
          const now = NOW + elapsed;
          for (const bar of dark.bars(symbol, interval, NOW - 240 * MINUTE, now + 1, now)) {
            const until = Math.min(bar.closeTime, now + 1);
            expect(bar.openTime < outage.from || until > outage.to).toBe(true);
            const outside = market
              .trades(symbol, bar.openTime, until)
              .filter((trade) => trade.time < outage.from || trade.time >= outage.to);
            const volume = outside.reduce((sum, trade) => sum + textToUnits(trade.size, 8), 0n);
            expect([bar.trades, bar.volume]).toEqual([outside.length, unitsToText(volume, 8)]);
            if (outside.length > 0)
              expect([bar.open, bar.close]).toEqual([outside[0]?.price, outside.at(-1)?.price]);
          }
          const next = dark.nextTradeAt(symbol, from - 1);
          expect(next === undefined || next >= outage.to).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});
