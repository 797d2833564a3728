import { describe, expect, it } from 'vitest';
import { FROZEN, createRig, objectOf, rowsOf, vectorMarket } from '../testing/coinbase-rig';

const NO_CACHE = { 'cache-control': 'no-cache' };
const candlesOf = (query: string, id = 'BTC-USD') => `/market/products/${id}/candles?${query}`;
const minute = (start: number, end: number) => `granularity=ONE_MINUTE&start=${start}&end=${end}`;
const starts = (body: string) => rowsOf(body, 'candles').map((row) => row['start']);

describe('candles', () => {
  it('come newest first, both ends inclusive (vector 1)', () => {
    const { body, status } = createRig().get(candlesOf(minute(1_795_168_740, 1_795_168_800)));
    expect(status).toBe(200);
    expect(starts(body)).toEqual(['1795168800', '1795168740']);
  });

  it('leave out buckets without trades (vector 2)', () => {
    const { body } = createRig().get(candlesOf(minute(1_795_168_560, 1_795_168_680)));
    expect(starts(body)).toEqual(['1795168680', '1795168560']);
  });

  it('accept a window of 349 granularities, which is 350 buckets (vector 3)', () => {
    const { body, status } = createRig().get(candlesOf(minute(1_795_147_860, 1_795_168_800)));
    expect(status).toBe(200);
    expect(starts(body)).toHaveLength(349);
  });

  it('refuse a window of 350 granularities as a whole, in the exact words (vector 4)', () => {
    const { body, status } = createRig().get(candlesOf(minute(1_795_147_800, 1_795_168_800)));
    expect(status).toBe(400);
    expect(body).toBe(
      '{"error":"INVALID_ARGUMENT","error_details":"start and end argument is invalid - number of candles requested should be less than 350","message":"start and end argument is invalid - number of candles requested should be less than 350"}',
    );
  });

  it('are an empty list where nothing traded, in the future and before the listing (vector 5)', () => {
    const rig = createRig();
    for (const [id, start, end] of [
      ['ABC-USD', 1_795_168_200, 1_795_168_800],
      ['BTC-USD', 1_795_172_000, 1_795_173_000],
      ['BTC-USD', 1_600_000_000, 1_600_001_000],
    ] as const) {
      expect(rig.get(candlesOf(minute(start, end), id)).body).toBe('{"candles":[]}');
    }
  });

  it('of an unknown product are not found (vector 6)', () => {
    const { body, status } = createRig().get(candlesOf(minute(1_795_168_740, 1_795_168_800), 'NOPE-USD'));
    expect(status).toBe(404);
    expect(JSON.parse(body)).toMatchObject({
      error: 'NOT_FOUND',
      message: 'Product NOPE-USD not supported',
    });
  });

  it('are six texts without a fixed scale', () => {
    const { body } = createRig().get(candlesOf(minute(1_795_168_740, 1_795_168_740)));
    const [row] = rowsOf(body, 'candles');
    expect(Object.keys(row ?? {})).toEqual(['start', 'low', 'high', 'open', 'close', 'volume']);
    for (const value of Object.values(row ?? {})) expect(value).toMatch(/^\d+(\.\d*[1-9])?$/);
  });

  it('with a limit are the newest of the window, and without a window the newest of all', () => {
    const rig = createRig();
    const limited = rig.get(candlesOf(`${minute(1_795_168_500, 1_795_168_800)}&limit=2`));
    expect(starts(limited.body)).toEqual(['1795168800', '1795168740']);
    const newest = rig.get(candlesOf('granularity=FIVE_MINUTE&limit=3'));
    expect(starts(newest.body)).toEqual(['1795168800', '1795168500', '1795168200']);
  });

  it('of unaligned ends are the buckets that start inside', () => {
    const { body } = createRig().get(candlesOf(minute(1_795_168_681, 1_795_168_799)));
    expect(starts(body)).toEqual(['1795168740']);
  });

  it('refuse a bad granularity, an unreadable time and a start after the end, all under the same keys', () => {
    const rig = createRig({ profile: { publicPerSecond: 100 } });
    for (const query of [
      'granularity=THREE_MINUTE',
      'granularity=UNKNOWN_GRANULARITY',
      'start=1&end=2',
      'granularity=ONE_MINUTE&start=soon',
      minute(1_795_168_800, 1_795_168_740),
      `${minute(1_795_168_740, 1_795_168_800)}&limit=none`,
    ]) {
      const { body, status } = rig.get(candlesOf(query));
      expect(status).toBe(400);
      expect(Object.keys(objectOf(JSON.parse(body)))).toEqual(['error', 'error_details', 'message']);
    }
  });

  it('come in every granularity the venue serves', () => {
    const rig = createRig({ profile: { publicPerSecond: 100 } });
    const names = ['FIVE', 'FIFTEEN', 'THIRTY'].map((count) => `${count}_MINUTE`);
    for (const name of [...names, 'ONE_HOUR', 'TWO_HOUR', 'FOUR_HOUR', 'SIX_HOUR', 'ONE_DAY']) {
      const { body } = rig.get(candlesOf(`granularity=${name}&start=1795132800&end=1795132800`));
      expect(starts(body)).toEqual(['1795132800']);
    }
  });

  it('of a USDC twin are those of the book it shares', () => {
    const rig = createRig();
    const window = minute(1_795_168_500, 1_795_168_800);
    expect(rig.get(candlesOf(window, 'BTC-USDC')).body).toBe(rig.get(candlesOf(window)).body);
  });

  it('come from the market as REST shows it, in its order: missing, repeated and lagging rows show', () => {
    const market = createRigMarketWithout(1_795_168_800_000);
    const { body } = createRig({ restMarket: market }).get(candlesOf(minute(1_795_168_680, 1_795_168_800)));
    expect(starts(body)).toEqual(['1795168740', '1795168680', '1795168680']);
  });

  it('ignore parameters they do not know and count as candle requests of the client', () => {
    const rig = createRig();
    const query = `${minute(1_795_168_740, 1_795_168_800)}&productId=BTC-USD`;
    expect(starts(rig.get(candlesOf(query)).body)).toHaveLength(2);
    expect(rig.recorder.log.candleRequests.get('BTC-USD|ONE_MINUTE')).toBe(1);
  });
});

