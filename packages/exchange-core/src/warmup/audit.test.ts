import type { Verified } from '@livermore/cache';
import { TIMEFRAMES, closeAsOf, newestClosedOpenTime, openTimeOf, timeframeMs } from '@livermore/schemas';
import type { CandleSource, Series } from '@livermore/schemas';
import { ManualClock, silentLogger } from '@livermore/utils';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RejectedError, UnavailableError } from '../errors';
import type { BarOutcome, PageLoader, PageReport } from '../ports';
import type { CandlePage } from '../protocol/protocol';
import { binanceProtocol } from '../protocol/binance/index';
import { coinbaseProtocol } from '../protocol/coinbase/index';
import { outcomeWith, reportWith } from '../testing/reports';
import { Audit } from './audit';
import type { AuditOptions } from './audit';

const MINUTE_MS = 60_000;
const NOW = 29_500_000 * MINUTE_MS + 30_000;
const SERIES = { symbol: 'AAA', timeframe: '1m' } as const;
const signal = new AbortController().signal;

/** State that outlives an audit, as Redis does. */
function memoryStore() {
  const saved = new Map<string, Verified>();
  const store = {
    save: (_id: number, { symbol, timeframe }: Series, verified: Verified) => {
      saved.set(`${symbol} ${timeframe}`, verified);
      return Promise.resolve();
    },
    readAll: () => Promise.resolve(new Map(saved)),
    read: (_id: number, { symbol, timeframe }: Series) =>
      Promise.resolve(saved.get(`${symbol} ${timeframe}`)),
  };
  return { saved, store };
}

interface World {
  readonly series?: readonly Series[];
  /** Bars cached of a series, the newest closed one last. */
  readonly bars?: (series: Series) => number;
  /** Whether the cache hands out every bar and not only the oldest, which is enough where rows come. */
  readonly isFull?: boolean;
  /** Whether nothing traded in any bar that is cached. */
  readonly isQuiet?: boolean;
  /** Whether the venue has a row at an open time. */
  readonly hasRow?: (openTime: number) => boolean;
  readonly rest?: AuditOptions['rest'];
  readonly allowance?: { readonly weight: number; readonly perMs: number };
  readonly outcomeOf?: (openTime: number) => BarOutcome['outcome'];
  readonly onLoad?: (page: CandlePage) => void;
  readonly over?: Partial<AuditOptions>;
}

/** A venue that answers at once, and a cache that is full; what was read of each series is kept. */
function worldOf(given: World = {}) {
  const { series = [SERIES], bars = () => 100, hasRow = () => true, rest = binanceProtocol.rest } = given;
  const clock = new ManualClock(NOW);
  const { saved, store } = memoryStore();
  const pages: CandlePage[] = [];
  const loader: PageLoader = {
    load: (page, { lane, cause }) => {
      expect([lane, cause]).toEqual(['audit', 'audit']);
      pages.push(page);
      given.onLoad?.(page);
      return Promise.resolve(reportOf(page));
    },
  };
  const reportOf = (page: CandlePage): PageReport => {
    const step = timeframeMs(page.timeframe);
    const end = (page.to - page.from) / step < rest.limits.candlesPerPage ? page.to + step : page.to;
    const rows: number[] = [];
    for (let at = page.from; at < end; at += step) if (at <= clock.now() && hasRow(at)) rows.push(at);
    const witnessed = rows.slice(0, -1).filter((at) => at < page.to);
    return reportWith(page, {
      answeredAt: clock.now(),
      rows: rows.filter((at) => at < page.to).length,
      newestRow: rows.at(-1),
      outcomes: (given.outcomeOf === undefined ? [] : witnessed).map((timestamp) => ({
        candle: candleOf(page, timestamp, 'rest'),
        outcome: given.outcomeOf?.(timestamp) ?? outcomeWith(),
      })),
    });
  };
  const start = () =>
    new Audit({
      exchangeId: 1,
      series: () => series,
      cache: {
        readExchangeCandles: (_id, of) => {
          const step = timeframeMs(of.timeframe);
          const newest = newestClosedOpenTime(of.timeframe, clock.now());
          const count = bars(of);
          const source = given.isQuiet === true ? 'no-trades' : 'stream';
          const barAt = (_: unknown, at: number) => candleOf(of, newest - (count - 1 - at) * step, source);
          return Promise.resolve(
            Array.from({ length: given.isFull === true ? count : Math.min(count, 1) }, barAt),
          );
        },
      },
      store,
      loader,
      rest,
      allowance: () => given.allowance ?? { weight: 6_000, perMs: 60_000 },
      venueTime: clock,
      clock,
      logger: silentLogger,
      ...given.over,
    });
  return { clock, pages, saved, start };
}

