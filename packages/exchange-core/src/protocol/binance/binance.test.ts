import { join } from 'node:path';
import { closeAsOf, closeTimeOf, isClosed, isTimeframe, openTimeOf, timeframeMs } from '@livermore/schemas';
import type { SourcedCandle, Timeframe } from '@livermore/schemas';
import { must } from '@livermore/utils';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DecodeError } from '../../errors';
import { protocolContract } from '../../testing/protocol.contract';
import type { CandleAnswer } from '../../testing/protocol.contract';
import { fixturesIn, hasRecordedData, recordedLines, recordedText } from '../../testing/recorded';
import type { HttpResponse } from '../../transport';
import type { PageRows, StreamMessage } from '../protocol';
import { defaultExchange } from '../registry';
import { binanceProtocol } from './index';

const FIXTURES = fixturesIn(join(import.meta.dirname, '__fixtures__'));
const named = (prefix: string) => [...FIXTURES].filter(([name]) => name.startsWith(prefix));
const fixture = (name: string): string => must(FIXTURES.get(name), name);

const { stream, rest } = binanceProtocol;
const exchange = defaultExchange('binance');
const context = { exchange: 'binance', symbolsOf: (streamedAs: string) => [streamedAs] };
const decode = (text: string): StreamMessage => stream.decode(text, context);
const response = (body: string, status = 200, headers: Record<string, string> = {}): HttpResponse => ({
  status,
  headers,
  body,
});

const ANSWERED_AT = 1_795_312_805_123;
const PAGE = { symbol: 'BTCUSDT', timeframe: '1m', from: 1_795_312_680_000, to: 1_795_312_860_000 } as const;

/** Updates of consecutive bars, each with its closing frame, some of which come late or not at all. */
const session = fc
  .record({
    timeframe: fc.constantFrom<Timeframe>('1m', '5m', '1d'),
    bars: fc.array(
      fc.record({
        price: fc.integer({ min: 1, max: 1e9 }),
        updates: fc.array(fc.nat({ max: 5_000 }), { maxLength: 5 }),
        closeDelay: fc.option(fc.nat({ max: 2_000 }), { nil: undefined }),
      }),
      { minLength: 1, maxLength: 6 },
    ),
  })
  .map(({ timeframe, bars }) =>
    bars.flatMap(({ price, updates, closeDelay }, index) => {
      const open = openTimeOf(timeframe, ANSWERED_AT) + index * timeframeMs(timeframe);
      const end = closeTimeOf(timeframe, open);
      const frame = (E: number, x: boolean) => kline({ timeframe, open, price, E, x });
      let at = open;
      const opening = [0, ...updates].map((wait) => frame((at += wait), false));
      return closeDelay === undefined ? opening : [...opening, frame(end + closeDelay, true)];
    }),
  );

interface KlineParts {
  readonly timeframe: string;
  readonly open: number;
  readonly price?: number;
  readonly E: number;
  readonly x: boolean;
}

function kline({ timeframe, open, price = 9_168_000, E, x }: KlineParts): string {
  const text = (price / 100).toFixed(8);
  const T = isTimeframe(timeframe) ? closeTimeOf(timeframe, open) - 1 : open;
  const k = { t: open, T, s: 'BTCUSDT', i: timeframe, o: text, c: text, h: text, l: text, v: '1.5', x };
  return JSON.stringify({ stream: `btcusdt@kline_${timeframe}`, data: { e: 'kline', E, s: 'BTCUSDT', k } });
}

const TICKER_FIELDS = { decimals: ['c', 'o', 'h', 'l', 'v'], others: ['E', 's'] };
const ROW_FIELDS = { decimals: [1, 2, 3, 4, 5], others: [0, 6] };

function bareTickers(count: number): string {
  const [ticker] = z.tuple([z.looseObject({})]).parse(JSON.parse(fixture('ws_mini_ticker_array_raw')));
  return JSON.stringify(Array.from({ length: count }, (_, at) => ({ ...ticker, s: `T${at}USDT` })));
}

