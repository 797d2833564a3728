import { join } from 'node:path';
import { closeAsOf, isClosed } from '@livermore/schemas';
import type { UnifiedCandle } from '@livermore/schemas';
import { must } from '@livermore/utils';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DecodeError, RejectedError } from '../../errors';
import { protocolContract } from '../../testing/protocol.contract';
import { fixturesIn, hasRecordedData, recordedLines, recordedText } from '../../testing/recorded';
import type { ElementCase } from '../../testing/element-corruptions';
import type { HttpResponse } from '../../transport';
import type { PageRows, StreamMessage } from '../protocol';
import { defaultExchange } from '../registry';
import { coinbaseProtocol } from './index';
import { microsOf } from './time';

const FIXTURES = fixturesIn(join(import.meta.dirname, '__fixtures__'));
const named = (prefix: string) => [...FIXTURES].filter(([name]) => name.startsWith(prefix));
const fixture = (name: string): string => must(FIXTURES.get(name), name);

const { stream, rest } = coinbaseProtocol;
const exchange = defaultExchange('coinbase');
const context = { exchange: 'coinbase', symbolsOf: (streamedAs: string) => [streamedAs] };
const decode = (text: string): StreamMessage => stream.decode(text, context);
const response = (body: string, status = 200, headers: Record<string, string> = {}): HttpResponse => ({
  status,
  headers,
  body,
});

const BUCKET = 1_795_168_800_000;
const BUCKET_MS = 300_000;
const ANSWERED_AT = BUCKET + 5_123;
const PAGE = { symbol: 'BTC-USD', timeframe: '1m', from: BUCKET - 240_000, to: BUCKET + 60_000 } as const;

