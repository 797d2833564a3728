import { ManualClock } from '@livermore/utils';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createSimulator } from '../create-simulator';
import { createSeededMarket } from '../market/seeded-market';
import { defaultUniverse } from '../market/universe';
import { bareOptions } from '../testing/bare-venue';
import type { Simulator } from '../simulator';
import { ask, listen } from '../testing/client';
import { createBinanceVenue } from './venue';

const NOW = 1_795_312_805_123;
const MINUTE_OPEN = 1_795_312_800_000;
const universe = defaultUniverse('binance');
const market = createSeededMarket({ seed: 1, symbols: universe });
const Rows = z.array(z.tuple([z.number()]).rest(z.union([z.string(), z.number()])));

let clock: ManualClock;
let simulator: Simulator;

beforeEach(() => {
  clock = new ManualClock(NOW);
  simulator = createSimulator({ venue: 'binance', market, clock });
});
afterEach(() => simulator.close());

const get = (path: string, headers?: Readonly<Record<string, string>>) =>
  ask(simulator.transport, `/api/v3/${path}`, headers);
const rows = async (query: string, headers?: Readonly<Record<string, string>>) =>
  Rows.parse(JSON.parse((await get(`klines?symbol=BTCUSDT&${query}`, headers)).body));
const opens = async (query: string) => (await rows(query)).map(([open]) => open);
const refusalOf = async (path: string, headers?: Readonly<Record<string, string>>) => {
  const { status, body } = await get(path, headers);
  const { code, msg } = z.object({ code: z.number(), msg: z.string() }).parse(JSON.parse(body));
  return { status, code, msg };
};

const spend = async (requests: number) => {
  let last = await get('klines?symbol=BTCUSDT&interval=1m&limit=1');
  for (let sent = 1; sent < requests; sent += 1)
    last = await get('klines?symbol=BTCUSDT&interval=1m&limit=1');
  return last;
};