for (const name of ['binance', 'binance_us']) {
  protocolContract({
    protocol: binanceProtocol,
    exchange: defaultExchange(name),
    frames: new Map(named('ws_')),
    candles: named('http_candles').map(([, body]) => ({ body, page: PAGE, answeredAt: ANSWERED_AT })),
    listings: named('http_listing').map(([, body]) => body),
    times: named('http_time').map(([, body]) => body),
    session,
    elements: {
      frames: [
        {
          name: 'an array of tickers',
          text: fixture('ws_mini_ticker_array'),
          at: ['data'],
          ...TICKER_FIELDS,
        },
        { name: 'a bare array of tickers', text: bareTickers(3), at: [], ...TICKER_FIELDS },
      ],
      candles: [{ name: 'a page of klines', text: fixture('http_candles'), at: [], ...ROW_FIELDS }],
      listings: [
        {
          name: 'exchangeInfo',
          text: fixture('http_listing'),
          at: ['symbols'],
          decimals: [],
          others: ['symbol', 'status', 'baseAsset', 'quoteAsset', 'isSpotTradingAllowed'],
        },
        {
          name: 'the weight limits',
          text: fixture('http_listing'),
          at: ['rateLimits'],
          decimals: [],
          others: ['rateLimitType', 'interval', 'intervalNum', 'limit'],
        },
      ],
    },
  });
}

function candleIn(text: string): SourcedCandle {
  const message = decode(text);
  const event = message.kind === 'data' ? message.events[0] : undefined;
  if (event === undefined || event.type === 'ticker:update') throw new Error('no candle in the frame');
  const { sequenceNum, source, ...candle } = event.candle;
  return { ...candle, sequenceNum: must(sequenceNum, 'as-of'), source: must(source, 'source') };
}

const fault = (code: number, msg: string): string => JSON.stringify({ code, msg });

function faultOf(read: () => StreamMessage | PageRows): string {
  try {
    const [first, ...others] = read().unreadable ?? [];
    if (others.length > 0) throw new Error('one fault was told more than once');
    return first === undefined ? 'none' : `left out ${first.field}`;
  } catch (error) {
    if (error instanceof DecodeError) return `${error.venue} ${error.field}`;
    throw error;
  }
}

