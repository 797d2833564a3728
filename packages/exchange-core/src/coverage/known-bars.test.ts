import type { StoredCandle } from '@livermore/cache';
import { closeAsOf, timeframeMs } from '@livermore/schemas';
import type { Timeframe } from '@livermore/schemas';
import { describe, expect, it } from 'vitest';
import type { PageAnswer } from '../ports';
import { FAKE_EXCHANGE } from '../testing/fake-rest-venue';
import { KnownBarsReader } from './known-bars';
import type { KnownBarsOptions } from './known-bars';

const MINUTE = 60_000;
/** 2023-11-14 00:00 UTC: on the grid of every timeframe. */
const START = 1_699_920_000_000;
const at = (minute: number) => START + minute * MINUTE;
/** Minutes 10 to 19. */
const page = { symbol: 'ABC', timeframe: '1m', from: at(10), to: at(20) } as const;

function bar(timeframe: Timeframe, minute: number, over: Partial<StoredCandle> = {}): StoredCandle {
  const timestamp = at(minute);
  const values = { open: 7, high: 7, low: 7, close: 7, volume: timeframeMs(timeframe) / MINUTE };
  const sequenceNum = closeAsOf(timeframe, timestamp) + 1;
  return { ...values, symbol: 'ABC', timeframe, timestamp, sequenceNum, source: 'rest', ...over };
}

const settled = (timeframe: Timeframe, minute: number, volume: number) =>
  bar(timeframe, minute, { volume, standing: 'settled' });

interface Given {
  readonly cached?: readonly StoredCandle[];
  /** Minutes asked for in vain before. */
  readonly asked?: readonly number[];
  /** Minutes of the page the answer has. */
  readonly rows?: readonly number[];
  readonly unreadable?: PageAnswer['unreadable'];
  readonly over?: Partial<KnownBarsOptions>;
  /** The answer's minute. */
  readonly answered?: number;
}

async function read({
  cached = [],
  asked = [],
  rows = [],
  unreadable = [],
  over = {},
  answered = 60,
}: Given) {
  const reader = new KnownBarsReader({
    exchange: FAKE_EXCHANGE,
    protocol: { emptyBuckets: 'omitted' },
    cache: {
      readExchangeCandles: (_id, { timeframe }, query) => {
        const { from = 0, to = 0 } = query ?? {};
        const found = cached.filter(
          (each) => each.timeframe === timeframe && each.timestamp >= from && each.timestamp <= to,
        );
        return Promise.resolve([...found]);
      },
    },
    absences: { read: () => Promise.resolve([at(12)]) },
    unserved: { read: () => Promise.resolve(new Map(asked.map((minute) => [at(minute), 5]))) },
    ...over,
  });
  const candles = rows.map((minute) => ({
    ...bar('1m', minute),
    exchange: 'sandbox',
    sequenceNum: closeAsOf('1m', at(minute)) + 1,
    source: 'rest' as const,
  }));
  const answer: PageAnswer = { page, candles, unreadable, answeredAt: at(answered) };
  const inside = Array.from({ length: 10 }, (_, place) => 10 + place);
  const missing = inside.filter((minute) => !rows.includes(minute)).map(at);
  return reader.read(page, answer, missing);
}

const allBut = (...minutes: number[]) =>
  Array.from({ length: 11 }, (_, place) => 10 + place).filter((minute) => !minutes.includes(minute));

