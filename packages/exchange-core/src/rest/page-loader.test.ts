import type { StoredCandle, WriteOutcome } from '@livermore/cache';
import { candleClassOf, closeAsOf, timeframeMs } from '@livermore/schemas';
import type { Series, SourcedCandle } from '@livermore/schemas';
import { describe, expect, it } from 'vitest';
import { restAsOf } from '../as-of';
import type { HistoryWrite, LoadOptions } from '../ports';
import type { CandlePage, ExchangeProtocol } from '../protocol/protocol';
import { FAKE_EXCHANGE } from '../testing/fake-rest-venue';
import { outcomeWith } from '../testing/reports';
import { HistoryLoader } from './page-loader';
import type { HistoryLoaderOptions } from './page-loader';

const STEP = timeframeMs('1m');
const FROM = 1_700_000_040_000;
const page = { symbol: 'ABC', timeframe: '1m', from: FROM, to: FROM + 10 * STEP } as const;
const LATER = page.to + 700_000;
const timeOf = (bar: number) => FROM + bar * STEP;
/** The page and the bar after it. */
const all = Array.from({ length: 11 }, (_, bar) => bar);
const without = (...bars: number[]) => all.filter((bar) => !bars.includes(bar));

function row(bar: number, answeredAt = LATER): SourcedCandle {
  const price = 100 + bar;
  return {
    timestamp: timeOf(bar),
    open: price,
    high: price,
    low: price,
    close: price,
    volume: 1,
    symbol: 'ABC',
    timeframe: '1m',
    exchange: 'sandbox',
    sequenceNum: restAsOf('1m', timeOf(bar), answeredAt),
    source: 'rest',
  };
}

function quietBar(bar: number, over: Partial<StoredCandle> = {}): StoredCandle {
  const sequenceNum = closeAsOf('1m', timeOf(bar));
  return { ...row(bar), close: 100, volume: 0, source: 'no-trades', sequenceNum, ...over };
}

interface Given {
  readonly emptyBuckets?: ExchangeProtocol['emptyBuckets'];
  readonly candlesPerPage?: number;
  readonly serves: readonly number[];
  readonly unreadable?: readonly number[];
  readonly answeredAt?: number;
  readonly cached?: readonly StoredCandle[];
  readonly absent?: readonly number[];
  /** Open times asked for before, and when. */
  readonly asked?: ReadonlyMap<number, number>;
  readonly outcomeOf?: (candle: SourcedCandle) => WriteOutcome;
  readonly over?: Partial<HistoryLoaderOptions>;
}