describe('klines on the stream', () => {
  it('reads an open bar as an update whose as-of is the event time', () => {
    expect(decode(fixture('ws_kline_open'))).toEqual({
      kind: 'data',
      venueTime: 1_795_312_802_016,
      events: [
        {
          type: 'candle:update',
          candle: {
            timestamp: 1_795_312_800_000,
            open: 91_680,
            high: 91_690,
            low: 91_671.3,
            close: 91_688.01,
            volume: 0.8011,
            symbol: 'BTCUSDT',
            timeframe: '1m',
            exchange: 'binance',
            sequenceNum: 1_795_312_802_016_000,
            source: 'stream',
            quoteVolume: 73_449.02,
            trades: 131,
            takerBaseVolume: 0.41,
            takerQuoteVolume: 37_590.11,
          },
        },
      ],
    });
  });

  it('keeps an open bar below its close time and a closed one at or above it, whatever the event time says', () => {
    const open = 1_795_312_800_000;
    const closing = closeAsOf('1m', open);
    expect(candleIn(kline({ timeframe: '1m', open, E: open + 90_000, x: false })).sequenceNum).toBe(
      closing - 1,
    );
    expect(candleIn(kline({ timeframe: '1m', open, E: open + 59_990, x: true })).sequenceNum).toBe(closing);
    expect(isClosed(candleIn(kline({ timeframe: '1m', open, E: open + 60_005, x: true })))).toBe(true);
  });

  it('reads a flat closed bar as a close like any other', () => {
    expect(decode(fixture('ws_kline_closed_flat'))).toMatchObject({
      events: [
        { type: 'candle:close', candle: { symbol: 'ABCUSDT', volume: 0, open: 0.4123, close: 0.4123 } },
      ],
    });
  });

  it.each(['1s', '3m', '30m', '1w', '1M'])('ignores the interval %s, which is not kept', (timeframe) => {
    const text = kline({ timeframe, open: 1_795_312_800_000, E: 1_795_312_802_016, x: false });
    expect(decode(text)).toEqual({ kind: 'ignored', what: `kline_${timeframe}` });
  });

  it.each<[string, (data: Record<string, unknown>, k: Record<string, unknown>) => void]>([
    ['k', (data) => (data['k'] = null)],
    ['E', (data) => (data['E'] = '1795312802016')],
    ['E', (data) => (data['E'] = 1_795_312_802_016_000)],
    ['s', (data) => (data['s'] = '')],
    ['k.s', (_, k) => (k['s'] = 'ETHUSDT')],
    ['k.i', (_, k) => delete k['i']],
    ['k.x', (_, k) => (k['x'] = 'false')],
    ['k.t', (_, k) => (k['t'] = 1_795_312_800_001)],
    ['k.T', (_, k) => (k['T'] = 1_795_312_860_000)],
    ['k.T', (_, k) => (k['i'] = '5m')],
    ['k.o', (_, k) => (k['o'] = 91_680)],
    ['k.h', (_, k) => (k['h'] = '91679.00000000')],
    ['k.l', (_, k) => (k['l'] = '91681.00000000')],
    ['k.c', (_, k) => (k['c'] = '0.00000000')],
    ['k.v', (_, k) => (k['v'] = '-1')],
  ])('leaves a kline with a wrong %s out, by name', (field, damage) => {
    const frame = z
      .looseObject({ data: z.looseObject({ k: z.looseObject({}) }) })
      .parse(JSON.parse(fixture('ws_kline_open')));
    damage(frame.data, frame.data.k);
    expect(faultOf(() => decode(JSON.stringify(frame)))).toBe(`left out ${field}`);
  });
});

const extrasOf = (candle: Partial<SourcedCandle> | undefined) => ({
  quoteVolume: candle?.quoteVolume,
  trades: candle?.trades,
  takerBaseVolume: candle?.takerBaseVolume,
  takerQuoteVolume: candle?.takerQuoteVolume,
});

describe('figures beyond OHLCV', () => {
  const whole = { quoteVolume: 73_449.02, trades: 131, takerBaseVolume: 0.41, takerQuoteVolume: 37_590.11 };
  it.each<[keyof typeof whole, string, number]>([
    ['quoteVolume', 'q', 7],
    ['trades', 'n', 8],
    ['takerBaseVolume', 'V', 9],
    ['takerQuoteVolume', 'Q', 10],
  ])('leave %s out where it cannot be read, never the bar', (name, key, cell) => {
    const shape = z.looseObject({ data: z.looseObject({ k: z.looseObject({}) }) });
    const frame = shape.parse(JSON.parse(fixture('ws_kline_open')));
    const { t, o, h, l, c, v, T, q, n, V, Q } = frame.data.k;
    for (const bad of [undefined, null, '', '-1', -1, 1.5, 'NaN', '9'.repeat(400), {}]) {
      frame.data.k[key] = bad;
      const left = candleIn(JSON.stringify(frame));
      expect(extrasOf(left)).toEqual({ ...whole, [name]: undefined });
      expect(left).not.toHaveProperty(name);
      const row = [t, o, h, l, c, v, T, q, n, V, Q, '0'].with(cell, bad);
      const body = response(JSON.stringify([row]));
      const page = rest.candles(PAGE, body, { exchange: 'binance', answeredAt: ANSWERED_AT });
      expect(page.unreadable).toEqual([]);
      expect(extrasOf(page.candles[0])).toEqual({ ...whole, [name]: undefined });
    }
  });
});