/** One product's frames, a moment apart: the current bucket, and sometimes earlier ones with it. */
const session = fc
  .array(fc.record({ wait: fc.integer({ min: 1, max: 200_000 }), earlier: fc.nat({ max: 3 }) }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((steps) => {
    let now = BUCKET;
    return steps.map(({ wait, earlier }, sequence) => {
      now += wait;
      const newest = Math.floor(now / BUCKET_MS) * BUCKET_MS;
      const starts = Array.from({ length: earlier + 1 }, (_, back) => newest - back * BUCKET_MS);
      return frame(starts, new Date(now).toISOString(), sequence);
    });
  });

function frame(starts: readonly number[], timestamp: string, sequence_num = 0): string {
  const prices = { open: '91680', high: '91690', low: '91671.3', close: '91688.01', volume: '0.8011' };
  const candles = starts.map((start) => ({ start: String(start / 1000), ...prices, product_id: 'BTC-USD' }));
  return JSON.stringify({
    channel: 'candles',
    timestamp,
    sequence_num,
    events: [{ type: 'update', candles }],
  });
}

const BUCKET_FIELDS = { decimals: ['open', 'high', 'low', 'close', 'volume'], others: ['start'] };
/** An empty text is how the venue writes a figure that it does not have. */
const TICKER_FIELDS = {
  decimals: ['price', 'high_24_h', 'low_24_h', 'volume_24_h'],
  others: [],
  silent: [''],
};

/** The one entry of a fixture three times, each of another product. */
function channelCases(channel: string): readonly ElementCase[] {
  const [name, list, fields] =
    channel === 'candles'
      ? (['ws_candles_update', 'candles', BUCKET_FIELDS] as const)
      : (['ws_ticker', 'tickers', TICKER_FIELDS] as const);
  const frameShape = z.looseObject({
    events: z.tuple([z.looseObject({ [list]: z.array(z.looseObject({})) })]),
  });
  const frameOf = frameShape.parse(JSON.parse(fixture(name)));
  const [entry] = z.tuple([z.looseObject({})]).parse(frameOf.events[0][list]);
  const entries = ['AAA-USD', 'BBB-USD', 'CCC-USD'].map((product_id) => ({ ...entry, product_id }));
  const text = JSON.stringify({ ...frameOf, events: [{ ...frameOf.events[0], [list]: entries }] });
  const { others, ...figures } = fields;
  const at = ['events', 0, list];
  return [{ name: `a frame of ${channel}`, text, at, ...figures, others: [...others, 'product_id'] }];
}

protocolContract({
  protocol: coinbaseProtocol,
  exchange,
  frames: new Map(named('ws_')),
  candles: named('http_candles').map(([, body]) => ({ body, page: PAGE, answeredAt: ANSWERED_AT })),
  listings: named('http_listing').map(([, body]) => body),
  times: named('http_time').map(([, body]) => body),
  session,
  elements: {
    frames: [
      ...['candles', 'ticker'].flatMap(channelCases),
      {
        name: 'events of a snapshot',
        text: fixture('ws_candles_snapshot'),
        at: ['events'],
        decimals: [],
        others: [],
      },
    ],
    candles: [
      { name: 'a page of candles', text: fixture('http_candles'), at: ['candles'], ...BUCKET_FIELDS },
    ],
    listings: [
      {
        name: 'products',
        text: fixture('http_listing'),
        at: ['products'],
        decimals: [],
        others: [
          'product_id',
          'status',
          'is_disabled',
          'trading_disabled',
          'view_only',
          'base_currency_id',
          'quote_currency_id',
        ],
      },
    ],
  },
});

function candlesIn(text: string): readonly UnifiedCandle[] {
  const message = decode(text);
  const events = message.kind === 'data' ? message.events : [];
  return events.flatMap((event) => (event.type === 'candle:update' ? [event.candle] : []));
}

const at = (text: string): number => Math.floor(microsOf(text) / 1000);
const fault = (error: string, message: string): string =>
  JSON.stringify({ error, error_details: message, message });

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

describe('candles on the stream', () => {
  it('reads the newest bucket as an update as of the time of the message', () => {
    expect(decode(fixture('ws_candles_update'))).toEqual({
      kind: 'data',
      sequence: 3,
      venueTime: 1_795_168_806_100,
      events: [
        {
          type: 'candle:update',
          candle: {
            timestamp: BUCKET,
            open: 91_680,
            high: 91_690,
            low: 91_671.3,
            close: 91_688.01,
            volume: 0.8011,
            symbol: 'BTC-USD',
            timeframe: '5m',
            exchange: 'coinbase',
            sequenceNum: 1_795_168_806_100_000,
            source: 'stream',
          },
        },
      ],
    });
  });

  it('takes a bucket as final when its time is over and a later one is in the same frame', () => {
    const [previous, current] = candlesIn(fixture('ws_candles_boundary'));
    expect(previous).toMatchObject({ timestamp: BUCKET - BUCKET_MS, sequenceNum: 1_795_168_800_412_345 });
    expect(current).toMatchObject({ timestamp: BUCKET, sequenceNum: 1_795_168_800_412_345 });
    expect([previous, current].map((candle) => candle && isClosed(candle))).toEqual([true, false]);
  });

  it('keeps a bucket open while no later one has appeared, however late the message is', () => {
    const [candle] = candlesIn(frame([BUCKET], '2026-11-20T10:09:00Z'));
    expect(candle?.sequenceNum).toBe(closeAsOf('5m', BUCKET) - 1);
  });

  it('keeps a bucket open while its time is not over, whatever bucket follows it', () => {
    const candles = candlesIn(frame([BUCKET + BUCKET_MS, BUCKET], '2026-11-20T10:04:59.9Z'));
    expect(candles.map(isClosed)).toEqual([false, false]);
  });

  it('reads a snapshot with holes, oldest first, each product by itself, its past as a snapshot’s', () => {
    const candles = candlesIn(fixture('ws_candles_snapshot'));
    expect(
      candles.map(({ symbol, timestamp, source }) => [symbol, (BUCKET - timestamp) / BUCKET_MS, source]),
    ).toEqual([
      ['ABC-USD', 11, 'snapshot'],
      ['BTC-USD', 5, 'snapshot'],
      ['BTC-USD', 1, 'snapshot'],
      ['BTC-USD', 0, 'stream'],
    ]);
    // The only bucket of its product: nothing says that it is final.
    expect(candles.map(isClosed)).toEqual([false, true, true, false]);
    for (const { source, sequenceNum, timestamp } of candles) {
      const isFollowed = BUCKET - timestamp !== 11 * BUCKET_MS;
      if (source === 'snapshot' && isFollowed) expect(sequenceNum).toBe(closeAsOf('5m', timestamp));
    }
  });

  it('takes an event without a type as an update, and a snapshot’s bucket as open while its time is not over', () => {
    const untyped = fixture('ws_candles_boundary').replace('"type": "update",', '');
    expect(candlesIn(untyped)).toEqual(candlesIn(fixture('ws_candles_boundary')));
    const early = frame([BUCKET + BUCKET_MS, BUCKET], '2026-11-20T10:04:59.9Z').replace('update', 'snapshot');
    expect(candlesIn(early).map(({ source }) => source)).toEqual(['stream', 'stream']);
  });

  it('takes no bucket that cannot be read as proof that an earlier one is over', () => {
    const text = fixture('ws_candles_boundary').replace('"91671.3"', '"0"');
    expect(candlesIn(text).map(isClosed)).toEqual([false]);
    expect(decode(text).unreadable).toEqual([
      expect.objectContaining({ symbol: 'BTC-USD', topics: ['candles:BTC-USD'], openTime: BUCKET }),
    ]);
  });

  it('re-keys an alias to everything that was asked for under it', () => {
    const asked = { exchange: 'coinbase', symbolsOf: () => ['BTC-USD', 'BTC-USDC'] };
    expect(stream.decode(fixture('ws_candles_update'), asked)).toMatchObject({
      events: [{ candle: { symbol: 'BTC-USD' } }, { candle: { symbol: 'BTC-USDC' } }],
    });
  });

  it.each([
    ['start', '1795168801'],
    ['start', 1_795_168_800],
    ['start', '-300'],
    ['open', ''],
    ['high', '91679'],
    ['low', '91681'],
    ['close', '0'],
    ['volume', 'many'],
    ['product_id', ''],
  ])('leaves a bucket with a wrong %s out, by name', (field, value) => {
    const shape = z.looseObject({
      events: z.tuple([z.looseObject({ candles: z.tuple([z.looseObject({})]) })]),
    });
    const damaged = shape.parse(JSON.parse(fixture('ws_candles_update')));
    damaged.events[0].candles[0][field] = value;
    expect(faultOf(() => decode(JSON.stringify(damaged)))).toBe(`left out events.0.candles.0.${field}`);
  });
});

function tickerWith(field: string, value: unknown): string {
  const shape = z.looseObject({
    events: z.tuple([z.looseObject({ tickers: z.tuple([z.looseObject({})]) })]),
  });
  const damaged = shape.parse(JSON.parse(fixture('ws_ticker_batch')));
  damaged.events[0].tickers[0][field] = value;
  return JSON.stringify(damaged);
}

describe('other frames', () => {
  it('derives the change of a ticker from its percentage', () => {
    const [withQuotes, batch] = ['ws_ticker', 'ws_ticker_batch'].map((name) => decode(fixture(name)));
    const ticker = {
      symbol: 'BTC-USD',
      price: 91_680.01,
      high24h: 92_400,
      low24h: 90_900,
      volume24h: 5321.9012,
      changePercent24h: -0.1312,
      change24h: expect.closeTo(-120.442, 2),
    };
    expect(withQuotes).toMatchObject({
      events: [{ type: 'ticker:update', ticker: { ...ticker, bid: 91_680, ask: 91_680.01 } }],
    });
    expect(batch).toMatchObject({ events: [{ type: 'ticker:update', ticker }] });
    expect(JSON.stringify(batch)).not.toContain('"bid"');
  });

  it.each<[string, unknown, number]>([
    ['volume_24_h', '1.5e-05', 0.000015],
    ['volume_24_h', 1.5e-5, 0.000015],
    ['price_percent_chg_24_h', '-1.5e-05', -0.000015],
    ['price_percent_chg_24_h', '1E1', 10],
  ])('reads a %s of %j, as programs print small numbers', (field, value, expected) => {
    const message = decode(tickerWith(field, value));
    const [event] = message.kind === 'data' ? message.events : [];
    if (event?.type !== 'ticker:update') throw new Error('no ticker');
    const { volume24h, changePercent24h } = event.ticker;
    expect(field === 'volume_24_h' ? volume24h : changePercent24h).toBe(expected);
  });

  it.each<[string, unknown]>([
    ['volume_24_h', '-1.5e-05'],
    ['volume_24_h', '+1'],
    ['volume_24_h', '1e400'],
    ['volume_24_h', null],
    ['price_percent_chg_24_h', 'NaN'],
    ['price_percent_chg_24_h', '-100'],
    ['high_24_h', 'Infinity'],
  ])('costs one ticker and its counter nothing when %s is %j', (field, value) => {
    const message = decode(tickerWith(field, value));
    expect(message).toMatchObject({ kind: 'data', sequence: 6, events: [] });
    const told = expect.objectContaining({ field: `events.0.tickers.0.${field}`, symbol: 'BTC-USD' });
    expect(message.unreadable).toEqual([told]);
    expect(message.unreadable?.[0]).not.toHaveProperty('topics');
  });

  it('announces no ticker for a product without a price', () => {
    expect(decode(fixture('ws_ticker_untraded'))).toMatchObject({ kind: 'data', events: [] });
  });

  it.each([
    ['ws_heartbeat', { kind: 'heartbeat', sequence: 2, venueTime: at('2026-11-20T10:00:05.825Z') }],
    [
      'ws_heartbeat_text_counter',
      { kind: 'heartbeat', sequence: 9, venueTime: at('2026-11-20T10:00:12.825Z') },
    ],
    [
      'ws_subscriptions',
      {
        kind: 'ack',
        sequence: 1,
        venueTime: at('2026-11-20T10:00:05.600Z'),
        active: ['candles:BTC-USD', 'candles:ETH-USD', 'heartbeats'],
      },
    ],
    [
      'ws_subscriptions_none',
      { kind: 'ack', sequence: 8, venueTime: at('2026-11-20T10:00:06.1Z'), active: [] },
    ],
    [
      'ws_market_trades',
      { kind: 'ignored', what: 'market_trades', sequence: 4, venueTime: at('2026-11-20T10:00:06.3Z') },
    ],
    ['ws_level2', { kind: 'ignored', what: 'l2_data', sequence: 6, venueTime: at('2026-11-20T10:00:06.5Z') }],
    ['ws_error', { kind: 'error', message: 'rate limit exceeded' }],
  ])('reads %s', (name, message) => {
    expect(decode(fixture(name))).toEqual(message);
  });

  it('counts a frame without an envelope, of a type nobody has documented, and uses nothing of it', () => {
    expect(decode('{"type":"notice","message":"scheduled maintenance"}')).toEqual({
      kind: 'ignored',
      what: 'notice',
    });
  });

  it.each([
    ['', 'json'],
    ['null', 'root'],
    ['{}', 'sequence_num'],
    ['{"type":"error"}', 'message'],
    [
      '{"channel":"candles","timestamp":"2026-11-20T10:00:06Z","sequence_num":-1,"events":[]}',
      'sequence_num',
    ],
  ])('refuses %s, naming %s', (text, field) => {
    expect(faultOf(() => decode(text))).toBe(`coinbase ${field}`);
  });

  it.each([
    ['{"channel":"candles","timestamp":"2026-11-20 10:00:06","sequence_num":1,"events":[]}', 'timestamp'],
    ['{"channel":"ticker","timestamp":5,"sequence_num":1,"events":[]}', 'timestamp'],
    ['{"channel":"candles","timestamp":"2026-11-20T10:00:06Z","sequence_num":1,"events":[null]}', 'events.0'],
    [
      '{"channel":"ticker","timestamp":"2026-11-20T10:00:06Z","sequence_num":1,"events":[{}]}',
      'events.0.tickers',
    ],
    ['{"channel":"candles","timestamp":"2026-11-20T10:00:06Z","sequence_num":1,"events":{}}', 'events'],
    [
      '{"channel":"subscriptions","timestamp":"2026-11-20T10:00:06Z","sequence_num":1,"events":[{}]}',
      'events.0.subscriptions',
    ],
  ])('notes the counter of %s, and names %s', (text, field) => {
    expect(faultOf(() => decode(text))).toBe(`left out ${field}`);
    expect(decode(text).sequence).toBe(1);
  });

  it('notes the counter of a frame without the name of its channel', () => {
    for (const channel of [5, null, '', []]) {
      const message = decode(JSON.stringify({ channel, sequence_num: 7, timestamp: '', events: [] }));
      expect(message).toMatchObject({ kind: 'unreadable', sequence: 7, unreadable: [{ field: 'channel' }] });
    }
  });

  it('takes of an acknowledgement what can be read', () => {
    const odd = fixture('ws_subscriptions').replace(
      /"heartbeats": \[[^\]]*\]/,
      '"heartbeats": 5, "more": [null]',
    );
    expect(decode(odd)).toMatchObject({
      kind: 'ack',
      active: ['candles:BTC-USD', 'candles:ETH-USD'],
      unreadable: [{ field: 'events.0.subscriptions.heartbeats' }, { field: 'events.0.subscriptions.more' }],
    });
  });

  it.each([
    ['an event without its list', 'candles', [{ type: 'update' }]],
    ['what is no event', 'candles', [5]],
    ['a bucket that is none', 'candles', [{ type: 'update', candles: ['x'] }]],
    ['a bucket of nobody', 'candles', [{ type: 'update', candles: [{ product_id: ' ', low: '1' }] }]],
    ['no events at all', 'candles', 'none'],
    ['no channel', 7, []],
  ])('says that anybody’s candles may be unknown after %s', (_what, channel, events) => {
    const timestamp = '2026-11-20T10:00:05Z';
    const { unreadable } = decode(JSON.stringify({ channel, timestamp, sequence_num: 1, events }));
    expect(unreadable).toMatchObject([{ topics: 'any' }]);
    const untimed = decode(JSON.stringify({ channel, timestamp: 'soon', sequence_num: 1, events }));
    expect(untimed.unreadable).toMatchObject([{ topics: 'any' }]);
  });

  it('says of no ticker that candles are unknown after it', () => {
    for (const events of [[5], [{ type: 'update' }], [{ tickers: ['x'] }], 'none']) {
      const odd = { channel: 'ticker', timestamp: '2026-11-20T10:00:05Z', sequence_num: 1, events };
      const { unreadable } = decode(JSON.stringify(odd));
      expect(unreadable).toHaveLength(1);
      expect(unreadable?.[0]).not.toHaveProperty('topics');
    }
  });

  it('names everybody whose candles are unknown after a frame without its time', () => {
    const text = fixture('ws_candles_snapshot').replace('2026-11-20T10:00:05Z', 'soon');
    expect(decode(text)).toEqual({
      kind: 'unreadable',
      sequence: 0,
      unreadable: [
        {
          field: 'timestamp',
          message: 'coinbase: timestamp: is not RFC 3339 in UTC',
          topics: ['candles:BTC-USD', 'candles:ABC-USD'],
        },
      ],
    });
  });
});

describe('times', () => {
  it('reads any fraction up to nanoseconds, cutting off what is finer than a microsecond', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{1,9}$/), (fraction) => {
        const micros = Number(fraction.padEnd(9, '0').slice(0, 6));
        expect(microsOf(`2026-11-20T10:00:00.${fraction}Z`)).toBe(BUCKET * 1000 + micros);
      }),
    );
    expect(microsOf('2026-11-20T10:00:00Z')).toBe(BUCKET * 1000);
  });

  it.each([
    '2026-02-30T00:00:00Z',
    '2026-11-20T24:00:00Z',
    '2026-11-20T10:00:60Z',
    '2026-11-20T10:00:00.Z',
    '2026-11-20T10:00:00.1234567890Z',
    '2026-11-20T10:00:00',
    '2026-11-20T10:00:00+00:00',
    '1969-12-31T23:59:59Z',
    '9999-12-31T23:59:59Z',
    '',
  ])('refuses %j', (text) => {
    expect(microsOf(text)).toBeNaN();
  });
});