/** Everything around the loader, in memory, with a record of what happened in which order. */
function setUp(given: Given) {
  const { emptyBuckets = 'omitted', candlesPerPage = 100, cached = [], answeredAt = LATER } = given;
  const log: string[] = [];
  const pages: CandlePage[] = [];
  const absences = new Set(given.absent);
  const unserved = new Map(given.asked);
  const looks = new Map<number, number>();
  const writes: SourcedCandle[] = [];
  const contexts: HistoryWrite[] = [];
  const loader = new HistoryLoader({
    exchange: FAKE_EXCHANGE,
    protocol: {
      emptyBuckets,
      rest: { limits: { candlesPerPage, confirmMs: 60_000, finality: { fromMs: 30_000, apartMs: 30_000 } } },
    },
    source: {
      fetchPage: (asked) => {
        pages.push(asked);
        const inside = given.serves.filter((bar) => timeOf(bar) >= asked.from && timeOf(bar) < asked.to);
        const unreadable = (given.unreadable ?? []).map((bar) => ({
          field: `[${bar}]`,
          message: 'is no row',
          openTime: timeOf(bar),
        }));
        const candles = inside.map((bar) => row(bar, answeredAt));
        return Promise.resolve({ page: asked, candles, unreadable, answeredAt });
      },
    },
    sink: {
      writeHistory: (_, candles, context) => {
        log.push('write');
        contexts.push(context);
        writes.push(...candles);
        return Promise.resolve(candles.map((candle) => given.outcomeOf?.(candle) ?? outcomeWith()));
      },
      retract: (bar, cause) => {
        log.push(`retract ${(bar.timestamp - FROM) / STEP} (${bar.sequenceNum}): ${cause}`);
        return Promise.resolve(true);
      },
    },
    cache: {
      readExchangeCandles: (_id, { timeframe }: Series, query) => {
        const { from = 0, to = Number.POSITIVE_INFINITY } = query ?? {};
        const found = cached.filter(
          (bar) => bar.timeframe === timeframe && bar.timestamp >= from && bar.timestamp <= to,
        );
        return Promise.resolve([...found]);
      },
    },
    absences: {
      read: () => Promise.resolve([...absences]),
      add: (_id, _series, openTimes) => {
        if (openTimes.length > 0) log.push('absent');
        for (const openTime of openTimes) absences.add(openTime);
        return Promise.resolve();
      },
      remove: (_id, _series, openTimes) => {
        for (const openTime of openTimes) absences.delete(openTime);
        return Promise.resolve();
      },
    },
    unserved: {
      read: () => Promise.resolve(unserved),
      add: (_id, _series, openTimes, at) => {
        for (const openTime of openTimes) unserved.set(openTime, at);
        return Promise.resolve();
      },
      remove: (_id, _series, openTimes) => {
        for (const openTime of openTimes) unserved.delete(openTime);
        return Promise.resolve();
      },
    },
    looks: {
      add: (_id, _series, openTimes, due) => {
        for (const openTime of openTimes) looks.set(openTime, due);
        return Promise.resolve();
      },
    },
    ...given.over,
  });
  const load = (options: Partial<LoadOptions> = {}) =>
    loader.load(page, { lane: 'warmup', signal: new AbortController().signal, ...options });
  return { load, log, writes, contexts, pages, absences, unserved, looks };
}

/** Minutes 0 to 9 lie in two bars of five; of both the venue's own is known. */
const fives = (volume: number): readonly StoredCandle[] =>
  [-4, 1, 6].map((bar) => ({
    ...row(bar),
    timeframe: '5m',
    volume,
    standing: 'settled',
    sequenceNum: closeAsOf('5m', timeOf(bar)) + 1,
  }));
const before = { ...row(-1), sequenceNum: closeAsOf('1m', timeOf(-1)) };

describe('loading a page', () => {
  it('asks once, for one bar more than the page, and writes what lies in the page', async () => {
    const { load, writes, pages, log, looks } = setUp({ serves: all });
    const report = await load();
    expect(pages).toEqual([{ ...page, to: page.to + STEP }]);
    expect(writes.map((candle) => candle.timestamp)).toEqual(all.slice(0, 10).map(timeOf));
    expect(new Set(writes.map(candleClassOf))).toEqual(new Set([2]));
    expect(log).toEqual(['write']);
    expect(looks.size).toBe(0);
    expect(report).toMatchObject({
      page,
      answeredAt: LATER,
      rows: 10,
      written: 10,
      noTrades: 0,
      absent: [],
      unsettled: [],
      stillQuiet: [],
      newestRow: timeOf(10),
    });
  });

  it('asks for nothing beyond a full page, whose newest row has no witness then', async () => {
    const { load, writes, pages } = setUp({ serves: all, candlesPerPage: 10 });
    const report = await load();
    expect(pages).toEqual([page]);
    expect(writes.map(candleClassOf)).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 2, 1]);
    expect(report).toMatchObject({ rows: 10, newestRow: timeOf(9) });
  });

  it('says who asks', async () => {
    const { load, contexts } = setUp({ serves: all });
    await load();
    await load({ lane: 'boundary', cause: 'confirm' });
    expect(contexts).toEqual([{ cause: 'warmup', youngForMs: 30_000 }, { cause: 'confirm' }]);
  });

  it('counts what became of each bar', async () => {
    const outcomes: Readonly<Record<number, Partial<WriteOutcome>>> = {
      0: { wasClosed: true, replaced: true, changed: false, agrees: true, written: false },
      1: { wasClosed: true, replaced: true, changed: true, corrected: true },
      2: { wasClosed: true, replaced: true, changed: true, doubted: true, written: false },
      9: { wasClosed: true, replaced: true, changed: false, agrees: true },
    };
    const outcomeOf = (candle: SourcedCandle) => outcomeWith(outcomes[(candle.timestamp - FROM) / STEP]);
    const { load } = setUp({ serves: all.slice(0, 10), outcomeOf });
    const report = await load();
    expect(report).toMatchObject({
      rows: 10,
      written: 8,
      corrected: 1,
    });
    expect(report.outcomes).toHaveLength(10);
    expect(report.outcomes[1]).toMatchObject({
      candle: { timestamp: timeOf(1) },
      outcome: { corrected: true },
    });
  });
});