function createRigMarketWithout(openTime: number) {
  const market = vectorMarket();
  return {
    ...market,
    bars: (...[symbol, interval, from, to, now]: Parameters<typeof market.bars>) => {
      const bars = market.bars(symbol, interval, from, to, now).filter((bar) => bar.openTime < openTime);
      return [...bars.slice(0, 1), ...bars];
    },
  };
}

function tradesWith(limit: string) {
  return createRig().get(`/market/products/ETH-USD/ticker${limit}`);
}

describe('time', () => {
  it('is three texts', () => {
    expect(createRig().get('/time').body).toBe(
      '{"iso":"2026-11-20T10:00:05Z","epochSeconds":"1795168805","epochMillis":"1795168805123"}',
    );
  });
});

describe('the listing', () => {
  it('has alias pairs, the pair that is none, a disabled and a view-only product', () => {
    const products = rowsOf(createRig().get('/market/products?product_type=SPOT').body, 'products');
    const byId = new Map(products.map((product) => [product['product_id'], product]));
    expect(byId.get('BTC-USD')).toMatchObject({ alias: '', alias_to: ['BTC-USDC'], status: 'online' });
    expect(byId.get('BTC-USDC')).toMatchObject({ alias: 'BTC-USD', alias_to: [] });
    expect(byId.get('USDT-USDC')).toMatchObject({ alias: '', alias_to: [], view_only: false });
    expect(products.some((product) => product['is_disabled'] === true)).toBe(true);
    expect(products.some((product) => product['view_only'] === true)).toBe(true);
  });

  it('has empty texts where there is no number, and fields no documentation names', () => {
    const rig = createRig();
    const product = objectOf(JSON.parse(rig.get('/market/products/BTC-USD').body));
    expect(product).toMatchObject({ best_bid_price: '', mid_market_price: '', market_cap: '' });
    expect(product).toHaveProperty('listing_tier');
    expect(objectOf(JSON.parse(rig.get('/market/products/USDT-USDC').body))).toMatchObject({ price: '' });
    expect(Object.keys(product).length).toBeGreaterThanOrEqual(50);
  });

  it('pages, filters, and hides what is delisted unless asked', () => {
    const rig = createRig({ profile: { publicPerSecond: 100 } });
    const ids = (query: string) =>
      rowsOf(rig.get(`/market/products?${query}`).body, 'products').map((product) => product['product_id']);
    expect(ids('product_ids=BTC-USD&product_ids=ETH-USD')).toEqual(['BTC-USD', 'ETH-USD']);
    expect(ids('limit=1&offset=1')).toEqual(ids('').slice(1, 2));
    expect(ids('product_type=FUTURE')).toEqual([]);
    expect(ids('')).not.toContain('REPV1-USD');
    expect(ids('get_all_products=true')).toContain('REPV1-USD');
  });

  it('says price and day figures that come from the tape', () => {
    const rig = createRig();
    const product = objectOf(JSON.parse(rig.get('/market/products/BTC-USD').body));
    const [last] = rowsOf(rig.get('/market/products/BTC-USD/ticker?limit=1').body, 'trades');
    expect(product['price']).toBe(last?.['price']);
    expect(Number(product['high_24h'])).toBeGreaterThanOrEqual(Number(product['price']));
    expect(Number(product['volume_24h'])).toBeGreaterThan(0);
  });
});

