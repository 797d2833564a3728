import type { StoredCandle } from '@livermore/cache';
import { closeAsOf, openTimeOf } from '@livermore/schemas';
import type { CandleSource } from '@livermore/schemas';
import { ManualClock, must, seededRandom, silentLogger } from '@livermore/utils';
import { beforeEach, expect, test } from 'vitest';
import { BlockedError, UnavailableError } from '../errors';
import type { PageLoader } from '../ports';
import type { CandlePage } from '../protocol/protocol';
import { Audit } from './audit';
import type { AuditOptions } from './audit';

const MINUTE_MS = 60_000;
const SERIES = { symbol: 'AAA', timeframe: '1m' } as const;

let clock: ManualClock;
let bars: Map<number, StoredCandle>;
let pages: { page: CandlePage; lane: string; announce: boolean }[];
/** Close the venue has at an open time, where it is not ours. */
let venueClose: Map<number, number>;
let failWith: Error | undefined;

function put(ago: number, source: CandleSource, closed = true): number {
  const timestamp = openTimeOf('1m', clock.now()) - ago * MINUTE_MS;
  const closing = closeAsOf('1m', timestamp);
  const sequenceNum = closed ? closing : closing - 1;
  const ohlcv = { open: 10, high: 12, low: 9, close: 11, volume: 3 };
  bars.set(timestamp, { ...SERIES, ...ohlcv, timestamp, sequenceNum, source });
  return timestamp;
}

/** A venue whose answers replace what is cached, as every page does. */
const loader: PageLoader = {
  load: async (page, { lane, announce }) => {
    pages.push({ page, lane, announce });
    if (failWith !== undefined) throw failWith;
    for (const [openTime, bar] of bars) {
      if (openTime < page.from || openTime >= page.to) continue;
      const close = venueClose.get(openTime) ?? bar.close;
      const sequenceNum = clock.now() * 1000;
      bars.set(openTime, { ...bar, close, sequenceNum, source: 'rest' });
    }
    return { page, rows: 0, written: 0, corrected: 0, noTrades: 0, absent: [], unsettled: [] };
  },
};

const cache: AuditOptions['cache'] = {
  readExchangeCandles: async (_id, _series, query) =>
    [...bars.values()]
      .filter(({ timestamp }) => timestamp >= (query?.from ?? 0) && timestamp <= (query?.to ?? Infinity))
      .toSorted((a, b) => a.timestamp - b.timestamp)
      .slice(-(query?.limit ?? 1000)),
};

function audit(over: Partial<AuditOptions> = {}): Audit {
  return new Audit({
    exchangeId: 1,
    series: () => [SERIES],
    cache,
    loader,
    limits: { candlesPerPage: 1000, confirmMs: 2_000 },
    venueTime: clock,
    clock,
    logger: silentLogger,
    random: seededRandom(1),
    ...over,
  });
}

beforeEach(() => {
  clock = new ManualClock(29_500_000 * MINUTE_MS + 30_000);
  bars = new Map();
  pages = [];
  venueClose = new Map();
  failWith = undefined;
});

test('compares streamed and derived bars with the venue’s own and counts by timeframe and source', async () => {
  put(1, 'stream');
  put(2, 'derived');
  const wrong = put(3, 'derived');
  put(4, 'rest');
  put(5, 'no-trades');
  venueClose.set(wrong, 10.5);
  const seen: number[] = [];
  const it = audit({ onDifference: (difference) => seen.push(difference.timestamp) });
  for (let round = 0; round < 5; round += 1) await it.auditOnce(new AbortController().signal);
  const counts = { compared: 3, equal: 2, different: 1 };
  expect(it.facts).toMatchObject({
    ...counts,
    byTimeframe: { '1m': counts },
    bySource: { stream: { compared: 1, equal: 1 }, derived: { compared: 2, different: 1 } },
  });
  expect(it.facts.differences).toMatchObject([
    { timestamp: wrong, source: 'derived', ours: { close: 11 }, venue: { close: 10.5 } },
  ]);
  expect(seen).toEqual([wrong]);
  expect(bars.get(wrong)).toMatchObject({ close: 10.5, source: 'rest' });
});

test('asks in the audit’s own lane, a small page of bars the venue has its last word on, and announces', async () => {
  for (let ago = 1; ago <= 150; ago += 1) put(ago, 'stream');
  const it = audit({ limits: { candlesPerPage: 1000, confirmMs: 5 * MINUTE_MS } });
  await it.auditOnce(new AbortController().signal);
  const { page, lane, announce } = must(pages[0], 'a page');
  expect([lane, announce]).toEqual(['audit', true]);
  expect(page.to - page.from).toBe(50 * MINUTE_MS);
  expect(page.to).toBeLessThanOrEqual(clock.now() - 5 * MINUTE_MS);
});

test('leaves alone what is the venue’s own already, and what is not closed', async () => {
  put(1, 'rest');
  put(2, 'no-trades');
  put(0, 'stream', false);
  expect(await audit().auditOnce(new AbortController().signal)).toBeUndefined();
  expect(await audit({ series: () => [] }).auditOnce(new AbortController().signal)).toBeUndefined();
  expect(pages).toEqual([]);
});

test('an answer that did not replace a bar proves nothing about it', async () => {
  put(1, 'stream');
  const silent: PageLoader = { load: (page, options) => loader.load({ ...page, from: page.to }, options) };
  const it = audit({ loader: silent });
  await it.auditOnce(new AbortController().signal);
  expect(it.facts).toMatchObject({ pages: 1, compared: 0 });
});

test('goes on at its pace until it is stopped, whatever fails in between', async () => {
  put(1, 'stream');
  failWith = new UnavailableError('down');
  const stop = new AbortController();
  const it = audit({ everyMs: 1_000 });
  const run = it.run(stop.signal);
  await clock.advance(3_500);
  expect(it.facts).toMatchObject({ pages: 3, failures: 3 });
  failWith = undefined;
  await clock.advance(1_000);
  expect(it.facts.compared).toBe(1);
  stop.abort();
  await run;
  expect(clock.pendingTimers).toBe(0);
});

test('ends by itself where the venue refuses this location', async () => {
  put(1, 'stream');
  failWith = new BlockedError('not here');
  const run = audit({ everyMs: 1_000 }).run(new AbortController().signal);
  await clock.advance(1_000);
  await run;
  expect(pages).toHaveLength(1);
});

test('keeps a bounded list of differences and counts all of them', async () => {
  for (let ago = 1; ago <= 120; ago += 1) venueClose.set(put(ago, 'stream'), 9.5);
  const it = audit();
  for (let round = 0; round < 40; round += 1) await it.auditOnce(new AbortController().signal);
  expect(it.facts.different).toBe(120);
  expect(it.facts.differences).toHaveLength(50);
});