describe('a bar the answer lacks', () => {
  it('is unsettled at the first asking: noted, and to be looked at two minutes later', async () => {
    const { load, absences, unserved, looks, writes } = setUp({ serves: without(4) });
    expect(await load()).toMatchObject({ rows: 9, noTrades: 0, absent: [], unsettled: [timeOf(4)] });
    expect([...unserved]).toEqual([[timeOf(4), LATER]]);
    expect([...looks]).toEqual([[timeOf(4), LATER + 120_000]]);
    expect([writes.length, absences.size]).toEqual([9, 0]);
  });

  it('keeps the time of its first asking when it is asked for again too soon', async () => {
    const asked = new Map([[timeOf(4), LATER - 119_999]]);
    const { load, absences, unserved, looks } = setUp({ serves: without(4), asked });
    expect(await load()).toMatchObject({ unsettled: [timeOf(4)], absent: [] });
    expect([...unserved]).toEqual([...asked]);
    expect([looks.size, absences.size]).toEqual([0, 0]);
  });

  it('is absent at the second, two minutes later: remembered after the write, and looked at once more', async () => {
    const asked = new Map([[timeOf(4), LATER - 120_000]]);
    const { load, absences, unserved, looks, log } = setUp({ serves: without(4), asked });
    expect(await load()).toMatchObject({ absent: [timeOf(4)], unsettled: [] });
    expect([...absences]).toEqual([timeOf(4)]);
    expect(unserved.size).toBe(0);
    expect([...looks]).toEqual([[timeOf(4), LATER + 1_200_000]]);
    expect(log).toEqual(['write', 'absent']);
  });

  it('that is remembered as absent stays so without another look', async () => {
    const { load, looks, log } = setUp({ serves: without(4), absent: [timeOf(4)] });
    expect(await load()).toMatchObject({ absent: [timeOf(4)] });
    expect([looks.size, log]).toEqual([0, ['write']]);
  });

  it('is forgotten as absent and as asked for when it is there after all', async () => {
    const asked = new Map([[timeOf(5), 1]]);
    const { load, absences, unserved } = setUp({ serves: all, absent: [timeOf(4)], asked });
    await load();
    expect([absences.size, unserved.size]).toEqual([0, 0]);
  });

  it('whose row could not be read is unsettled, and not asked for in vain', async () => {
    const { load, unserved, absences } = setUp({ serves: without(4), unreadable: [4], absent: [] });
    expect(await load()).toMatchObject({ unsettled: [timeOf(4)], absent: [] });
    expect([unserved.size, absences.size]).toEqual([0, 0]);
  });

  it('has nothing to be asked for where it is cached as closed', async () => {
    const { load, looks } = setUp({ serves: without(4), cached: [row(4)] });
    expect(await load()).toMatchObject({ rows: 9, noTrades: 0, absent: [], unsettled: [] });
    expect(looks.size).toBe(0);
  });

  it('that the stream saw trading is unsettled, whatever speaks for quiet', async () => {
    const forming = { ...row(4), sequenceNum: closeAsOf('1m', timeOf(4)) - 1 };
    const feed = { quietDuring: () => true, heardDuring: () => false };
    const { load, writes } = setUp({ serves: without(4), cached: [forming], over: { feed } });
    expect(await load()).toMatchObject({ noTrades: 0, unsettled: [timeOf(4)] });
    expect(writes).toHaveLength(9);
  });
});