describe('recent trades', () => {
  it('are capped at 100 (vector 7), newest first', () => {
    const rows = rowsOf(tradesWith('?limit=500').body, 'trades');
    expect(rows).toHaveLength(100);
    const ids = rows.map((row) => Number(row['trade_id']));
    expect(ids).toEqual(ids.toSorted((a, b) => b - a));
    expect(rows[0]).toMatchObject({ bid: '', ask: '', product_id: 'ETH-USD' });
  });

  it('fail from a limit of 1001 on (vector 8), and need a limit', () => {
    expect(tradesWith('?limit=1001').status).toBe(500);
    expect(tradesWith('?limit=1000').status).toBe(200);
    expect(tradesWith('').status).toBe(400);
  });

  it('tell the side of the maker', () => {
    const rows = rowsOf(tradesWith('?limit=2').body, 'trades');
    for (const row of rows) expect(row['side']).toBe(Number(row['trade_id']) % 2 === 0 ? 'BUY' : 'SELL');
  });

  it('add up to the candle of their minute', () => {
    const rig = createRig();
    const window = 'start=1795168740&end=1795168799';
    const rows = rowsOf(rig.get(`/market/products/BTC-USD/ticker?limit=100&${window}`).body, 'trades');
    const [candle] = rowsOf(rig.get(candlesOf(minute(1_795_168_740, 1_795_168_740))).body, 'candles');
    const volume = rows.reduce((sum, row) => sum + Number(row['size']), 0);
    expect(volume).toBeCloseTo(Number(candle?.['volume']), 8);
    expect(rows[0]?.['price']).toBe(candle?.['close']);
  });
});

describe('books and the App API', () => {
  it('show the best prices around the last trade', () => {
    const rig = createRig();
    const book = objectOf(JSON.parse(rig.get('/market/product_book?product_id=BTC-USD&limit=2').body));
    const bids = rowsOf(book['pricebook'], 'bids');
    const asks = rowsOf(book['pricebook'], 'asks');
    expect(bids).toHaveLength(2);
    expect(Number(asks[0]?.['price'])).toBeGreaterThan(Number(bids[0]?.['price']));
    expect(book['spread_absolute']).toBe('0.01');
  });

  it('serve what generic clients read first', () => {
    const rig = createRig();
    expect(rowsOf(rig.get('/v2/currencies/crypto').body, 'data').map((one) => one['code'])).toContain('BTC');
    expect(rig.get('/v2/currencies').status).toBe(200);
    expect(rig.get('/v2/exchange-rates').body).toContain('"currency":"USD"');
    expect(rig.get('/v2/time').body).toContain('"epoch":1795168805');
  });
});