describe('what is known of the bars an answer lacks', () => {
  it('is what is cached of the page, what was asked before and what is absent', async () => {
    const forming = bar('1m', 13, { sequenceNum: 1 });
    const quiet = bar('1m', 14, { volume: 0, source: 'no-trades' });
    const known = await read({ cached: [bar('1m', 9), forming, quiet, bar('1m', 25)], asked: [11] });
    expect(known.priceBefore).toBe(7);
    expect([...known.inside]).toEqual([
      [at(13), { close: 7, volume: 1, isClosed: false, isQuiet: false }],
      [at(14), { close: 7, volume: 0, isClosed: true, isQuiet: true }],
    ]);
    expect([...known.askedAt]).toEqual([[at(11), 5]]);
    expect([...known.absent]).toEqual([at(12)]);
    expect(known.quiet(at(11))).toBe('unproven');
  });

  it('is proven by a longer bar of any length that holds it, up to 288 bars', async () => {
    const rows = allBut(16);
    for (const [timeframe, first] of [
      ['5m', 15],
      ['15m', 15],
      ['1h', 0],
      ['4h', 0],
    ] as const) {
      const minutes = timeframeMs(timeframe) / MINUTE;
      const others = Array.from({ length: minutes }, (_, place) => first + place).filter(
        (minute) => minute !== 16 && !rows.includes(minute),
      );
      const cached = [settled(timeframe, first, minutes - 1), ...others.map((minute) => bar('1m', minute))];
      expect((await read({ rows, cached })).quiet(at(16))).toBe('conserved');
    }
    const day = Array.from({ length: 1_440 }, (_, minute) => bar('1m', minute)).filter(
      (each) => each.timestamp !== at(16),
    );
    expect((await read({ rows, cached: [settled('1d', 0, 1_439), ...day] })).quiet(at(16))).toBe('unproven');
  });

  it('is refuted where its neighbours outside the page were asked for in vain before', async () => {
    const rows = allBut(19);
    const quarter = settled('15m', 15, 15);
    const around = [20, 21, 22, 23, 24, 25, 26, 27, 28];
    const cached = [quarter, ...around.map((minute) => bar('1m', minute))];
    expect((await read({ rows, cached })).quiet(at(19))).toBe('unproven');
    expect((await read({ rows, cached, asked: [29] })).quiet(at(19))).toBe('refuted');
  });

  it.each([
    ['its row', [{ field: '[1]', message: 'is no row', openTime: at(16) }]],
    ['some row', [{ field: '[1]', message: 'is no row' }]],
  ])(
    'is not refuted where another bar may have traded, because %s could not be read',
    async (_, unreadable) => {
      const rows = allBut(15, 16);
      const cached = [settled('5m', 15, 5), bar('1m', 15, { volume: 0, source: 'no-trades' })];
      expect((await read({ rows, cached })).quiet(at(15))).toBe('refuted');
      expect((await read({ rows, cached, unreadable })).quiet(at(15))).toBe('unproven');
    },
  );

  it('counts no volume of a bar that still forms', async () => {
    const rows = allBut(15, 16);
    const cached = [settled('5m', 15, 3), bar('1m', 15, { sequenceNum: 1 })];
    expect((await read({ rows, cached })).quiet(at(16))).toBe('conserved');
  });

  it('has no proof where the venue serves every bucket', async () => {
    const over = {
      protocol: { emptyBuckets: 'flat' },
      feed: { quietDuring: () => true, heardDuring: () => false },
    } as const;
    expect((await read({ rows: allBut(16), over })).quiet(at(16))).toBe('unproven');
  });

  it('asks other symbols only about what nothing else tells, and only before the newest row', async () => {
    const asked: (readonly [number, number])[] = [];
    const company = {
      tradedIn: (_: Timeframe, { from, to }: { readonly from: number; readonly to: number }) => {
        asked.push([from, to]);
        return Promise.resolve(new Set([at(12), at(13), at(19)]));
      },
    };
    const feed = { quietDuring: (_: string, from: number) => from === at(11), heardDuring: () => false };
    const rows = [10, 14, 15, 16, 17, 18];
    const known = await read({ rows, over: { company, feed } });
    expect(asked).toEqual([[at(12), at(14)]]);
    expect([11, 12, 13, 19].map((minute) => known.quiet(at(minute)))).toEqual([
      'observed',
      'in company',
      'in company',
      'unproven',
    ]);
  });
});