describe('control frames', () => {
  it('sends one channel a frame, heartbeats without products', () => {
    const wanted = [
      stream.candles({ symbol: 'BTC-USD', timeframe: '5m' }),
      stream.ticker('BTC-USD'),
      stream.candles({ symbol: 'ETH-USD', timeframe: '5m' }),
      ...stream.standing,
    ];
    const frames = stream.subscribeFrames(wanted, () => 1);
    expect(frames.map((one) => one.text)).toEqual([
      '{"type":"subscribe","channel":"heartbeats"}',
      '{"type":"subscribe","product_ids":["BTC-USD","ETH-USD"],"channel":"candles"}',
      '{"type":"subscribe","product_ids":["BTC-USD"],"channel":"ticker"}',
    ]);
    expect(frames[1]?.topics).toEqual(['candles:BTC-USD', 'candles:ETH-USD']);
    expect(stream.unsubscribeFrames(wanted, () => 1)[0]?.text).toBe(
      '{"type":"unsubscribe","channel":"heartbeats"}',
    );
  });

  it('acknowledges in the words of the topics', () => {
    const wanted = [stream.candles({ symbol: 'BTC-USD', timeframe: '5m' }), ...stream.standing];
    const ack = decode(fixture('ws_subscriptions'));
    expect(ack.kind === 'ack' && ack.active).toEqual(
      expect.arrayContaining(wanted.map((subscription) => subscription.topic)),
    );
  });

  it('refuses to stream a timeframe the venue does not stream', () => {
    expect(() => stream.candles({ symbol: 'BTC-USD', timeframe: '1m' })).toThrow(RejectedError);
  });
});

