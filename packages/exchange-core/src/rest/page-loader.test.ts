import type { StoredCandle, WriteOutcome } from '@livermore/cache';
import { closeAsOf, timeframeMs } from '@livermore/schemas';
import type { SourcedCandle } from '@livermore/schemas';
import { describe, expect, it } from 'vitest';
import { restAsOf } from '../as-of';
import type { PageAnswer } from '../ports';
import type { ExchangeProtocol } from '../protocol/protocol';
import { FAKE_EXCHANGE } from '../testing/fake-rest-venue';
import { HistoryLoader } from './page-loader';

const STEP = timeframeMs('1m');
const FROM = 1_700_000_040_000;
const page = { symbol: 'ABC', timeframe: '1m', from: FROM, to: FROM + 10 * STEP } as const;
const LATER = page.to + 600_000;
const timeOf = (bar: number) => FROM + bar * STEP;
const all = Array.from({ length: 10 }, (_, bar) => bar);
const without = (...bars: number[]) => all.filter((bar) => !bars.includes(bar));

function row(bar: number, volume = 1): SourcedCandle {
  const price = 100 + bar;
  return {
    timestamp: timeOf(bar),
    open: price,
    high: price,
    low: price,
    close: price,
    volume,
    symbol: 'ABC',
    timeframe: '1m',
    exchange: 'sandbox',
    sequenceNum: restAsOf('1m', timeOf(bar), LATER),
    source: 'rest',
  };
}

interface Given {
  readonly emptyBuckets?: ExchangeProtocol['emptyBuckets'];
  /** What each fetch in turn serves; the last one goes on. */
  readonly serves: readonly (readonly number[])[];
  readonly cached?: readonly StoredCandle[];
  readonly absent?: readonly number[];
}