describe('a bar the answer lacks, proven quiet', () => {
  it('is stored as flat, and looked at again later', async () => {
    const feed = {
      quietDuring: (_: string, from: number) => from === timeOf(4) || from === timeOf(5),
      heardDuring: () => false,
    };
    const { load, writes, looks } = setUp({ serves: without(4, 5), over: { feed } });
    expect(await load()).toMatchObject({ rows: 8, written: 10, noTrades: 2, absent: [], unsettled: [] });
    expect(writes[4]).toMatchObject({ timestamp: timeOf(4), close: 103, volume: 0, source: 'no-trades' });
    expect([...looks]).toEqual([4, 5].map((bar) => [timeOf(bar), LATER + 1_200_000]));
  });

  it('is so for the feed only where a frame that comes late would have been heard', async () => {
    const asked: number[][] = [];
    const feed = {
      heardDuring: () => false,
      quietDuring: (_: string, from: number, to: number) => {
        asked.push([from, to]);
        return false;
      },
    };
    await setUp({ serves: without(4), over: { feed } }).load();
    expect(new Set(asked.map(String))).toEqual(new Set([`${timeOf(4)},${timeOf(5) + 5_000}`]));
  });

  it.each([
    ['settled by REST', { source: 'rest', standing: 'settled' }, 1],
    ['settled by REST and stream', { source: 'stream', standing: 'settled' }, 1],
    [
      'read by REST long after its close',
      { source: 'rest', sequenceNum: closeAsOf('5m', timeOf(1)) + 6e8 },
      1,
    ],
    [
      'read by REST right after its close',
      { source: 'rest', sequenceNum: closeAsOf('5m', timeOf(1)) + 5e8 },
      0,
    ],
    ['read without a witness', { source: 'rest', standing: 'unwitnessed' }, 0],
    ['the stream’s own', { source: 'stream' }, 0],
    ['made of these very bars', { source: 'stand-in' }, 0],
  ] as const)('by a longer bar that was %s: %j', async (_, over, noTrades) => {
    const [, five] = fives(4);
    const { standing: _standing, ...plain } = five ?? before;
    const { load } = setUp({ serves: without(4), cached: [{ ...plain, ...over }] });
    expect(await load()).toMatchObject({ noTrades });
  });

  it('in company only before something later that the answer holds', async () => {
    const asked: (readonly [number, number])[] = [];
    const company = {
      tradedIn: (_: string, { from, to }: { readonly from: number; readonly to: number }) => {
        asked.push([from, to]);
        return Promise.resolve(new Set(all.map(timeOf)));
      },
    };
    const { load } = setUp({ serves: all.slice(0, 9).filter((bar) => bar !== 4), over: { company } });
    expect(await load()).toMatchObject({ noTrades: 1, unsettled: [timeOf(9)] });
    expect(asked).toEqual([[timeOf(4), timeOf(5)]]);
  });

  it('has the price of the cached bar right before the page, and none where that is not known or not closed', async () => {
    const feed = { quietDuring: () => true, heardDuring: () => false };
    const load = (cached: readonly StoredCandle[]) =>
      setUp({ serves: without(0, 1), cached, over: { feed } }).load();
    expect(await load([before])).toMatchObject({ noTrades: 2 });
    for (const cached of [[], [row(-2)], [{ ...before, sequenceNum: 1 }]]) {
      expect(await load(cached)).toMatchObject({ noTrades: 0, unsettled: [timeOf(0), timeOf(1)] });
    }
  });

  it('is never made up where the venue serves every bucket', async () => {
    const feed = { quietDuring: () => true, heardDuring: () => false };
    const { load } = setUp({ serves: without(4), emptyBuckets: 'flat', over: { feed } });
    expect(await load()).toMatchObject({ noTrades: 0, unsettled: [timeOf(4)] });
  });
});