function candleOf({ symbol, timeframe }: Series, timestamp: number, source: CandleSource) {
  const values = { open: 10, high: 12, low: 9, close: 11, volume: 3 };
  const sequenceNum = closeAsOf(timeframe, timestamp) + 1;
  return {
    ...values,
    symbol,
    timeframe,
    timestamp,
    exchange: 'x',
    sequenceNum,
    source,
  };
}

const seriesOf = (symbols: number): Series[] =>
  Array.from({ length: symbols }, (_, at) =>
    TIMEFRAMES.map((timeframe) => ({ symbol: `S${at}`, timeframe })),
  ).flat();
const keyOf = ({ symbol, timeframe }: Series) => `${symbol} ${timeframe}`;
const isVerified = (series: readonly Series[], saved: ReadonlyMap<string, Verified>) =>
  series.every((each) => (saved.get(keyOf(each))?.readAt ?? 0) > 0);

describe('what is compared', () => {
  it('is every closed bar of a series, and what came of it is counted', async () => {
    const newest = newestClosedOpenTime('1m', NOW);
    const differing = [newest - MINUTE_MS, newest - 2 * MINUTE_MS];
    const { start } = worldOf({
      bars: () => 10,
      outcomeOf: (openTime) => {
        if (openTime === differing[0]) return outcomeWith({ wasClosed: true, doubted: true, written: false });
        if (openTime === differing[1])
          return outcomeWith({ wasClosed: true, changed: true, previousSource: 'rest' });
        return outcomeWith({ wasClosed: true, agrees: true, changed: false, previousSource: 'stream' });
      },
    });
    const audit = start();
    await audit.auditOnce(signal);
    expect(audit.facts).toMatchObject({ pages: 1, compared: 10, equal: 8, different: 2, verified: 1 });
    const listed = audit.facts.differences.map(({ timestamp, source }) => [timestamp, source]);
    expect(listed).toEqual([
      [differing[1], 'rest'],
      [differing[0], undefined],
    ]);
  });

  it('is nothing where nothing was cached, or nothing was said of it', async () => {
    const { start } = worldOf({ outcomeOf: () => outcomeWith() });
    const audit = start();
    await audit.auditOnce(signal);
    expect(audit.facts.compared).toBe(0);
    const stale = worldOf({
      outcomeOf: () => outcomeWith({ wasClosed: true, changed: false, written: false }),
    }).start();
    await stale.auditOnce(signal);
    expect(stale.facts.compared).toBe(0);
  });

  it('keeps a bounded list of differences, and counts all of them', async () => {
    const { start } = worldOf({ bars: () => 120, outcomeOf: () => outcomeWith({ wasClosed: true }) });
    const audit = start();
    await audit.auditOnce(signal);
    expect(audit.facts.different).toBe(120);
    expect(audit.facts.differences).toHaveLength(50);
  });

  it('is handed on when it is read, and a page that fails is counted', async () => {
    const read: CandlePage[] = [];
    let fails = 0;
    const { start, clock, pages } = worldOf({
      series: seriesOf(1),
      onLoad: () => {
        fails += 1;
        if (fails === 1) throw new UnavailableError('down');
      },
      over: { onRead: ({ page }) => Promise.resolve(void read.push(page)) },
    });
    const audit = start();
    const stop = new AbortController();
    const run = audit.run(stop.signal);
    await clock.advance(5 * MINUTE_MS);
    stop.abort(new Error('stop'));
    await run;
    expect(audit.facts.failures).toBe(1);
    expect(read).toEqual(pages.slice(1));
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('how far a series is verified', () => {
  it('ends ten minutes before now: what the venue corrects late is not in a younger reading', async () => {
    const { start, saved } = worldOf();
    await start().auditOnce(signal);
    const { through } = saved.get('AAA 1m') ?? { through: 0 };
    expect(through).toBe(openTimeOf('1m', NOW - 600_000) - MINUTE_MS);
  });

  it('is not begun by an answer that holds nothing', async () => {
    const { start, saved } = worldOf({ hasRow: () => false });
    const audit = start();
    await audit.auditOnce(signal);
    expect(saved.get('AAA 1m')).toBeUndefined();
    expect(audit.facts.verified).toBe(0);
  });

  it('ends with the newest bar that was read with a witness', async () => {
    const newest = newestClosedOpenTime('4h', NOW);
    const { start, saved } = worldOf({
      series: [{ symbol: 'AAA', timeframe: '4h' }],
      hasRow: (openTime) => openTime <= newest,
    });
    await start().auditOnce(signal);
    expect(saved.get('AAA 4h')?.through).toBe(newest - timeframeMs('4h'));
  });

  it('goes page by page through more bars than a page holds, without a hole, and only then on to others', async () => {
    const rest = { candleWeight: () => 1, limits: { ...coinbaseProtocol.rest.limits, candlesPerPage: 300 } };
    const other = { symbol: 'BBB', timeframe: '1m' } as const;
    const { start, pages, saved } = worldOf({ series: [SERIES, other], bars: () => 1_000, rest });
    const audit = start();
    for (let round = 0; round < 4; round += 1) await audit.auditOnce(signal);
    const end = newestClosedOpenTime('1m', NOW) + MINUTE_MS;
    expect(pages.map((page) => page.symbol)).toEqual(['AAA', 'AAA', 'AAA', 'AAA']);
    expect(pages[0]?.from).toBe(end - 1_000 * MINUTE_MS);
    for (const [at, page] of pages.entries()) {
      expect((page.to - page.from) / MINUTE_MS).toBeLessThanOrEqual(299);
      if (at > 0) expect(page.from).toBeLessThanOrEqual(pages[at - 1]?.to ?? 0);
    }
    expect(pages.at(-1)?.to).toBe(end);
    expect(saved.get('AAA 1m')?.readAt).toBe(NOW);
    await audit.auditOnce(signal);
    expect(pages.at(-1)?.symbol).toBe('BBB');
  });

  it('goes on where the venue has nothing for longer than a page: a quiet series holds up no other', async () => {
    const rest = { candleWeight: () => 1, limits: { ...coinbaseProtocol.rest.limits, candlesPerPage: 300 } };
    const other = { symbol: 'BBB', timeframe: '1m' } as const;
    const { start, pages, saved } = worldOf({
      series: [SERIES, other],
      bars: () => 1_000,
      isQuiet: true,
      rest,
      hasRow: () => false,
    });
    const audit = start();
    for (let round = 0; round < 8; round += 1) await audit.auditOnce(signal);
    expect(pages.filter((page) => page.symbol === 'BBB')).toHaveLength(4);
    expect(isVerified([SERIES, other], saved)).toBe(true);
  });

  it('does not move by an answer without rows where bars that traded are cached, and holds up no other', async () => {
    const hours = { symbol: 'AAA', timeframe: '4h' } as const;
    let isEmpty = true;
    const { start, pages, saved, clock } = worldOf({
      series: [hours, { ...hours, symbol: 'BBB' }],
      hasRow: () => !isEmpty,
    });
    const audit = start();
    for (let round = 0; round < 3; round += 1) await audit.auditOnce(signal);
    expect(pages.map((page) => page.symbol)).toEqual(['AAA', 'BBB']);
    expect(saved).toEqual(new Map());
    expect(audit.facts.verified).toBe(0);
    isEmpty = false;
    await clock.advance(600_001);
    await audit.auditOnce(signal);
    expect(saved.get('AAA 4h')?.through).toBe(newestClosedOpenTime('4h', clock.now()));
  });

  it('is forgotten with the data of a Redis that lost it: what is filled in again is compared again', async () => {
    const rest = { candleWeight: () => 1, limits: { ...coinbaseProtocol.rest.limits, candlesPerPage: 300 } };
    const { start, pages, saved, clock } = worldOf({ bars: () => 1_000, rest });
    const audit = start();
    for (let round = 0; round < 4; round += 1) await audit.auditOnce(signal);
    saved.clear();
    await clock.advance(600_001);
    await audit.auditOnce(signal);
    const end = newestClosedOpenTime('1m', clock.now()) + MINUTE_MS;
    expect(pages.at(-1)?.from).toBe(end - 1_000 * MINUTE_MS);
    expect(audit.facts.verified).toBe(0);
  });

  it('reads a full series in one request where a request brings so many', async () => {
    const { start, pages, saved } = worldOf({ bars: () => 1_000 });
    await start().auditOnce(signal);
    expect(pages).toHaveLength(1);
    expect(saved.get('AAA 1m')?.readAt).toBe(NOW);
  });

  it('is read again whole, every second time older bars, where a page holds only the newest', async () => {
    const rest = { candleWeight: () => 1, limits: { ...coinbaseProtocol.rest.limits, candlesPerPage: 300 } };
    const fives = { symbol: 'AAA', timeframe: '5m' } as const;
    const step = timeframeMs('5m');
    const { start, pages, saved, clock } = worldOf({ series: [fives], bars: () => 1_000, rest });
    const audit = start();
    for (let round = 0; round < 4; round += 1) await audit.auditOnce(signal);
    pages.length = 0;
    for (let round = 0; round < 5; round += 1) {
      await clock.advance(600_001);
      await audit.auditOnce(signal);
    }
    const end = newestClosedOpenTime('5m', clock.now()) + step;
    const again = pages.filter((page) => page.to < end - 200 * step);
    expect(again.map((page) => pages.indexOf(page))).toEqual([0, 2, 4]);
    const ages = (at: number) => Math.floor((end - at) / step / 100);
    expect(again.map(({ from, to }) => [ages(from), ages(to)])).toEqual([
      [6, 3],
      [9, 6],
      [10, 9],
    ]);
    expect(saved.get('AAA 5m')?.through).toBeGreaterThan(end - 5 * step - timeframeMs('1h'));
  });

  it('is read again after all others, and not sooner than ten minutes later', async () => {
    const { start, pages, clock } = worldOf({ series: seriesOf(1) });
    const audit = start();
    for (const _ of TIMEFRAMES) await audit.auditOnce(signal);
    expect(new Set(pages.map((page) => page.timeframe)).size).toBe(TIMEFRAMES.length);
    expect(await audit.auditOnce(signal)).toBeUndefined();
    await clock.advance(600_001);
    expect((await audit.auditOnce(signal))?.timeframe).toBe('1m');
  });
});

const passes = async (world: ReturnType<typeof worldOf>, count: number) => {
  const audit = world.start();
  for (let pass = 0; pass < count; pass += 1) {
    await audit.auditOnce(new AbortController().signal);
    await world.clock.advance(600_001);
  }
};

const THREE_HUNDRED = { ...binanceProtocol.rest, limits: { candlesPerPage: 300 } };
const FIVES = { symbol: 'AAA', timeframe: '5m' } as const;
const FIVE_MS = timeframeMs('5m');

const turns = async ({ clock }: ReturnType<typeof worldOf>, audit: Audit, count: number) => {
  for (let turn = 0; turn < count; turn += 1) {
    await audit.auditOnce(signal);
    await clock.advance(600_001);
  }
};

describe('bars that traded and that the venue does not serve any more', () => {
  const oldest = newestClosedOpenTime('5m', NOW) - 999 * FIVE_MS;
  /** From which bar to which (counted from the oldest) rows are missing, and how many pages are asked for meanwhile. */
  const world = (from: number, to: () => number) =>
    worldOf({
      series: [FIVES],
      bars: () => 1_000,
      isFull: true,
      rest: THREE_HUNDRED,
      hasRow: (openTime) => openTime < oldest + from * FIVE_MS || openTime >= oldest + to() * FIVE_MS,
    });

  it('hold up no newer ones, and nothing is said to be verified beyond them', async () => {
    const lost = world(0, () => 310);
    await turns(lost, lost.start(), 5);
    const { clock, pages, saved } = lost;
    expect(pages[1]?.from).toBe(pages[0]?.to);
    expect(pages.some((page) => page.to > clock.now() - 3 * 600_000)).toBe(true);
    expect(saved.get('AAA 5m')).toBeUndefined();
  });

  it('are not verified where an answer ends before them', async () => {
    const { start, pages, saved } = world(1, () => 310);
    const audit = start();
    for (let round = 0; round < 4; round += 1) await audit.auditOnce(signal);
    expect(saved.get('AAA 5m')).toEqual({ through: oldest - FIVE_MS, readAt: 0 });
    expect(audit.facts.verified).toBe(0);
    expect(pages).toHaveLength(4);
  });

  it('are compared when they are served again, and what was compared beyond them counts then', async () => {
    let isLost = true;
    const back = world(1, () => (isLost ? 310 : 0));
    const audit = back.start();
    await turns(back, audit, 10);
    expect(back.saved.get('AAA 5m')?.readAt).toBe(0);
    isLost = false;
    await turns(back, audit, 8);
    const { through = 0, readAt } = back.saved.get('AAA 5m') ?? {};
    expect(through).toBeGreaterThan(back.clock.now() - 4 * 600_000);
    expect(readAt).toBeGreaterThan(0);
  });

  it('wherever they are: nothing is verified that no answer spoke of, and the newest are read all the same', async () => {
    const hole = fc.tuple(fc.integer({ min: 0, max: 980 }), fc.integer({ min: 1, max: 700 }));
    const holes = fc.array(hole, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(holes, fc.integer({ min: 0, max: 31 }), async (lost, backAfter) => {
        let turn = 0;
        const isLost = (openTime: number) =>
          turn < backAfter &&
          lost.some(([from, bars]) => {
            const at = (openTime - oldest) / FIVE_MS;
            return from <= at && at < Math.min(from + bars, 990);
          });
        const spoken = new Set<number>();
        const hasRow = (openTime: number) => !isLost(openTime);
        const { start, clock, saved, pages } = worldOf({
          series: [FIVES],
          bars: () => 1_000,
          isFull: true,
          rest: THREE_HUNDRED,
          hasRow,
          onLoad: ({ from, to }) => {
            let last = to;
            while (last >= from && !(last <= clock.now() && hasRow(last))) last -= FIVE_MS;
            for (let at = from; at <= last; at += FIVE_MS) spoken.add(at);
          },
        });
        const audit = start();
        for (; turn < 30; turn += 1) {
          await audit.auditOnce(signal);
          const { through = 0 } = saved.get('AAA 5m') ?? {};
          const kept = newestClosedOpenTime('5m', clock.now()) - 999 * FIVE_MS;
          for (let at = kept; at <= through; at += FIVE_MS) if (!spoken.has(at)) expect(at).toBe('spoken of');
          await clock.advance(600_001);
        }
        const newest = newestClosedOpenTime('5m', clock.now());
        expect(pages.slice(-8).some((page) => page.to > newest - 16 * FIVE_MS)).toBe(true);
        expect(saved.get('AAA 5m')?.through ?? 0).toBeGreaterThan(
          backAfter < 16 ? newest - 20 * FIVE_MS : -1,
        );
      }),
      { numRuns: 12 },
    );
  });

  it('are asked for again by the next process', async () => {
    const { start, pages } = world(0, () => 310);
    await start().auditOnce(signal);
    await start().auditOnce(signal);
    expect(pages.map(({ from }) => from)).toEqual([oldest, oldest]);
  });
});

const reachOf = (page: CandlePage) => Math.floor((NOW - page.from) / MINUTE_MS);

describe('bars that are older than a request reaches', () => {
  it('are read again in every other turn, page by page, before they leave the series', async () => {
    const rest = { ...binanceProtocol.rest, limits: { candlesPerPage: 300 } };
    const world = worldOf({ bars: () => 1_000, rest });
    // Four turns verify all of it for the first time.
    await passes(world, 4 + 8);
    const again = world.pages.slice(4);
    const older = again.filter((page) => NOW - page.to > 0).map(reachOf);
    expect(older.length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...older)).toBeGreaterThan(800);
    const newest = again.filter((page) => page.to > NOW);
    expect(newest.length).toBeGreaterThanOrEqual(4);
  });

  it('are asked for once more where their page failed, before the turn passes to the next page', async () => {
    const old: number[] = [];
    let isDown = false;
    const world = worldOf({
      series: [FIVES],
      bars: () => 1_000,
      rest: THREE_HUNDRED,
      onLoad: (page) => {
        if (page.to > NOW - 200 * FIVE_MS) return;
        old.push(page.to);
        if (isDown) throw new UnavailableError('down');
      },
    });
    const audit = world.start();
    for (let round = 0; round < 4; round += 1) await audit.auditOnce(signal);
    old.length = 0;
    isDown = true;
    for (let turn = 0; turn < 8; turn += 1) {
      await world.clock.advance(600_001);
      await audit.auditOnce(signal).catch(() => undefined);
    }
    expect(new Set(old.slice(0, 2)).size).toBe(1);
    expect(new Set(old.slice(0, 3)).size).toBe(2);
  });

  it('cost nothing where a request reaches nearly all of them', async () => {
    const world = worldOf({ bars: () => 1_000 });
    await passes(world, 6);
    expect(world.pages.every((page) => page.to > NOW - MINUTE_MS)).toBe(true);
  });
});

describe('whose turn it is', () => {
  it('passes from a series that cannot be read to the others', async () => {
    const series = seriesOf(2);
    const { start, saved, clock } = worldOf({
      series,
      onLoad: (page) => {
        if (page.symbol === 'S0') throw new RejectedError('no such product');
      },
    });
    const stop = new AbortController();
    const audit = start();
    const run = audit.run(stop.signal);
    await clock.advance(8 * MINUTE_MS);
    stop.abort(new Error('stop'));
    await run;
    expect(
      isVerified(
        series.filter(({ symbol }) => symbol === 'S1'),
        saved,
      ),
    ).toBe(true);
    expect(audit.facts).toMatchObject({ failures: TIMEFRAMES.length, verified: TIMEFRAMES.length });
  });

  it('passes at once from series nothing is cached of', async () => {
    const series = seriesOf(50);
    const { start, pages } = worldOf({ series, bars: ({ symbol }) => (symbol === 'S49' ? 10 : 0) });
    const audit = start();
    await audit.auditOnce(signal);
    expect(pages.map(({ symbol }) => symbol)).toEqual(['S49']);
    expect(audit.facts.verified).toBe(1);
    const none = worldOf({ bars: () => 0 });
    expect(await none.start().auditOnce(signal)).toBeUndefined();
  });
});

describe('the schedule', () => {
  const series = seriesOf(400);

  it('verifies 2,400 series of Binance, of 1000 bars each, within 41 minutes at two hundredths of the allowance', async () => {
    const { start, saved, clock, pages } = worldOf({ series, bars: () => 1_000 });
    const stop = new AbortController();
    const run = start().run(stop.signal);
    await clock.advance(39 * MINUTE_MS);
    expect(isVerified(series, saved)).toBe(false);
    await clock.advance(2 * MINUTE_MS);
    expect(isVerified(series, saved)).toBe(true);
    stop.abort(new Error('stop'));
    await run;
    const spent = pages.length * binanceProtocol.rest.candleWeight(1_000);
    expect(spent).toBeLessThanOrEqual(41 * 6_000 * 0.02);
  });

  it('killed every ten minutes it still verifies all of them within two hours', async () => {
    const { start, saved, clock } = worldOf({ series, bars: () => 1_000 });
    let lives = 0;
    while (!isVerified(series, saved) && lives < 13) {
      const stop = new AbortController();
      const run = start().run(stop.signal);
      await clock.advance(10 * MINUTE_MS);
      stop.abort(new Error('killed'));
      await run;
      lives += 1;
    }
    expect(lives).toBeLessThanOrEqual(12);
    expect(lives).toBeGreaterThan(3);
  });

  it('asks Coinbase, where a request is one of eight a second, one in six seconds and a quarter', async () => {
    const { rest } = coinbaseProtocol;
    const few = seriesOf(20);
    const { start, clock, pages } = worldOf({ series: few, rest, allowance: { weight: 8, perMs: 1_000 } });
    const stop = new AbortController();
    const run = start().run(stop.signal);
    await clock.advance(30_000 + 6_250 * 9);
    expect(pages).toHaveLength(10);
    stop.abort(new Error('stop'));
    await run;
  });
});