/** Everything around the loader, in memory, with a record of what happened in which order. */
function setUp({ emptyBuckets = 'omitted', serves, cached = [], absent = [] }: Given) {
  const log: string[] = [];
  const absences = new Set(absent);
  const writes: SourcedCandle[] = [];
  let fetches = 0;
  const loader = new HistoryLoader({
    exchange: FAKE_EXCHANGE,
    protocol: { emptyBuckets, rest: { limits: { settleMs: 2_000, confirmMs: 60_000 } } },
    source: {
      fetchPage: (asked): Promise<PageAnswer> => {
        const bars = serves[Math.min(fetches, serves.length - 1)] ?? [];
        fetches += 1;
        return Promise.resolve({
          page: asked,
          candles: bars.map((bar) => row(bar)),
          unreadable: [],
          answeredAt: LATER,
        });
      },
      fetchListing: () => Promise.resolve({ symbols: [], unreadable: [] }),
    },
    sink: {
      writeHistory: (_, candles, { announce }) => {
        log.push(`write${announce ? ' and announce' : ''}`);
        writes.push(...candles);
        return Promise.resolve(candles.map(outcomeOf));
      },
    },
    cache: {
      readExchangeCandles: (_id, _series, query) => {
        log.push('read');
        const { from = 0, to = Number.POSITIVE_INFINITY, limit = 1_000 } = query ?? {};
        const found = cached.filter((bar) => bar.timestamp >= from && bar.timestamp <= to);
        return Promise.resolve(found.slice(-limit));
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
  });
  const load = () =>
    loader.load(page, { lane: 'warmup', signal: new AbortController().signal, announce: true });
  return { load, log, writes, absences, fetches: () => fetches };
}

/** Bar 0 was there before and is the same, bar 1 was there and differs, the rest is new. */
function outcomeOf(candle: SourcedCandle): WriteOutcome {
  const bar = (candle.timestamp - FROM) / STEP;
  if (bar === 0) return { written: true, replaced: true, changed: false, wasClosed: true };
  if (bar === 1) return { written: true, replaced: true, changed: true, wasClosed: true };
  return { written: true, replaced: false, changed: true, wasClosed: false };
}

describe('loading a page', () => {
  it('asks once, reads nothing and writes everything when nothing is missing', async () => {
    const { load, log, writes, fetches } = setUp({ serves: [all] });
    expect(await load()).toEqual({
      page,
      rows: 10,
      written: 10,
      corrected: 1,
      noTrades: 0,
      absent: [],
      unsettled: [],
    });
    expect(writes).toHaveLength(10);
    expect(fetches()).toBe(1);
    expect(log).toEqual(['write and announce']);
  });

  it('believes that nothing traded when two answers agree', async () => {
    const { load, writes, fetches } = setUp({ serves: [without(4, 5)] });
    expect(await load()).toMatchObject({ rows: 8, written: 10, noTrades: 2, absent: [], unsettled: [] });
    expect(writes[4]).toMatchObject({ close: 103, volume: 0, source: 'no-trades' });
    expect(fetches()).toBe(2);
  });

  it('never takes a row lost on the way for a bucket without trades', async () => {
    const { load, writes } = setUp({ serves: [without(4, 7), without(2, 7)] });
    expect(await load()).toMatchObject({ rows: 9, noTrades: 1 });
    expect(
      writes.filter((candle) => candle.source === 'no-trades').map((candle) => candle.timestamp),
    ).toEqual([timeOf(7)]);
  });

  it('remembers what the venue does not have, after the write, and does not ask twice about it again', async () => {
    const { load, log, absences, fetches } = setUp({ emptyBuckets: 'flat', serves: [without(4)] });
    expect(await load()).toMatchObject({ rows: 9, written: 9, absent: [timeOf(4)] });
    expect([...absences]).toEqual([timeOf(4)]);
    expect(log.slice(-2)).toEqual(['write and announce', 'absent']);
    expect(fetches()).toBe(2);
    await load();
    expect(fetches()).toBe(3);
  });

  it('forgets an absence when the bar appears after all', async () => {
    const { load, absences } = setUp({ serves: [all], absent: [timeOf(4)] });
    await load();
    expect(absences.size).toBe(0);
  });

  it('carries a price over the page’s edge from the cached bar right before it', async () => {
    const cached = [{ ...row(-1), sequenceNum: closeAsOf('1m', timeOf(-1)) }];
    const { load, writes } = setUp({ serves: [without(0, 1)], cached });
    expect(await load()).toMatchObject({ noTrades: 2, absent: [], unsettled: [] });
    expect(writes[0]).toMatchObject({ timestamp: timeOf(0), close: 99, volume: 0 });
  });

  it.each([
    ['a bar is cached, but not the one right before', [row(-2)], 'unsettled'],
    ['only a bar long before is cached', [row(-500)], 'unsettled'],
    ['the one right before never closed', [{ ...row(-1), sequenceNum: 1 }], 'absent'],
    ['nothing is', [], 'absent'],
  ])('invents no price at the page’s edge when %s', async (_, cached, expected) => {
    const { load, writes } = setUp({ serves: [without(0, 1)], cached });
    expect(await load()).toMatchObject({ noTrades: 0, [expected]: [timeOf(0), timeOf(1)] });
    expect(writes).toHaveLength(8);
  });

  it('writes no flat bar over one that the stream saw trading, and asks again', async () => {
    const cached = [{ ...row(4), sequenceNum: closeAsOf('1m', timeOf(4)) - 1 }];
    const { load, writes } = setUp({ serves: [without(4)], cached });
    expect(await load()).toMatchObject({ noTrades: 0, unsettled: [timeOf(4)] });
    expect(writes).toHaveLength(9);
  });

  it('has nothing to ask about a missing row whose bar is cached as closed', async () => {
    const { load, fetches } = setUp({ serves: [without(4)], cached: [row(4)] });
    expect(await load()).toMatchObject({ rows: 9, noTrades: 0, absent: [], unsettled: [] });
    expect(fetches()).toBe(1);
  });

  it('leaves an empty answer unsettled where empty buckets are left out', async () => {
    const { load, fetches } = setUp({ serves: [[]] });
    expect(await load()).toMatchObject({ rows: 0, written: 0, absent: [], unsettled: all.map(timeOf) });
    expect(fetches()).toBe(1);
  });
});