describe('a bar that was said to be quiet before', () => {
  it('is taken back when a longer bar refutes it, and absent from then on', async () => {
    const cached = [quietBar(4), ...fives(5)];
    const { load, log, absences, looks, writes } = setUp({ serves: without(4), cached });
    expect(await load()).toMatchObject({ absent: [timeOf(4)], stillQuiet: [], rows: 9, noTrades: 0 });
    expect(log).toEqual([
      `retract 4 (${closeAsOf('1m', timeOf(4))}): refuted by a longer bar`,
      'write',
      'absent',
    ]);
    expect([...absences]).toEqual([timeOf(4)]);
    expect([...looks]).toEqual([[timeOf(4), LATER + 1_200_000]]);
    expect(writes.every((candle) => candle.source === 'rest')).toBe(true);
  });

  it.each([
    ['ten minutes after its close it is settled', 600_000, undefined, 'settled'],
    ['a moment before it stays as it is', 599_999, undefined, undefined],
    ['a settled one is left as it is', 600_000, 'settled', undefined],
    ['a day after its close it is final', 86_400_000, 'settled', 'final'],
    ['a final one is left as it is', 86_400_000, 'final', undefined],
  ] as const)('still is: %s', async (_, afterMs, standing, becomes) => {
    const answeredAt = timeOf(5) + afterMs;
    const cached = [quietBar(4, standing === undefined ? {} : { standing })];
    const { load, writes } = setUp({ serves: without(4), cached, answeredAt });
    const report = await load();
    expect(report.stillQuiet).toEqual([timeOf(4)]);
    const written = writes.find((candle) => candle.timestamp === timeOf(4));
    expect(written?.standing).toBe(becomes);
    if (becomes !== undefined)
      expect(written).toMatchObject({ close: 100, volume: 0, sequenceNum: answeredAt * 1_000 });
  });

  it('gives way to a row of it, without a word about quiet', async () => {
    const { load, log } = setUp({ serves: all, cached: [quietBar(4), ...fives(5)] });
    expect(await load()).toMatchObject({ stillQuiet: [], rows: 10 });
    expect(log).toEqual(['write']);
  });
});

describe('what is known of a page', () => {
  it('is read once, and no bar of it where the answer lacks none', async () => {
    for (const [serves, expected] of [
      [all, { bars: 0, absences: 1, unserved: 1 }],
      [without(4), { bars: 5, absences: 1, unserved: 1 }],
    ] as const) {
      const reads = { bars: 0, absences: 0, unserved: 0 };
      const { load } = setUp({
        serves,
        over: {
          cache: { readExchangeCandles: () => Promise.resolve(((reads.bars += 1), [])) },
          absences: {
            read: () => Promise.resolve(((reads.absences += 1), [])),
            add: () => Promise.resolve(),
            remove: () => Promise.resolve(),
          },
          unserved: {
            read: () => Promise.resolve(((reads.unserved += 1), new Map())),
            add: () => Promise.resolve(),
            remove: () => Promise.resolve(),
          },
        },
      });
      await load();
      expect(reads).toEqual(expected);
    }
  });
});

describe('an empty answer', () => {
  it('settles nothing of a young page, and does not count as an asking', async () => {
    const answeredAt = page.to + 2_000;
    const { load, unserved, looks } = setUp({ serves: [], answeredAt });
    const report = await load();
    expect(report).toMatchObject({ rows: 0, absent: [], newestRow: undefined });
    expect(report.unsettled).toEqual(all.slice(0, 10).map(timeOf));
    expect([unserved.size, looks.size]).toEqual([0, 0]);
  });

  it('of an old page counts as an asking', async () => {
    const { load, unserved } = setUp({ serves: [] });
    expect(await load()).toMatchObject({ unsettled: all.slice(0, 10).map(timeOf) });
    expect(unserved.size).toBe(10);
  });
});