describe('other frames', () => {
  it('computes the change of a mini ticker from the price of 24 hours ago', () => {
    const ticker = {
      symbol: 'ETHUSDT',
      price: 3012.44,
      high24h: 3066,
      low24h: 2990.1,
      volume24h: 210_000.5,
      timestamp: 1_795_312_803_001,
      change24h: expect.closeTo(-27.56, 8),
      changePercent24h: expect.closeTo(-0.9066, 4),
    };
    expect(decode(fixture('ws_mini_ticker'))).toMatchObject({ events: [{ type: 'ticker:update', ticker }] });
    expect(decode(fixture('ws_mini_ticker_array'))).toMatchObject({ events: [{ ticker }, {}] });
    expect(decode(fixture('ws_mini_ticker_array_raw'))).toMatchObject({ events: [{ ticker }] });
  });

  it('announces no ticker for a symbol without a price', () => {
    expect(decode(fixture('ws_mini_ticker_untraded'))).toMatchObject({ kind: 'data', events: [] });
  });

  it.each([
    ['ws_ack', { kind: 'ack', requestId: 1 }],
    ['ws_ack_text_id', { kind: 'ack' }],
    ['ws_ack_property', { kind: 'ack', requestId: 5 }],
    ['ws_list', { kind: 'ack', requestId: 3, active: ['btcusdt@kline_1m', 'ethusdt@miniTicker'] }],
    ['ws_error_nested', { kind: 'error', message: '2: Invalid request: invalid stream', requestId: 7 }],
    ['ws_error_flat', { kind: 'error', message: '3: Invalid JSON: expected value at line 1 column 1' }],
    ['ws_error_null_id', { kind: 'error', message: '4: Too many subscriptions' }],
    ['ws_shutdown', { kind: 'goodbye', reason: 'serverShutdown', venueTime: 1_795_312_805_123 }],
    ['ws_shutdown_wrapped', { kind: 'goodbye', reason: 'serverShutdown', venueTime: 1_795_312_805_123 }],
    ['ws_book_ticker', { kind: 'ignored', what: 'bookTicker' }],
    ['ws_agg_trade', { kind: 'ignored', what: 'aggTrade' }],
    ['ws_partial_depth', { kind: 'ignored', what: 'depth' }],
    ['ws_kline_month', { kind: 'ignored', what: 'kline_1M' }],
  ])('reads %s', (name, message) => {
    expect(decode(fixture(name))).toEqual(message);
  });

  it.each([
    ['', 'json'],
    ['{"e":"kline"', 'json'],
    ['null', 'root'],
    ['"kline"', 'root'],
    ['{}', 'e'],
    ['{"e":5}', 'e'],
    ['{"result":5,"id":1}', 'result'],
    ['{"error":"no","id":1}', 'error'],
  ])('refuses %s, naming %s', (text, field) => {
    expect(faultOf(() => decode(text))).toBe(`binance ${field}`);
  });

  it.each([
    ['{"stream":"btcusdt@kline_1m"}', 'data', ['btcusdt@kline_1m']],
    ['{"stream":"btcusdt@kline_1m","data":{"k":1}}', 'e', ['btcusdt@kline_1m']],
    ['{"stream":"btcusdt@miniTicker","data":null}', 'data', undefined],
    ['{"e":"24hrMiniTicker","s":"BTCUSDT"}', 'E', undefined],
    ['{"e":"kline","s":"BTCUSDT","k":{"i":"5m"}}', 'E', ['btcusdt@kline_5m']],
    ['[5]', '[0]', undefined],
  ])('leaves %s out, naming %s and whose candles are unknown now', (text, field, topics) => {
    const { unreadable } = decode(text);
    expect(unreadable).toEqual([expect.objectContaining({ field, ...(topics && { topics }) })]);
    if (topics === undefined) expect(unreadable?.[0]).not.toHaveProperty('topics');
  });

  it('takes of a list of streams what can be read', () => {
    expect(decode('{"result":["btcusdt@kline_1m",null],"id":3}')).toMatchObject({
      kind: 'ack',
      requestId: 3,
      active: ['btcusdt@kline_1m'],
      unreadable: [{ field: 'result.1' }],
    });
  });

  it('tells of a kline that cannot be read whose it is, which bar, and when the venue sent it', () => {
    const text = fixture('ws_kline_open').replace('91690.00000000', '91.00000000');
    expect(decode(text)).toEqual({
      kind: 'unreadable',
      venueTime: 1_795_312_802_016,
      unreadable: [
        {
          field: 'k.h',
          message: 'binance: k.h: is below open or close',
          symbol: 'BTCUSDT',
          topics: ['btcusdt@kline_1m'],
          openTime: 1_795_312_800_000,
        },
      ],
    });
  });

  it('names the exchange, not the family, in an error', () => {
    expect(faultOf(() => stream.decode('{}', { ...context, exchange: 'binance_us' }))).toBe('binance_us e');
  });
});

