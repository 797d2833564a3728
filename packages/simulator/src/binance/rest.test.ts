import { ManualClock } from '@livermore/utils';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createSimulator } from '../create-simulator';
import { createSeededMarket } from '../market/seeded-market';
import { defaultUniverse } from '../market/universe';
import type { Simulator, SimulatorOptions } from '../simulator';
import { ask } from '../testing/client';
import { BAN_LADDER_MS } from './profile';
import { WeightLedger } from './weight-ledger';

const NOW = 1_795_312_805_123;
const market = createSeededMarket({ seed: 1, symbols: defaultUniverse('binance') });
const usMarket = createSeededMarket({ seed: 1, symbols: defaultUniverse('binance_us') });

let running: Simulator | undefined;
afterEach(() => running?.close());

function start(options: Partial<SimulatorOptions> = {}) {
  const clock = new ManualClock(NOW);
  const simulator = createSimulator({ venue: 'binance', market, clock, ...options });
  running = simulator;
  return { clock, simulator, get: (path: string) => ask(simulator.transport, `/api/v3/${path}`) };
}

const Errors = z.object({ code: z.number(), msg: z.string() });
const codeOf = (body: string) => Errors.parse(JSON.parse(body)).code;
const Info = z.object({
  rateLimits: z.array(z.object({ rateLimitType: z.string(), limit: z.number() })),
  symbols: z.array(z.record(z.string(), z.unknown())),
});
const list = (names: readonly string[]) => encodeURIComponent(JSON.stringify(names));