/** The listing with one more product before the others: the first one, changed. */
function listingWith(changes: object): string {
  const shape = z.looseObject({ products: z.array(z.looseObject({})) });
  const whole = shape.parse(JSON.parse(fixture('http_listing')));
  return JSON.stringify({ ...whole, products: [{ ...whole.products[0], ...changes }, ...whole.products] });
}

describe('REST', () => {
  it('asks for exactly the buckets of a page, inclusive at both ends and past the cache', () => {
    expect(rest.candleRequest(exchange, PAGE)).toEqual({
      url: 'https://api.coinbase.com/api/v3/brokerage/market/products/BTC-USD/candles?start=1795168560&end=1795168800&granularity=ONE_MINUTE',
      headers: { 'cache-control': 'no-cache' },
      weight: 1,
      maxBodyBytes: 4_194_304,
    });
  });

  it('asks for four hours natively, and never for more buckets than a page has', () => {
    const page = {
      symbol: 'BTC-USD',
      timeframe: '4h',
      from: BUCKET + 1,
      to: BUCKET + 300 * 14_400_000,
    } as const;
    const query = new URL(rest.candleRequest(exchange, page).url).searchParams;
    expect(query.get('granularity')).toBe('FOUR_HOUR');
    const buckets = (Number(query.get('end')) - Number(query.get('start'))) / 14_400 + 1;
    expect(buckets).toBeLessThanOrEqual(rest.limits.candlesPerPage);
  });

  it('turns newest-first into ascending and leaves omitted buckets out', () => {
    const { candles } = rest.candles(PAGE, response(fixture('http_candles')), {
      exchange: 'coinbase',
      answeredAt: ANSWERED_AT,
    });
    expect(candles.map(({ timestamp }) => timestamp - BUCKET)).toEqual([-240_000, -60_000, 0]);
    expect(candles.map(isClosed)).toEqual([true, true, false]);
    expect(new Set(candles.map(({ source }) => source))).toEqual(new Set(['rest']));
  });

  it.each([
    ['root', '[]'],
    ['candles', '{"candles":null}'],
  ])('refuses a body with a wrong %s', (field, body) => {
    const read = () => rest.candles(PAGE, response(body), { exchange: 'coinbase', answeredAt: ANSWERED_AT });
    expect(faultOf(read)).toBe(`coinbase ${field}`);
  });

  it.each([
    ['candles.0', '{"candles":[[]]}'],
    ['candles.0.start', '{"candles":[{"start":"1795168801"}]}'],
    [
      'candles.0.low',
      '{"candles":[{"start":"1795168800","open":"1","high":"2","low":"1.5","close":"1","volume":"0"}]}',
    ],
  ])('leaves a row with a wrong %s out', (field, body) => {
    const read = () => rest.candles(PAGE, response(body), { exchange: 'coinbase', answeredAt: ANSWERED_AT });
    expect(faultOf(read)).toBe(`left out ${field}`);
  });

  it('lists aliases, volumes, and as tradable only what is online and nowise disabled', () => {
    const { symbols } = rest.listing(response(fixture('http_listing')));
    expect(symbols[0]).toEqual({
      symbol: 'BTC-USD',
      base: 'BTC',
      quote: 'USD',
      isTradable: true,
      quoteVolume24h: 487_900_000.12,
    });
    expect(symbols.flatMap(({ symbol, streamedAs }) => (streamedAs ? [[symbol, streamedAs]] : []))).toEqual([
      ['BTC-USDC', 'BTC-USD'],
    ]);
    const tradable = symbols.filter((one) => one.isTradable).map((one) => one.symbol);
    expect(tradable).toEqual(['BTC-USD', 'BTC-USDC', 'USDT-USDC']);
    expect(symbols.find((one) => one.symbol === 'OLD-USD')).not.toHaveProperty('quoteVolume24h');
  });

  it.each([null, '', undefined])('lists a product whose alias is %j as one without an alias', (alias) => {
    const { symbols, unreadable } = rest.listing(response(listingWith({ product_id: 'NEW-USD', alias })));
    expect(unreadable).toEqual([]);
    expect(symbols[0]).toMatchObject({ symbol: 'NEW-USD' });
    expect(symbols[0]).not.toHaveProperty('streamedAs');
  });

  it.each([5, null, '', '-1', 'many', undefined])(
    'lists a product whose volume is %j without it',
    (volume) => {
      const odd = { product_id: 'NEW-USD', approximate_quote_24h_volume: volume };
      const { symbols, unreadable } = rest.listing(response(listingWith(odd)));
      expect([symbols[0]?.symbol, unreadable]).toEqual(['NEW-USD', []]);
      expect(symbols[0]).not.toHaveProperty('quoteVolume24h');
    },
  );

  it.each([
    ['A:B-USD', {}, 'product_id'],
    ['A B-USD', {}, 'product_id'],
    ['NEW-USD', { view_only: 'no' }, 'view_only'],
    ['NEW-USD', { alias: 5 }, 'alias'],
    ['NEW-USD', { alias: 'A:B' }, 'alias'],
  ])('leaves %s with %j out of a listing by name, and lists all the others', (product_id, damage, field) => {
    const { symbols, unreadable } = rest.listing(response(listingWith({ product_id, ...damage })));
    expect(symbols).toEqual(rest.listing(response(fixture('http_listing'))).symbols);
    expect(unreadable).toEqual([
      expect.objectContaining({ field: `products.0.${field}`, symbol: product_id }),
    ]);
  });

  it.each(['{"products":[]}', '{"products":[null]}', '{"products":{}}'])('takes %s as no listing', (body) => {
    expect(() => rest.listing(response(body))).toThrow(/^coinbase: products/);
  });

  it('reads the time as text and as a number', () => {
    expect(rest.serverTime(response(fixture('http_time')))).toBe(1_795_168_805_123);
    expect(rest.serverTime(response(fixture('http_time_numbers')))).toBe(1_795_168_805_123);
  });

  it.each<[string, HttpResponse, object]>([
    ['data', response('{"candles":[]}'), { verdict: 'ok' }],
    ['a page of HTML', response('<html></html>'), { verdict: 'unavailable' }],
    ['throttling as 401', response('Unauthorized', 401), { verdict: 'rate-limited' }],
    [
      '429 as the application interface tells it',
      response('{"errors":[{"id":"rate_limit_exceeded","message":"Too many requests"}]}', 429),
      { verdict: 'rate-limited' },
    ],
    [
      '429 in plain text',
      response('slow down', 429, { 'retry-after': '2' }),
      { verdict: 'rate-limited', waitMs: 2_000 },
    ],
    ['throttling as 500', response(fault('RESOURCE_EXHAUSTED', 'x'), 500), { verdict: 'rate-limited' }],
    [
      'an unknown product',
      response('{"error":"NOT_FOUND","message":"Product NOPE-USD not supported"}', 404),
      { verdict: 'unknown-symbol', message: 'HTTP 404: Product NOPE-USD not supported' },
    ],
    ['a window too wide', response(fault('INVALID_ARGUMENT', 'less than 350'), 400), { verdict: 'rejected' }],
    ['a missing scope', response(fault('PERMISSION_DENIED', 'Missing'), 403), { verdict: 'rejected' }],
    ['a firewall', response('<html>403</html>', 403), { verdict: 'unavailable' }],
    ['a missing page', response('<html>404</html>', 404), { verdict: 'unavailable' }],
    ['a refused location', response('', 451), { verdict: 'blocked' }],
    [
      'a cancelled call',
      response('{"error":"context canceled","code":1,"message":"context canceled"}', 500),
      { verdict: 'unavailable', message: 'HTTP 500: context canceled' },
    ],
    ['a proxy', response('<html>503</html>', 503), { verdict: 'unavailable' }],
  ])('has the right verdict on %s', (_what, answer, expected) => {
    expect(rest.verdict(answer)).toMatchObject(expected);
    if (!('waitMs' in expected)) expect(rest.verdict(answer)).not.toHaveProperty('waitMs');
  });
});