describe('control frames', () => {
  it('writes names in lower case, because upper case is acknowledged and silent', () => {
    const wanted = [stream.candles({ symbol: 'BTCUSDT', timeframe: '4h' }), stream.ticker('ETHUSDT')];
    const [frame] = stream.subscribeFrames(wanted, () => 7);
    expect(frame).toEqual({
      text: '{"method":"SUBSCRIBE","params":["btcusdt@kline_4h","ethusdt@miniTicker"],"id":7}',
      requestId: 7,
      topics: ['btcusdt@kline_4h', 'ethusdt@miniTicker'],
    });
    expect(stream.unsubscribeFrames(wanted, () => 8)[0]?.text).toContain('"UNSUBSCRIBE"');
    expect(stream.listFrame?.(() => 9).text).toBe('{"method":"LIST_SUBSCRIPTIONS","id":9}');
  });

  it('leaves room for one whole frame below the streams a connection may have', () => {
    const { topicsPerConnection, topicsPerFrame } = stream.limits;
    expect(topicsPerConnection + topicsPerFrame).toBeLessThanOrEqual(1024);
  });

  it('opens the combined endpoint, whether or not the URL ends in a slash', () => {
    expect(stream.url(exchange)).toBe('wss://stream.binance.com:9443/stream');
    expect(stream.url({ ...exchange, wsUrl: 'ws://127.0.0.1:9/' })).toBe('ws://127.0.0.1:9/stream');
  });
});