describe('a longer bar decides about a bar inside it', () => {
  it.each([
    ['where it was read ten minutes after its close', 600_000, 'conserved'],
    ['not where it was read before that', 599_999, 'unproven'],
  ] as const)('%s', async (_, afterMs, verdict) => {
    const five = bar('5m', 15, { volume: 4, sequenceNum: closeAsOf('5m', at(15)) + afterMs * 1000 });
    expect((await read({ rows: allBut(16), cached: [five] })).quiet(at(16))).toBe(verdict);
  });

  it('where it is quiet itself: then all in it were', async () => {
    const cached = [bar('5m', 15, { volume: 0, source: 'no-trades' })];
    const known = await read({ rows: allBut(15, 16, 17, 18, 19), cached });
    expect([15, 16, 17, 18, 19].map((minute) => known.quiet(at(minute)))).toEqual(Array(5).fill('conserved'));
  });
});

describe('a feed without a gap proves a bar quiet', () => {
  it.each([
    ['where it held for the time a frame may come late', 5_000, 'observed'],
    ['not where it broke before', 4_999, 'unproven'],
  ] as const)('%s', async (_, heldForMs, verdict) => {
    const feed = {
      quietDuring: (_symbol: string, _from: number, to: number) => to <= at(17) + heldForMs,
      heardDuring: () => false,
    };
    expect((await read({ rows: allBut(16), over: { feed } })).quiet(at(16))).toBe(verdict);
  });
});

/** The hour before minute 16, but for what belongs to the page. */
const hour = (quiet?: number) =>
  Array.from({ length: 60 }, (_, back) =>
    bar('1m', 16 - 60 + back, back === quiet ? { volume: 0, source: 'no-trades' } : {}),
  ).filter((each) => each.timestamp < at(10));

describe('that nothing came for a series that always trades', () => {
  const feed = { quietDuring: () => true, heardDuring: () => false };
  it.each([
    ['proves nothing yet', hour(), 26, 'unproven'],
    ['proves it ten minutes after the close', hour(), 27, 'observed'],
    ['proves it at once where the series was quiet before', hour(50), 26, 'observed'],
    ['proves it at once where too little is known of the series', hour().slice(30), 26, 'observed'],
  ] as const)('%s', async (_, cached, answered, verdict) => {
    const known = await read({ rows: [17, 18, 19], cached, answered, over: { feed } });
    expect(known.quiet(at(16))).toBe(verdict);
  });
});

describe('the company of other symbols', () => {
  const company = { tradedIn: () => Promise.resolve(new Set([at(16)])) };
  const quiet = async (answered: number, heard: readonly number[] = []) => {
    const heardDuring = (_: string, from: number, to: number) =>
      heard.some((each) => each >= from && each < to);
    const feed = { quietDuring: () => false, heardDuring };
    return (await read({ rows: allBut(16), answered, over: { company, feed } })).quiet(at(16));
  };

  it('proves nothing sooner than ten minutes after a close: what is late may come', async () => {
    expect(await quiet(26.999)).toBe('unproven');
    expect(await quiet(27)).toBe('in company');
  });

  it('proves nothing where the feed told of the very bar', async () => {
    expect(await quiet(60, [at(16) + 5_000])).toBe('unproven');
    expect(await quiet(60, [at(17) - 1])).toBe('unproven');
    expect(await quiet(60, [at(16) + 4_999, at(17)])).toBe('in company');
  });
});

describe('a known bar that is not in the answer', () => {
  const others = [15, 17, 18, 19].map((minute) => bar('1m', minute));
  const isTooMuch = async (...longer: readonly StoredCandle[]) =>
    (await read({ rows: allBut(16), cached: [...others, bar('1m', 16), ...longer] })).isTooMuch(at(16));

  it('is too much where a longer bar that can tell has room for all others and not for it', async () => {
    expect(await isTooMuch()).toBe(false);
    expect(await isTooMuch(settled('5m', 15, 4))).toBe(true);
    expect(await isTooMuch(settled('5m', 15, 4.9))).toBe(true);
    expect(await isTooMuch(settled('5m', 15, 5))).toBe(false);
    expect(await isTooMuch(settled('5m', 15, 3.9))).toBe(false);
    expect(await isTooMuch(bar('5m', 15, { volume: 4 }))).toBe(false);
  });

  it('is judged by the shortest longer bar', async () => {
    expect(await isTooMuch(settled('5m', 15, 5), settled('15m', 15, 4))).toBe(false);
  });
});