describe('binance test vectors', () => {
  it('1: the newest rows, the last one still open', async () => {
    const [, last] = await rows('interval=1m&limit=2');
    expect([last?.[0], last?.[6]]).toEqual([MINUTE_OPEN, 1_795_312_859_999]);
    expect(last).toHaveLength(12);
  });

  it('2: start equal to end gives exactly the bucket that opens there', async () => {
    expect(await opens('interval=1m&startTime=1795312740000&endTime=1795312740000')).toEqual([
      1_795_312_740_000,
    ]);
    expect(await opens('interval=1m&startTime=1795312740001&endTime=1795312740001')).toEqual([]);
  });

  it('3: a start between buckets begins with the next', async () => {
    expect(await opens('interval=1m&startTime=1795312740001&limit=1')).toEqual([MINUTE_OPEN]);
  });

  it('4: an end selects the newest bucket that opened by then', async () => {
    expect(await opens('interval=1m&endTime=1795312799999&limit=1')).toEqual([1_795_312_740_000]);
  });

  it('5: a limit above 1000 gives 1000 rows', async () => {
    expect(await rows('interval=1m&limit=1500')).toHaveLength(1000);
  });

  it('6: 1M is a month', async () => {
    expect(await opens('interval=1M&limit=1')).toEqual([Date.UTC(2026, 10, 1)]);
  });

  it('7: an unknown interval is refused', async () => {
    expect(await refusalOf('klines?symbol=BTCUSDT&interval=7m')).toEqual({
      status: 400,
      code: -1120,
      msg: 'Invalid interval.',
    });
  });

  it('8: a lowercase symbol has illegal characters', async () => {
    expect(await refusalOf('klines?symbol=btcusdt&interval=1m')).toMatchObject({ status: 400, code: -1100 });
  });

  it('9: an unknown symbol is refused and charged', async () => {
    const answer = await get('klines?symbol=NOPEUSDT&interval=1m');
    expect([answer.status, answer.body]).toEqual([400, '{"code":-1121,"msg":"Invalid symbol."}']);
    expect(answer.headers['x-mbx-used-weight-1m']).toBe('2');
  });

  it('10: a missing interval is named', async () => {
    expect(await refusalOf('klines?symbol=BTCUSDT')).toEqual({
      status: 400,
      code: -1102,
      msg: "Mandatory parameter 'interval' was not sent, was empty/null, or malformed.",
    });
  });

  it('11: parameters nobody reads are counted', async () => {
    expect(await refusalOf('klines?symbol=BTCUSDT&interval=1m&foo=1')).toEqual({
      status: 400,
      code: -1104,
      msg: "Not all sent parameters were read; read '2' parameter(s) but was sent '3'.",
    });
  });

  it('12: microseconds when asked for', async () => {
    const [, last] = await rows('interval=1m&limit=2', { 'X-MBX-TIME-UNIT': 'MICROSECOND' });
    expect([last?.[0], last?.[6]]).toEqual([1_795_312_800_000_000, 1_795_312_859_999_999]);
  });

  it('13: any other time unit is refused', async () => {
    expect(
      await refusalOf('klines?symbol=BTCUSDT&interval=1m', { 'X-MBX-TIME-UNIT': 'SECOND' }),
    ).toMatchObject({ status: 400, code: -1194 });
  });

  describe('when one address asks too much', () => {
    it('14: the 3001st request of a minute is told to wait', async () => {
      const last = await spend(3001);
      expect(last.status).toBe(429);
      expect(last.headers['retry-after']).toBe('55');
      expect(last.headers['x-mbx-used-weight-1m']).toBe('6002');
      expect(last.body).toContain('current limit is 6000 request weight per 1 MINUTE');
    });

    it('15: going on is answered with a ban', async () => {
      const last = await spend(3011);
      expect(last.status).toBe(418);
      const until = Number(/banned until (\d{13})/.exec(last.body)?.[1]);
      expect(until).toBeGreaterThanOrEqual(NOW + 120_000);
      expect(last.headers['retry-after']).toBe('120');
      await clock.advance(119_000);
      expect((await get('ping')).status).toBe(418);
      await clock.advance(1000);
      expect((await get('ping')).status).toBe(200);
    });

    it('16: the next minute starts from nothing', async () => {
      await spend(3001);
      await clock.advance(60_000 - (NOW % 60_000));
      const first = await get('klines?symbol=BTCUSDT&interval=1m&limit=1');
      expect([first.status, first.headers['x-mbx-used-weight-1m']]).toEqual([200, '2']);
    });
  });

  it('17: a time zone moves the days', async () => {
    const days = await opens('timeZone=8&interval=1d&limit=10');
    expect(days).toHaveLength(10);
    for (const day of days) expect(day % 86_400_000).toBe(16 * 3_600_000);
  });

  it('18: a symbol listed twice is refused', async () => {
    const symbols = encodeURIComponent('["BTCUSDT","BTCUSDT"]');
    expect(await refusalOf(`ticker/24hr?symbols=${symbols}`)).toEqual({
      status: 400,
      code: -1151,
      msg: 'Symbol is present multiple times in the list.',
    });
  });

  it('19: an unknown stream is acknowledged, listed and silent', async () => {
    const heard = listen(simulator.transport, '/stream');
    heard.socket.send('{"method":"SUBSCRIBE","params":["nopeusdt@kline_1m","BTCUSDT@kline_1m"],"id":"a1"}');
    await clock.advance(130_000);
    heard.socket.send('{"method":"LIST_SUBSCRIPTIONS","id":3}');
    await clock.advance(1);
    expect(heard.frames).toEqual([
      '{"result":null,"id":"a1"}',
      '{"result":["nopeusdt@kline_1m","BTCUSDT@kline_1m"],"id":3}',
    ]);
  });

  it('20: six messages within a second cost the connection', async () => {
    const heard = listen(simulator.transport, '/ws');
    for (let id = 1; id <= 6; id += 1) heard.socket.send(`{"method":"LIST_SUBSCRIPTIONS","id":${id}}`);
    await clock.advance(1);
    expect(heard.frames).toHaveLength(5);
    expect(heard.closes).toEqual([{ code: 1008, reason: 'Too many requests' }]);
    expect(simulator.log.busiestSecond).toBe(6);
    expect(simulator.log.closedFor).toEqual(['Too many requests']);
  });

  it('21: pings that are not answered cost the connection', async () => {
    const closes: string[] = [];
    const pings: string[] = [];
    const venue = createBinanceVenue(bareOptions('binance', market, clock));
    const connect = (answers: (payload: string) => string) => {
      const session = venue.connect(
        { path: '/ws', query: new URLSearchParams(), headers: {}, ip: '127.0.0.1' },
        {
          send: () => undefined,
          ping: (payload) => {
            pings.push(payload);
            if ('ponged' in session) session.ponged(answers(payload));
          },
          close: (code, reason) => closes.push(`${code} ${reason}`),
          terminate: () => undefined,
        },
      );
    };
    connect(() => '');
    await clock.advance(59_999);
    expect(closes).toEqual([]);
    expect(pings).toEqual([String(NOW + 20_000), String(NOW + 40_000)]);
    await clock.advance(1001);
    expect(closes).toEqual(['1008 Pong timeout']);
    connect((payload) => payload);
    await clock.advance(600_000);
    expect(closes).toHaveLength(1);
    venue.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('22: one stream more than 1024 costs the connection', async () => {
    const heard = listen(simulator.transport, '/ws');
    const names = Array.from({ length: 1024 }, (_, at) => `none${at}usdt@kline_1m`);
    heard.socket.send(JSON.stringify({ method: 'SUBSCRIBE', params: names, id: 18 }));
    heard.socket.send('{"method":"SUBSCRIBE","params":["one@kline_1m"],"id":19}');
    await clock.advance(1);
    expect(heard.frames).toEqual([
      '{"result":null,"id":18}',
      '{"error":{"code":4,"msg":"Too many subscriptions"},"id":19}',
    ]);
    expect(heard.closes).toEqual([{ code: 1008, reason: 'Invalid request' }]);
  });

  it('23: what is no JSON is answered with code 3', async () => {
    const heard = listen(simulator.transport, '/ws');
    heard.socket.send('hello');
    await clock.advance(1);
    const { error } = z
      .object({ error: z.object({ code: z.number() }) })
      .parse(JSON.parse(heard.frames[0] ?? ''));
    expect(error.code).toBe(3);
  });

  it('24: a raw connection turns combined when asked', async () => {
    const heard = listen(simulator.transport, '/ws/btcusdt@kline_1m');
    await clock.advance(4000);
    expect(heard.frames.length).toBeGreaterThan(0);
    for (const frame of heard.frames) expect(frame.startsWith('{"e":"kline"')).toBe(true);
    const before = heard.frames.length;
    heard.socket.send('{"method":"SET_PROPERTY","params":["combined",true],"id":4}');
    await clock.advance(8000);
    const [reply, ...later] = heard.frames.slice(before);
    expect(reply).toBe('{"result":null,"id":4}');
    expect(later.length).toBeGreaterThan(0);
    for (const frame of later)
      expect(frame.startsWith('{"stream":"btcusdt@kline_1m","data":{"e":"kline"')).toBe(true);
  });
});