describe('binance REST', () => {
  it('tells its time and its headers', async () => {
    const { get } = start();
    const time = await get('time');
    expect(time.body).toBe(`{"serverTime":${NOW}}`);
    expect(time.headers).toMatchObject({
      'content-type': 'application/json;charset=UTF-8',
      'x-mbx-used-weight': '1',
      'x-mbx-used-weight-1m': '1',
    });
    expect((await get('ping')).body).toBe('{}');
  });

  it('takes no other method than GET', async () => {
    const { simulator } = start();
    const { rest } = await simulator.listen();
    const answer = await fetch(`${rest}/api/v3/klines?symbol=BTCUSDT&interval=1m`, { method: 'POST' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET']);
    expect(codeOf(await answer.text())).toBe(-1000);
    expect(answer.headers.get('x-mbx-used-weight-1m')).toBe('2');
    const head = await fetch(`${rest}/api/v3/ping`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it.each([
    ['klines?symbol=BTCUSDT&interval=1m&constructor=1', -1104],
    ['klines?symbol=&interval=1m', -1105],
    ['klines?symbol=BTC/USDT&interval=1m', -1100],
    ['klines?symbol=BTCUSDT&interval=1m&endTime=null', -1100],
    ['klines?symbol=BTCUSDT&interval=1m&limit=0', -1130],
    ['klines?symbol=BTCUSDT&interval=1M&timeZone=15', -1130],
    ['klines?interval=7m&foo=1', -1102],
    ['klines?symbol=btcusdt&interval=7m&foo=1', -1100],
    ['klines?symbol=NOPE&interval=7m&foo=1', -1104],
    ['klines?symbol=NOPE&interval=7m', -1120],
    ['klines?symbol=NOPE&interval=1m', -1121],
    ['exchangeInfo?symbol=NOPE', -1121],
    [`exchangeInfo?symbols=${list(['BTCUSDT', 'BTCUSDT'])}`, -1151],
    ['exchangeInfo?symbolStatus=SLEEPING', -1122],
    ['exchangeInfo?symbol=BTCUSDT&symbolStatus=TRADING', -1128],
    ['ticker/24hr?symbol=BTCUSDT&type=TINY', -1139],
    [`ticker/price?symbol=BTCUSDT&symbols=${list(['ETHUSDT'])}`, -1128],
    ['ticker/price?symbol=LUNAUSDT&symbolStatus=TRADING', -1220],
  ])('refuses %s with code %i', async (path, code) => {
    const { get } = start();
    const { status, body } = await get(path);
    expect([status, codeOf(body)]).toEqual([400, code]);
  });

  it('knows no other path, and says so in HTML only to who reads HTML', async () => {
    const { simulator } = start();
    const plain = await ask(simulator.transport, '/api/v3/nothing');
    expect([plain.status, plain.body]).toEqual([404, '']);
    const page = await ask(simulator.transport, '/api/v3/nothing', { Accept: 'text/html' });
    expect([page.status, page.body]).toEqual([404, '<html><body><h2>404 Not found</h2></body></html>']);
    expect(codeOf((await ask(simulator.transport, '/api/v1/klines')).body)).toBe(-1016);
  });

  it.each([
    ['com', 'binance', 'post', 6000, 300_000, 20, 2],
    ['us after its upgrade', 'binance_us', 'post', 6000, 61_000, 10, 1],
    ['us before its upgrade', 'binance_us', 'pre', 1200, 6100, 10, 1],
  ] as const)(
    'has the limits and weights of %s',
    async (_name, venue, usProfile, weight, raw, info, klines) => {
      const { get } = start({ venue, usProfile, market: venue === 'binance' ? market : usMarket });
      const answer = await get('exchangeInfo');
      expect(answer.headers['x-mbx-used-weight-1m']).toBe(String(info));
      const { rateLimits, symbols } = Info.parse(JSON.parse(answer.body));
      const limitOf = (type: string) => rateLimits.find((limit) => limit.rateLimitType === type)?.limit;
      expect([limitOf('REQUEST_WEIGHT'), limitOf('RAW_REQUESTS')]).toEqual([weight, raw]);
      expect(symbols.length).toBeGreaterThan(30);
      expect(usProfile === 'pre' ? symbols[0]?.['permissions'] : symbols[0]?.['permissionSets']).toBeTruthy();
      const after = await get('klines?symbol=BTCUSDT&interval=1m&limit=1');
      expect(after.headers['x-mbx-used-weight-1m']).toBe(String(info + klines));
    },
  );

  it('serves neither seconds, nor time zones, nor uiKlines on the smaller venue, and dollars with four decimals', async () => {
    const { get } = start({ venue: 'binance_us', market: usMarket });
    expect(codeOf((await get('klines?symbol=BTCUSD&interval=1s')).body)).toBe(-1120);
    expect(codeOf((await get('klines?symbol=BTCUSD&interval=1d&timeZone=8')).body)).toBe(-1104);
    expect((await get('uiKlines?symbol=BTCUSD&interval=1d')).status).toBe(404);
    const { body } = await get('klines?symbol=BTCUSD&interval=1d&limit=1');
    const [row] = z.array(z.array(z.union([z.string(), z.number()]))).parse(JSON.parse(body));
    expect(row?.[1]).toMatch(/^\d+\.\d{4}$/);
    expect(row?.[5]).toMatch(/^\d+\.\d{8}$/);
  });

  it('answers uiKlines like klines', async () => {
    const { get } = start();
    const query = 'symbol=ETHUSDT&interval=15m&limit=20';
    expect((await get(`uiKlines?${query}`)).body).toBe((await get(`klines?${query}`)).body);
  });

  it('pages through a year without hole or repeat', async () => {
    const { get } = start();
    const opens: number[] = [];
    let from = Date.UTC(2019, 0, 1);
    for (let page = 0; page < 10; page += 1) {
      const { body } = await get(`klines?symbol=ZENUSDT&interval=4h&limit=300&startTime=${from}`);
      const rows = z.array(z.tuple([z.number()]).rest(z.unknown())).parse(JSON.parse(body));
      opens.push(...rows.map(([open]) => open));
      from = (opens.at(-1) ?? 0) + 1;
    }
    expect(opens).toHaveLength(3000);
    opens.forEach((open, at) => expect(open).toBe(Date.UTC(2019, 0, 1) + at * 14_400_000));
  });

  it('gives nothing before the listing, in the future or backwards, and the first candles after the listing', async () => {
    const { get } = start();
    const ask1d = (query: string) =>
      get(`klines?symbol=BTCUSDT&interval=1d&${query}`).then((answer) => answer.body);
    expect(await ask1d(`startTime=${NOW + 1}`)).toBe('[]');
    expect(await ask1d(`startTime=1483228800000&endTime=1483228900000`)).toBe('[]');
    expect(await ask1d(`startTime=${NOW}&endTime=${NOW - 86_400_000}`)).toBe('[]');
    expect(await ask1d('startTime=0&limit=1')).toContain(`[[${Date.UTC(2018, 0, 1)},`);
    expect(await ask1d(`endTime=${NOW * 10}&limit=1`)).toBe(await ask1d('limit=1'));
  });

  it('sums a time zone up from the hours', async () => {
    const { get } = start();
    const read = async (path: string) =>
      z.array(z.array(z.union([z.string(), z.number()]))).parse(JSON.parse((await get(path)).body));
    const [day] = await read('klines?symbol=ETHUSDT&interval=1d&timeZone=-5&limit=1&endTime=1795200000000');
    const open = Number(day?.[0]);
    const hours = await read(`klines?symbol=ETHUSDT&interval=1h&startTime=${open}&limit=24`);
    expect(open % 86_400_000).toBe(5 * 3_600_000);
    expect([day?.[1], day?.[4]]).toEqual([hours[0]?.[1], hours[23]?.[4]]);
    expect(Number(day?.[2])).toBe(Math.max(...hours.map((row) => Number(row[2]))));
    expect(Number(day?.[5])).toBeCloseTo(
      hours.reduce((sum, row) => sum + Number(row[5]), 0),
      4,
    );
  });

  it('gives one ticker for a symbol, an array for several or all, and charges accordingly', async () => {
    const { get } = start();
    const one = await get('ticker/24hr?symbol=ETHUSDT');
    const ticker = z.record(z.string(), z.union([z.string(), z.number()])).parse(JSON.parse(one.body));
    expect(Object.keys(ticker)).toHaveLength(21);
    expect([ticker['openTime'], ticker['closeTime']]).toEqual([NOW - 86_400_000, NOW]);
    expect(Number(ticker['lastPrice']) - Number(ticker['openPrice'])).toBeCloseTo(
      Number(ticker['priceChange']),
      6,
    );
    expect(Number(ticker['highPrice'])).toBeGreaterThan(Number(ticker['lowPrice']));
    expect(Number(ticker['lastId']) - Number(ticker['firstId']) + 1).toBe(ticker['count']);
    expect(one.headers['x-mbx-used-weight-1m']).toBe('2');
    const two = await get(`ticker/24hr?symbols=${list(['ETHUSDT', 'BTCUSDT'])}&type=MINI`);
    expect(
      z
        .array(z.record(z.string(), z.unknown()))
        .parse(JSON.parse(two.body))
        .map((mini) => Object.keys(mini).length),
    ).toEqual([12, 12]);
    expect(two.headers['x-mbx-used-weight-1m']).toBe('4');
    const all = await get('ticker/24hr');
    expect(all.headers['x-mbx-used-weight-1m']).toBe('84');
    const book = await get('ticker/bookTicker?symbol=LUNAUSDT');
    expect(book.body).toContain('"bidPrice":"0.00000000"');
    const price = await get('ticker/price?symbol=ETHUSDT');
    expect(price.body).toBe(`{"symbol":"ETHUSDT","price":"${ticker['lastPrice']}"}`);
  });

  it('serves trades that agree with the candles', async () => {
    const { get } = start();
    const { body } = await get('trades?symbol=BTCUSDT&limit=5');
    const trades = z
      .array(z.object({ id: z.number(), price: z.string(), time: z.number() }))
      .parse(JSON.parse(body));
    expect(trades.map((trade) => trade.id - (trades[0]?.id ?? 0))).toEqual([0, 1, 2, 3, 4]);
    const price = await get('ticker/price?symbol=BTCUSDT');
    expect(price.body).toContain(trades.at(-1)?.price);
    const aggregated = await get(`aggTrades?symbol=BTCUSDT&startTime=${trades[2]?.time ?? 0}&limit=1`);
    expect(aggregated.body).toContain(`"a":${trades[2]?.id}`);
    expect((await get('avgPrice?symbol=BTCUSDT')).body).toMatch(
      /^\{"mins":5,"price":"\d+\.\d{8}","closeTime":\d{13}\}$/,
    );
  });
});

describe('weight ledger', () => {
  it('counts like the plain definition of a clock-minute window, for any sequence', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ wait: fc.integer({ min: 0, max: 20_000 }), weight: fc.integer({ min: 1, max: 40 }) }),
          {
            maxLength: 120,
          },
        ),
        (steps) => {
          const ledger = new WeightLedger({ weightLimit: 100, rawLimit: 1_000_000 });
          const sent: { at: number; weight: number }[] = [];
          let now = NOW;
          for (const { wait, weight } of steps) {
            now += wait;
            const charge = ledger.charge('a', weight, now);
            if (charge.refusal?.status === 418) {
              // Banned requests cost nothing, and the ban is announced to end in the future.
              expect(charge.retryAfterSeconds).toBeGreaterThan(0);
              if (charge.used > 100) sent.push({ at: now, weight });
              continue;
            }
            sent.push({ at: now, weight });
            const minute = Math.floor(now / 60_000);
            const used = sent
              .filter((one) => Math.floor(one.at / 60_000) === minute)
              .reduce((sum, one) => sum + one.weight, 0);
            expect(charge.used).toBe(used);
            expect(charge.refusal?.status).toBe(used > 100 ? 429 : undefined);
            expect(ledger.used('b', now)).toBe(0);
          }
        },
      ),
    );
  });

  it('bans for longer each time', () => {
    const ledger = new WeightLedger({ weightLimit: 1, rawLimit: 1000 });
    let now = NOW;
    const bans: number[] = [];
    while (bans.length < 7) {
      const charge = ledger.charge('a', 1, now);
      if (charge.refusal?.status !== 418) continue;
      bans.push((charge.retryAfterSeconds ?? 0) * 1000);
      now += (charge.retryAfterSeconds ?? 0) * 1000;
    }
    expect(bans).toEqual([...BAN_LADDER_MS, BAN_LADDER_MS.at(-1)]);
  });

  it('refuses more requests than fit in five minutes, however light', () => {
    const ledger = new WeightLedger({ weightLimit: 1e9, rawLimit: 10 });
    const statuses = Array.from({ length: 11 }, () => ledger.charge('a', 0, NOW).refusal?.status);
    expect(statuses).toEqual([...Array(10).fill(undefined), 429]);
    expect(ledger.charge('a', 0, NOW + 300_000).refusal).toBeUndefined();
  });
});