describe('REST', () => {
  it('asks for exactly the open times of a page, inclusive at both ends', () => {
    expect(rest.candleRequest(exchange, PAGE)).toEqual({
      url: 'https://api.binance.com/api/v3/klines?symbol=BTCUSDT&interval=1m&startTime=1795312680000&endTime=1795312859999&limit=3',
      weight: 2,
      maxBodyBytes: 4_194_304,
    });
  });

  it('takes a flat row of volume zero as the venue’s own bar, and dates each bar by the as-of rule', () => {
    const { candles } = rest.candles(PAGE, response(fixture('http_candles')), {
      exchange: 'binance',
      answeredAt: ANSWERED_AT,
    });
    expect(candles.map(({ source, sequenceNum }) => [source, sequenceNum])).toEqual([
      ['rest', ANSWERED_AT * 1000],
      ['rest', ANSWERED_AT * 1000],
      ['rest', ANSWERED_AT * 1000],
    ]);
    expect(candles.map(isClosed)).toEqual([true, true, false]);
    expect(candles[0]).toMatchObject({ volume: 0, trades: 0, quoteVolume: 0 });
  });

  it('keeps a bar that is said to have had more trades than can be, without their number', () => {
    const body = fixture('http_candles').replace(/\b2411\b/u, '9007199254740991');
    const { candles, unreadable } = rest.candles(PAGE, response(body), {
      exchange: 'binance',
      answeredAt: ANSWERED_AT,
    });
    expect([candles.length, unreadable]).toEqual([3, []]);
    expect(candles.filter((candle) => candle.trades === undefined)).toHaveLength(1);
  });

  it('dates a bar that closed just before the answer at the answer: what it is evidence of, the rows beside it tell', () => {
    const answeredAt = 1_795_312_800_900;
    const { candles } = rest.candles(PAGE, response(fixture('http_candles')), {
      exchange: 'binance',
      answeredAt,
    });
    expect(candles[1]?.sequenceNum).toBe(answeredAt * 1000);
  });

  it.each([
    ['root', '{"code":-1000,"msg":"?"}'],
    ['json', '[[1795312740000,'],
  ])('refuses a body with a wrong %s', (field, body) => {
    const read = () => rest.candles(PAGE, response(body), { exchange: 'binance', answeredAt: ANSWERED_AT });
    expect(faultOf(read)).toBe(`binance ${field}`);
  });

  it.each([
    ['[0]', '[5]'],
    ['[0]', '[[1795312740000,"1"]]'],
    ['[0][0]', '[[1795312740001,"1","1","1","1","1",1795312800000,"1",1,"1","1","0"]]'],
    ['[0][6]', '[[1795312740000,"1","1","1","1","1",1795312800000,"1",1,"1","1","0"]]'],
    ['[0][2]', '[[1795312740000,"2","1","1","1","1",1795312799999,"1",1,"1","1","0"]]'],
  ])('leaves a row with a wrong %s out', (field, body) => {
    const read = () => rest.candles(PAGE, response(body), { exchange: 'binance', answeredAt: ANSWERED_AT });
    expect(faultOf(read)).toBe(`left out ${field}`);
  });

  it('lists as tradable only what is TRADING on spot, and the weight limit the venue states', () => {
    const listing = rest.listing(response(fixture('http_listing')));
    expect(listing.symbols.map(({ symbol, isTradable }) => [symbol, isTradable])).toEqual([
      ['BTCUSDT', true],
      ['HALTUSDT', false],
      ['CANUSDT', false],
      ['LEVUSDT', false],
    ]);
    expect(listing.weightLimit).toEqual({ weight: 6000, perMs: 60_000 });
    expect(rest.listing(response(fixture('http_listing_us'))).weightLimit?.weight).toBe(1200);
  });

  it('tells volumes in the quote asset, as recorded', () => {
    const { bySymbol, unreadable } = must(rest.volumes, 'volumes').read(response(fixture('http_volumes')));
    expect([...bySymbol]).toEqual([
      ['ETHBTC', 1211.29369168],
      ['LTCBTC', 38.04320147],
    ]);
    expect(unreadable).toEqual([]);
  });

  it('tells volumes of what can be read, and names what cannot', () => {
    const good = { symbol: 'BTCUSDT', quoteVolume: '5.5' };
    const bad = [
      null,
      { symbol: 'A:B', quoteVolume: '1' },
      { symbol: 'XUSDT' },
      { symbol: 'YUSDT', quoteVolume: '-1' },
    ];
    const { bySymbol, unreadable } = must(rest.volumes, 'volumes').read(
      response(JSON.stringify([...bad, good])),
    );
    expect([...bySymbol]).toEqual([['BTCUSDT', 5.5]]);
    expect(unreadable.map(({ field }) => field)).toEqual(['0', '1.symbol', '2.quoteVolume', '3.quoteVolume']);
    expect(() => must(rest.volumes, 'volumes').read(response('{}'))).toThrow('root');
  });

  it.each<[string, Record<string, unknown>]>([
    ['LACKS1', { isSpotTradingAllowed: undefined }],
    ['A:B', {}],
    ['A B', {}],
  ])('leaves %s out of a listing by name, and lists all the others', (symbol, damage) => {
    const info = z.looseObject({ symbols: z.array(z.looseObject({})) });
    const whole = info.parse(JSON.parse(fixture('http_listing')));
    const odd = { ...whole.symbols[0], symbol, ...damage };
    const body = JSON.stringify({ ...whole, symbols: [odd, null, ...whole.symbols] });
    const { symbols, weightLimit, unreadable } = rest.listing(response(body));
    expect(symbols).toHaveLength(4);
    expect(weightLimit).toEqual({ weight: 6000, perMs: 60_000 });
    expect(unreadable).toEqual([
      expect.objectContaining({ symbol, field: expect.stringContaining('symbols.0.') }),
      expect.objectContaining({ field: 'symbols.1' }),
    ]);
  });

  it('lists the symbols without any weight limits, and says that those are missing', () => {
    const { rateLimits: _gone, ...info } = z.looseObject({}).parse(JSON.parse(fixture('http_listing')));
    const listing = rest.listing(response(JSON.stringify(info)));
    expect(listing.symbols).toHaveLength(4);
    expect(listing.unreadable).toHaveLength(1);
  });

  it.each(['null', '[]', '{}'])(
    'lists the symbols whatever is wrong with the weight limits: %s',
    (limits) => {
      const body = fixture('http_listing').replace(/"rateLimits": \[[^\]]*\]/, `"rateLimits": ${limits}`);
      const listing = rest.listing(response(body));
      expect(listing.symbols).toHaveLength(4);
      expect(listing).not.toHaveProperty('weightLimit');
    },
  );

  it.each([
    '{"rateLimits":[],"symbols":[]}',
    '{"rateLimits":[],"symbols":[null,{"symbol":"A"}]}',
    '{"symbols":{}}',
  ])('takes %s as no listing', (body) => {
    expect(() => rest.listing(response(body))).toThrow(/^binance: symbols/);
  });

  it('reads the used weight from either header', () => {
    expect(rest.usedWeight({ 'x-mbx-used-weight-1m': '42', 'x-mbx-used-weight': '41' })).toBe(42);
    expect(rest.usedWeight({ 'x-mbx-used-weight': '41' })).toBe(41);
    expect(rest.usedWeight({ 'x-mbx-used-weight': 'many' })).toBeUndefined();
    expect(rest.usedWeight({})).toBeUndefined();
  });

  const ban = fault(
    -1003,
    'Way too much request weight used; IP banned until 1795312925123. Please use WebSocket',
  );
  it.each<[string, HttpResponse, object]>([
    ['data', response('[]'), { verdict: 'ok' }],
    ['a page of HTML', response('<html>maintenance</html>'), { verdict: 'unavailable' }],
    ['nothing', response(''), { verdict: 'unavailable' }],
    [
      '429 with a time',
      response(fault(-1003, 'Too much'), 429, { 'retry-after': '17' }),
      { verdict: 'rate-limited', waitMs: 17_000 },
    ],
    ['429 without a time', response(fault(-1003, 'Too much'), 429), { verdict: 'rate-limited' }],
    [
      'a limit told with 400',
      response(fault(-1003, 'Too many requests queued.'), 400),
      { verdict: 'rate-limited' },
    ],
    [
      'a ban told twice',
      response(ban, 418, { 'retry-after': '120' }),
      { verdict: 'banned', until: 1_795_312_925_123, waitMs: 120_000 },
    ],
    ['a ban told in the text', response(ban, 418), { verdict: 'banned', until: 1_795_312_925_123 }],
    [
      'a ban told in the header',
      response('', 418, { 'retry-after': '300' }),
      { verdict: 'banned', waitMs: 300_000 },
    ],
    ['a ban without an end', response('', 418), { verdict: 'banned', waitMs: 120_000 }],
    ['a ban told with 429', response(ban, 429), { verdict: 'banned', until: 1_795_312_925_123 }],
    ['a refused location', response(fault(0, 'Service unavailable'), 451), { verdict: 'blocked' }],
    ['an unknown symbol', response(fault(-1121, 'Invalid symbol.'), 400), { verdict: 'unknown-symbol' }],
    ['a wrong interval', response(fault(-1120, 'Invalid interval.'), 400), { verdict: 'rejected' }],
    ['an overloaded venue', response(fault(-1008, 'Server is overloaded'), 400), { verdict: 'unavailable' }],
    ['the firewall', response('<html>403</html>', 403), { verdict: 'unavailable' }],
    ['a proxy', response('<html>502</html>', 502), { verdict: 'unavailable' }],
    ['a time-out', response(fault(-1007, 'Timeout'), 504), { verdict: 'unavailable' }],
    ['an unknown path', response('<html>404 Not found</html>', 404), { verdict: 'unavailable' }],
  ])('has the right verdict on %s', (_what, answer, expected) => {
    expect(rest.verdict(answer)).toMatchObject(expected);
    if (!('waitMs' in expected)) expect(rest.verdict(answer)).not.toHaveProperty('waitMs');
  });
});