const Quoted = z.object({ what: z.string(), raw: z.string() });
const Probe = z.object({ snapshots: z.record(z.string(), z.object({ sample_candle: z.looseObject({}) })) });

describe.skipIf(!hasRecordedData)('recorded traffic (skipped where ../shared/data is absent)', () => {
  it('reads every frame quoted from the live venue', () => {
    const lines = recordedLines('ws/coinbase-advanced-quoted-frames.jsonl');
    const kinds = lines.map((line) => decode(Quoted.parse(JSON.parse(line)).raw).kind);
    expect(kinds).toEqual(['data', 'data', 'ack', 'ack', 'heartbeat', 'error', 'ignored', 'data']);
  });

  it.each([
    'ws/coinbase-advanced-candles-btc-single.json',
    'ws/coinbase-advanced-candles-test-100-symbols.json',
    'ws/coinbase-advanced-candles-test-results.json',
  ])('reads every sample of live snapshots in %s', (file) => {
    const { snapshots } = Probe.parse(JSON.parse(must(recordedText(file), file)));
    const samples = Object.values(snapshots).map((snapshot) => snapshot.sample_candle);
    const events = [{ type: 'snapshot', candles: samples }];
    const text = { channel: 'candles', timestamp: '2026-01-23T12:08:09.9480734Z', sequence_num: 0, events };
    expect(candlesIn(JSON.stringify(text))).toHaveLength(samples.length);
  });

  it('reads the recorded time', () => {
    const file = 'rest/coinbase-advanced-time-2026-09-30.json';
    expect(rest.serverTime(response(must(recordedText(file), file)))).toBe(1_790_735_849_298);
  });
});