describe('the content network', () => {
  it('repeats an answer for a second under a header that says four hours, unless asked not to', async () => {
    const rig = createRig({ profile: { publicPerSecond: 100 } });
    const path = '/market/products/ETH-USD/ticker?limit=1';
    const first = rig.get(path);
    expect(first.headers['cache-control']).toBe('public, max-age=14400');
    await rig.clock.advance(999);
    expect(rig.get(path).body).toBe(first.body);
    expect(rig.get(path, NO_CACHE).body).not.toBe(first.body);
    const other = createRig({ profile: { publicPerSecond: 100 } });
    other.get(path);
    await other.clock.advance(1000);
    expect(other.get(path).body).not.toBe(first.body);
  });

  it('repeats for longer, even against no-cache, while that is ordered', async () => {
    const rig = createRig();
    const path = '/market/products/ETH-USD/ticker?limit=1';
    const end = rig.faults.inject({ kind: 'rest-cached', byMs: 60_000 });
    const first = rig.get(path);
    await rig.clock.advance(59_000);
    expect(rig.get(path, NO_CACHE).body).toBe(first.body);
    end();
    expect(rig.get(path, NO_CACHE).body).not.toBe(first.body);
  });

  it.each([
    [undefined, { date: 59_000 }],
    ['date', { date: 0 }],
    ['age', { date: 59_000, age: '59' }],
  ] as const)('tells how old what it repeats is by %s', async (tells, { date, ...age }) => {
    const rig = createRig();
    const path = '/market/products/ETH-USD/ticker?limit=1';
    rig.faults.inject({ kind: 'rest-cached', byMs: 60_000, ...(tells === undefined ? {} : { tells }) });
    const startedAt = rig.clock.now();
    expect(rig.get(path, NO_CACHE).headers['age']).toBeUndefined();
    await rig.clock.advance(59_000);
    const { headers } = rig.get(path, NO_CACHE);
    expect(headers['date']).toBe(new Date(startedAt + date).toUTCString());
    expect(headers['age']).toBe('age' in age ? age.age : undefined);
  });
});

describe('the public limit', () => {
  it('refuses the eleventh request of a second (vector 11), and not the one after', async () => {
    const rig = createRig();
    const statuses = Array.from({ length: 11 }, () => rig.get('/time').status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 200), 429]);
    await rig.clock.advance(1000);
    expect(rig.get('/time').status).toBe(200);
  });

  it('is worded in four ways, none with Retry-After', () => {
    for (const [throttleWording, status, text] of [
      ['errors', 429, '{"errors":[{"id":"rate_limit_exceeded","message":"Too many requests"}]}'],
      [
        'resource-exhausted',
        429,
        '{"error":"resource_exhausted","error_details":"too many requests","message":"too many requests"}',
      ],
      ['text', 429, 'Too many requests'],
      ['unauthorized', 401, 'Unauthorized'],
    ] as const) {
      const rig = createRig({ profile: { throttleWording, publicPerSecond: 0 } });
      const response = rig.get('/time');
      expect([response.status, response.body]).toEqual([status, text]);
      expect(response.headers).not.toHaveProperty('retry-after');
    }
  });

  it('counts an address of its own for everyone', () => {
    const rig = createRig({ profile: { publicPerSecond: 1 } });
    const from = (ip: string) =>
      rig.venue.http({
        method: 'GET',
        path: '/api/v3/brokerage/time',
        query: new URLSearchParams(),
        headers: {},
        ip,
      }).status;
    expect([from('10.0.0.1'), from('10.0.0.2'), from('10.0.0.1')]).toEqual([200, 200, 429]);
  });
});

describe('what the venue is not asked for every day', () => {
  it('says what it does not know or do', () => {
    const rig = createRig();
    expect(rig.get('/market/nothing').status).toBe(404);
    expect(rig.get('/v2/nothing').status).toBe(404);
    const query = new URLSearchParams();
    const post = { method: 'POST', path: '/api/v3/brokerage/time', query, headers: {}, ip: '10.0.0.1' };
    expect(rig.venue.http(post).status).toBe(405);
    expect(rig.get('/market/products/%E0%A4%A/candles').status).toBe(404);
  });

  it('dates its answers on its own clock', () => {
    expect(createRig().get('/time').headers['date']).toBe(new Date(FROZEN).toUTCString());
  });
});