const RecordedFrame = z.object({ raw: z.string().nullable() });
const RecordedAnswer = z.object({ path: z.string(), query: z.string(), body: z.unknown() });

/** The klines answers among recorded REST traffic, with the pages they answer. */
function recordedAnswers(): readonly CandleAnswer[] {
  return recordedLines('rest/binance-market-data.jsonl.gz').flatMap((line) => {
    const { path, query, body } = RecordedAnswer.parse(JSON.parse(line));
    const asked = new URLSearchParams(query);
    const timeframe = asked.get('interval');
    if (path !== '/api/v3/klines' || timeframe === null || !isTimeframe(timeframe)) return [];
    const page = { symbol: must(asked.get('symbol'), 'symbol'), timeframe, from: 0, to: ANSWERED_AT };
    return [{ body: JSON.stringify(body), page, answeredAt: ANSWERED_AT }];
  });
}

describe.skipIf(!hasRecordedData)('recorded traffic (skipped where ../shared/data is absent)', () => {
  it.each([
    ['ws/binance-combined-2021-10-12.jsonl.gz', 2],
    ['ws/binancetr-combined-2023-04-10.jsonl.gz', 8],
    ['ws/binance-quoted-frames.jsonl', 1],
  ])('reads every frame of %s, %i klines among them', (file, klines) => {
    const frames = recordedLines(file).flatMap((line) => RecordedFrame.parse(JSON.parse(line)).raw ?? []);
    const messages = frames.map(decode);
    const events = messages.flatMap((message) => (message.kind === 'data' ? message.events : []));
    expect(messages.filter((message) => message.kind === 'error')).toEqual([]);
    expect(events).toHaveLength(klines);
  });

  it('reads the samples of trades, tickers and depth as nothing of ours', () => {
    const kinds = recordedLines('ws/binance-tardis-samples.jsonl').map((line) => decode(line).kind);
    expect(new Set(kinds)).toEqual(new Set(['ignored']));
  });

  it('reads every recorded page of klines, bar for bar', () => {
    const answers = recordedAnswers();
    expect(answers.length).toBeGreaterThan(10);
    for (const { body, page, answeredAt } of answers) {
      const rows = z.array(z.array(z.unknown())).parse(JSON.parse(body));
      const { candles, unreadable } = rest.candles(page, response(body), { exchange: 'binance', answeredAt });
      expect(unreadable).toEqual([]);
      const asRead = candles.map((bar) => [
        bar.timestamp,
        bar.open,
        bar.high,
        bar.low,
        bar.close,
        bar.volume,
      ]);
      expect(asRead).toEqual(rows.map((row) => row.slice(0, 6).map(Number)));
    }
  });

  it.each([
    ['listings/binance-exchangeInfo-2021-10-12.json.gz', 'BTCUSDT', 1695],
    ['listings/binanceus-exchangeInfo-2021-10-12.json.gz', 'BTCUSD', 121],
  ])('reads the complete listing %s', (file, symbol, count) => {
    const listing = rest.listing(response(must(recordedText(file), file)));
    expect(listing.symbols).toHaveLength(count);
    expect(listing.symbols.find((one) => one.symbol === symbol)?.isTradable).toBe(true);
    expect(listing.weightLimit).toEqual({ weight: 1200, perMs: 60_000 });
  });
});
