import type { Timeframe } from '@livermore/schemas';
import { ManualClock, silentLogger } from '@livermore/utils';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AwayError,
  BannedError,
  DecodeError,
  RateLimitedError,
  RejectedError,
  RequestQueueFullError,
  UnavailableError,
  UnknownSymbolError,
} from '../errors';
import type { PageReport } from '../ports';
import type { CandlePage } from '../protocol/protocol';
import { fakeRest } from '../testing/fake-rest-venue';
import { reportWith } from '../testing/reports';
import { GapRepairer } from './gap-repairer';
import type { RepairRequest } from './gap-repairer';

const NOW = Date.UTC(2025, 4, 20, 12);
const MINUTE = 60_000;

function world(
  answer: (page: CandlePage, call: number) => Partial<PageReport> | Error = () => ({}),
  { repeatsPerMinute = 1_000 } = {},
) {
  const clock = new ManualClock(NOW);
  const pages: string[] = [];
  const loaded: CandlePage[] = [];
  const asked: string[] = [];
  const askedAt: number[] = [];
  const reported: string[] = [];
  const repairer = new GapRepairer({
    clock,
    venueTime: clock,
    logger: silentLogger,
    rest: fakeRest({ weight: 5 * repeatsPerMinute, perMs: 60_000, window: 'fixed', reserve: 0 }),
    onReport: ({ page }, reasons) => {
      reported.push(`${(page.from - NOW) / MINUTE} ${reasons.join(' ')}`);
    },
    loader: {
      async load(page, { lane, cause }) {
        loaded.push(page);
        askedAt.push(clock.now());
        asked.push(`${lane} ${cause}`);
        pages.push(`${page.symbol} ${(page.from - NOW) / MINUTE}..${(page.to - NOW) / MINUTE}`);
        await Promise.resolve();
        const given = answer(page, pages.length);
        if (given instanceof Error) throw given;
        return reportWith(page, given);
      },
    },
  });
  const requestFor = (reason: string, from: number, to: number, over: Partial<RepairRequest> = {}) => {
    const series = { symbol: 'BTCUSDT', timeframe: '1m' as Timeframe };
    const range = { from: NOW + from * MINUTE, to: NOW + to * MINUTE };
    repairer.request({ series, ...range, reason, lane: 'repair', ...over });
  };
  const request = (from: number, to: number, symbol = 'BTCUSDT', lane: 'repair' | 'boundary' = 'repair') =>
    requestFor('test', from, to, { series: { symbol, timeframe: '1m' }, lane });
  return { clock, pages, loaded, asked, askedAt, reported, repairer, request, requestFor };
}

describe('repairing gaps (BASE-04)', () => {
  it('fetches exactly the range asked for, in pages', async () => {
    const { repairer, request, pages } = world();
    request(-250, 0);
    await repairer.drain();
    expect(pages).toEqual(['BTCUSDT -250..-150', 'BTCUSDT -150..-50', 'BTCUSDT -50..0']);
    expect(repairer.facts).toEqual({ open: 0, repaired: 1, failures: 0, refused: 0, oldest: [] });
  });

  it('has nothing to do for an empty range', async () => {
    const { repairer, request, pages } = world();
    request(0, 0);
    await repairer.drain();
    expect(pages).toEqual([]);
  });

  it('joins what is asked of one series while it waits', async () => {
    const { repairer, request, pages } = world();
    request(-5, 0);
    request(-9, -7);
    request(-3, 2);
    await repairer.drain();
    expect(pages).toEqual(['BTCUSDT -5..0', 'BTCUSDT -9..2']);
  });

  it('fetches nothing between ranges that one request does not reach', async () => {
    const { repairer, request, pages } = world();
    request(-5, 0);
    request(-900, -899);
    request(-300, -299);
    request(-390, -350);
    request(-1, 0);
    await repairer.drain();
    expect(pages).toEqual(['BTCUSDT -5..0', 'BTCUSDT -900..-899', 'BTCUSDT -390..-299', 'BTCUSDT -1..0']);
  });

  it('lets go of what has left the cache while it waited', async () => {
    const { repairer, request, pages } = world();
    request(-5, 0);
    for (let at = 0; at < 50; at += 1) request(at * 200, at * 200 + 1);
    await repairer.drain();
    const kept = ['9000..9001', '9200..9201', '9400..9401', '9600..9601', '9800..9801'];
    expect(pages.slice(1)).toEqual(kept.map((range) => `BTCUSDT ${range}`));
  });

  it('tells whoever asked what came of it, also where ranges were joined', async () => {
    const { repairer, requestFor, reported, asked } = world();
    requestFor('sweep', -5, 0);
    requestFor('look', -3, -2);
    requestFor('contradiction', -8, -3);
    requestFor('look', -4, -3);
    requestFor('overdue', -500, -499);
    await repairer.drain();
    expect(reported).toEqual(['-5 sweep', '-500 overdue', '-8 contradiction look']);
    expect(asked).toEqual(['repair sweep', 'repair overdue', 'repair contradiction, look']);
  });

  it('asks again for what is unsettled in each range, and for nothing between', async () => {
    const { clock, repairer, request, pages } = world((page, call) => ({
      unsettled: call > 1 && call < 5 ? [page.from] : [],
    }));
    request(-1, 0);
    request(-700, -699);
    request(-500, -498);
    request(-110, -105);
    await clock.advance(60_000);
    expect(pages.slice(1, 4)).toEqual(['BTCUSDT -700..-699', 'BTCUSDT -500..-498', 'BTCUSDT -110..-105']);
    expect(pages.slice(4)).toEqual(['BTCUSDT -700..-698', 'BTCUSDT -500..-498', 'BTCUSDT -110..-108']);
    expect(repairer.facts).toMatchObject({ open: 0, repaired: 2 });
  });

  it('fetches all that was asked for while it waited, in no more requests than there were ranges', async () => {
    const range = fc.record({
      from: fc.integer({ min: -999, max: -60 }),
      bars: fc.integer({ min: 1, max: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(range, { minLength: 1, maxLength: 12 }), async (ranges) => {
        const { repairer, request, loaded } = world();
        request(-1, 0);
        for (const { from, bars } of ranges) request(from, from + bars);
        await repairer.drain();
        const fetched = loaded.slice(1);
        expect(fetched.length).toBeLessThanOrEqual(ranges.length);
        for (const { from, bars } of ranges) {
          for (let at = NOW + from * MINUTE; at < NOW + (from + bars) * MINUTE; at += MINUTE) {
            expect(fetched.filter((page) => page.from <= at && at < page.to)).toHaveLength(1);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('never asks for more than the cache keeps', async () => {
    const { repairer, request, pages } = world();
    request(-50_000, 0);
    await repairer.drain();
    expect(pages).toHaveLength(10);
  });

  it('asks every minute at least for what answers leave unsettled, while it is young, and then every ten', async () => {
    const { clock, repairer, request, pages, askedAt } = world(() => ({ unsettled: [NOW - MINUTE] }));
    request(-5, 0);
    await clock.advance(7_200_000);
    expect(pages[1]).toBe('BTCUSDT -1..1');
    const apart = askedAt.slice(1).map((at, before) => (at - (askedAt[before] ?? 0)) / 1_000);
    expect(apart.slice(0, 5)).toEqual([3, 10, 30, 60, 60]);
    expect(apart.filter((_, at) => (askedAt[at] ?? 0) < NOW + 3_500_000).every((s) => s <= 60)).toBe(true);
    expect(apart.slice(-4)).toEqual([600, 600, 600, 600]);
    expect(repairer.facts.open).toBe(1);
  });

  it('lets go of a bar that nobody could settle when it has left its series, and not before', async () => {
    const { clock, repairer, request, pages } = world(() => ({ unsettled: [NOW - MINUTE] }));
    request(-1, 0);
    await clock.advance(999 * MINUTE);
    expect(repairer.facts.open).toBe(1);
    await clock.advance(30 * MINUTE);
    expect(repairer.facts).toMatchObject({ open: 0, oldest: [] });
    const asked = pages.length;
    await clock.advance(600 * MINUTE);
    expect(pages).toHaveLength(asked);
  });

  it('says who asks, and that only what is fetched at a boundary begins the telling of a series', async () => {
    const { repairer, request, asked } = world();
    request(-5, 0, 'A');
    request(-5, 0, 'B', 'boundary');
    await repairer.drain();
    expect(asked).toEqual(['repair test', 'boundary test']);
  });

  it('leaves what a boundary’s answer left unsettled to the next round', async () => {
    const { clock, repairer, request, pages } = world(() => ({ unsettled: [NOW - MINUTE] }));
    request(-5, 0, 'A', 'boundary');
    await clock.advance(3_600_000);
    expect(pages).toHaveLength(1);
    expect(repairer.facts).toMatchObject({ open: 0 });
  });

  it('retries an unavailable venue for as long as it takes', async () => {
    const { clock, repairer, request } = world((_page, call) =>
      call < 12 ? new UnavailableError('down') : {},
    );
    request(-5, 0);
    await clock.advance(900_000);
    expect(repairer.facts).toMatchObject({ open: 0, repaired: 1, failures: 11 });
  });

  it('sends nothing before a ban is over', async () => {
    const until = NOW + 120_000;
    const { clock, request, pages } = world((_page, call) =>
      call === 1 ? new BannedError('venue', until) : {},
    );
    request(-5, 0);
    await clock.advance(119_000);
    expect(pages).toHaveLength(1);
    await clock.advance(2_000);
    expect(pages).toHaveLength(2);
  });

  it.each([
    ['cannot be read', new DecodeError('venue', 'open', 'not a number')],
    ['is refused for no known reason', new RejectedError('venue refused the request: HTTP 400')],
    ['always fails at the venue', new UnavailableError('HTTP 500')],
  ])('asks for ever for a page that %s, and for the others besides', async (_, error) => {
    const { clock, repairer, request, pages } = world((page, call) =>
      page.from === NOW - 200 * MINUTE && call < 40 ? error : {},
    );
    request(-300, 0);
    await clock.advance(100);
    expect(pages.slice(0, 3)).toEqual(['BTCUSDT -300..-200', 'BTCUSDT -200..-100', 'BTCUSDT -100..0']);
    expect(repairer.facts).toMatchObject({ open: 1, repaired: 0, failures: 1 });
    await clock.advance(12 * 3_600_000);
    expect(new Set(pages.slice(3))).toEqual(new Set(['BTCUSDT -200..-100']));
    expect(repairer.facts).toMatchObject({ open: 0, repaired: 1 });
  });

  it.each([
    ['is loading', 'LOADING Redis is loading the dataset in memory'],
    ['is full', "OOM command not allowed when used memory > 'maxmemory'."],
    ['is a replica', "READONLY You can't write against a read only replica."],
    ['went away', 'Connection is closed.'],
  ])('has seconds of patience with a Redis that %s', async (_, message) => {
    const { clock, repairer, request, askedAt } = world(() =>
      clock.now() < NOW + 30_000 ? new Error(message) : {},
    );
    request(-5, 0);
    await clock.advance(36_000);
    const apart = askedAt.slice(1).map((at, before) => at - (askedAt[before] ?? 0));
    expect(Math.max(...apart)).toBeLessThanOrEqual(5_000);
    expect(repairer.facts).toMatchObject({ open: 0, repaired: 1 });
  });

  it('asks at the next minute at the latest after an error that nobody foresaw', async () => {
    const { clock, repairer, request } = world((_page, call) =>
      call < 20 ? new TypeError('a bug of ours') : {},
    );
    request(-5, 0);
    await clock.advance(20 * MINUTE);
    expect(repairer.facts).toMatchObject({ open: 0, repaired: 1, failures: 19 });
  });

  it('asks rarely for a symbol that the venue does not know, and says so', async () => {
    const { clock, repairer, request, pages } = world((_page, call) =>
      call < 6 ? new UnknownSymbolError('venue: HTTP 404: NOPE') : {},
    );
    const series = { symbol: 'BTCUSDT', timeframe: '1m' } as const;
    request(-5, 0);
    const overdue = { reason: 'overdue', canWait: true } as const;
    for (let minute = 1; minute <= 24; minute += 1) {
      await clock.advance(MINUTE);
      repairer.request({ ...overdue, series, from: NOW, to: NOW + minute * MINUTE, lane: 'repair' });
    }
    // After 1, 2, 4 and 8 minutes.
    expect(pages).toHaveLength(5);
    expect(repairer.facts).toMatchObject({ open: 1, refused: 1 });
    expect(repairer.facts.oldest).toEqual([
      {
        series,
        from: NOW - 5 * MINUTE,
        to: NOW + 24 * MINUTE,
        sinceMs: NOW,
        reason: 'test, overdue',
        lastError: 'venue: HTTP 404: NOPE',
        nextTryAt: NOW + 25 * MINUTE,
      },
    ]);
    await clock.advance(2 * MINUTE);
    expect(repairer.facts).toMatchObject({ open: 0, refused: 0, oldest: [] });
  });

  it('waits for the end that a refusal of everything tells, and asks then', async () => {
    const until = NOW + 40_000;
    const away = new AwayError('the venue has not answered', { until });
    const { clock, request, askedAt } = world((_page, call) => (call < 3 ? away : {}));
    request(-250, 0);
    request(-5, 0, 'OTHER');
    await clock.advance(60_000);
    expect(askedAt.filter((at) => at > NOW)).toHaveLength(4);
    expect(Math.min(...askedAt.filter((at) => at > NOW))).toBe(until);
  });

  it('asks for young bars within a minute, though they join an old hole that is asked for every ten', async () => {
    const { clock, requestFor, request, pages } = world(() => ({ unsettled: [NOW - 60 * MINUTE] }));
    request(-60, -59);
    await clock.advance(30 * MINUTE);
    const asked = pages.length;
    requestFor('overdue', 29, 30, { canWait: true, lane: 'boundary' });
    await clock.advance(MINUTE);
    expect(pages.length).toBeGreaterThan(asked);
    expect(pages.slice(asked).some((page) => page.endsWith('..30'))).toBe(true);
  });

  it('tells of no more gaps than a person reads, the oldest first', async () => {
    const { clock, repairer, request } = world(() => new UnavailableError('down'));
    for (let at = 0; at < 40; at += 1) {
      request(-1, 0, `S${at}`);
      await clock.advance(1_000);
    }
    const { oldest, open } = repairer.facts;
    expect(open).toBe(40);
    expect(oldest.map((gap) => gap.series.symbol)).toEqual(Array.from({ length: 10 }, (_, at) => `S${at}`));
    expect(oldest[0]).toMatchObject({ sinceMs: NOW, lastError: 'down', nextTryAt: expect.any(Number) });
  });

  it('asks at a pace for what answers had nothing of, whoever waited longest first, and at once for what is new', async () => {
    const { clock, request, pages, requestFor } = world(
      (page) => ({ unsettled: page.symbol.startsWith('Q') ? [page.from] : [] }),
      { repeatsPerMinute: 12 },
    );
    for (let at = 0; at < 100; at += 1) request(-1, 0, `Q${at}`);
    await clock.advance(MINUTE);
    expect(pages.length).toBeGreaterThan(100);
    const before = pages.length;
    await clock.advance(10 * MINUTE);
    expect(pages.length - before).toBeLessThanOrEqual(12 * 10 + 2);
    expect(new Set(pages.slice(100)).size).toBeGreaterThan(95);
    request(-1, 0, 'NEW');
    expect(pages.at(-1)).toBe('NEW -1..0');
    requestFor('overdue', -1, 0, { series: { symbol: 'LATER', timeframe: '1m' }, canWait: true });
    expect(pages.at(-1)).toBe('NEW -1..0');
    await clock.advance(10 * MINUTE);
    expect(pages).toContain('LATER -1..0');
  });

  it('asks in its turn for what it asks for again anyhow, and not sooner for what nothing says that it is there', async () => {
    const { clock, request, requestFor, pages } = world(() => ({ unsettled: [NOW - 400 * MINUTE] }), {
      repeatsPerMinute: 6,
    });
    request(-400, -399);
    await clock.advance(41 * MINUTE);
    const asked = pages.length;
    for (let at = 0; at < 20; at += 1) {
      requestFor('overdue', -399, -398, { canWait: true });
      await clock.advance(1_000);
    }
    expect(pages).toHaveLength(asked);
    for (let at = 0; at < 60; at += 1) {
      request(-400, -399);
      await clock.advance(1_000);
    }
    expect(pages.length - asked).toBeGreaterThanOrEqual(1);
    expect(pages.length - asked).toBeLessThanOrEqual(6 + 2);
  });

  it('runs urgent repairs before boundary fetches, and only so many at once', async () => {
    const { repairer, request, pages } = world();
    for (let at = 0; at < 20; at += 1) request(-1, 0, `B${at}`, 'boundary');
    request(-1, 0, 'URGENT');
    await repairer.drain();
    expect(pages.indexOf('URGENT -1..0')).toBe(16);
    expect(pages).toHaveLength(21);
  });

  it('has nothing left to drain when it is stopped in the middle of a page', async () => {
    const { repairer, request, pages } = world();
    request(-250, 0);
    const drained = repairer.drain();
    repairer.stop();
    await drained;
    expect(pages).toHaveLength(1);
    expect(repairer.facts).toMatchObject({ open: 0, oldest: [] });
  });

  it('leaves no timer behind when stopped', async () => {
    const { clock, repairer, request } = world(() => new UnavailableError('down'));
    request(-5, 0);
    await clock.advance(10);
    repairer.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});

/** What may become of a page. */
const OUTCOMES = {
  unsettled: () => ({ unsettled: [NOW - MINUTE] }),
  unavailable: () => new UnavailableError('down'),
  unread: () => new DecodeError('venue', 'body', 'no JSON'),
  rejected: () => new RejectedError('HTTP 400'),
  limited: () => new RateLimitedError('slow down'),
  full: () => new RequestQueueFullError('too many'),
  unforeseen: () => new TypeError('a bug of ours'),
  redis: () => new Error('LOADING Redis is loading the dataset in memory'),
} as const;

describe('a young gap, whatever becomes of its pages', () => {
  it('is asked for again within a minute of the last try, and filled when the trouble is over', async () => {
    const outcome = fc.constantFrom(...Object.values(OUTCOMES));
    await fc.assert(
      fc.asyncProperty(fc.array(outcome, { maxLength: 40 }), async (sequence) => {
        const { clock, repairer, request, askedAt } = world((_page, call) => sequence[call - 1]?.() ?? {});
        request(-1, 0);
        await clock.advance((sequence.length + 1) * MINUTE);
        expect(askedAt).toHaveLength(sequence.length + 1);
        const apart = askedAt.slice(1).map((at, before) => at - (askedAt[before] ?? 0));
        expect(Math.max(0, ...apart)).toBeLessThanOrEqual(MINUTE);
        expect(repairer.facts).toMatchObject({ open: 0, oldest: [] });
        expect(clock.pendingTimers).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('is filled after any finite trouble of many series, refusals and holds among it', async () => {
    const holds = {
      banned: (now: number) => new BannedError('venue', now + 90_000),
      away: (now: number) => new AwayError('venue', { until: now + 20_000 }),
      unknown: () => new UnknownSymbolError('NOPE'),
    };
    const outcome = fc.constantFrom(...Object.values(OUTCOMES), ...Object.values(holds));
    const series = fc.record({
      from: fc.integer({ min: -900, max: -1 }),
      bars: fc.integer({ min: 1, max: 250 }),
      outcomes: fc.array(outcome, { maxLength: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(series, { minLength: 1, maxLength: 30 }), async (all) => {
        const left = new Map(all.map(({ outcomes }, at) => [`S${at}`, [...outcomes]]));
        const { clock, repairer, request } = world(
          (page) => left.get(page.symbol)?.shift()?.(clock.now()) ?? {},
        );
        for (const [at, { from, bars }] of all.entries()) request(from, from + bars, `S${at}`);
        await clock.advance(10 * 3_600_000);
        expect(repairer.facts).toMatchObject({ open: 0, refused: 0, oldest: [] });
        expect([...left.values()].flat()).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('has every bar of it asked for in every minute, whatever else is asked for of its series, and when', async () => {
    const outcome = fc.constantFrom<keyof typeof OUTCOMES | 'served'>(
      'served',
      'unsettled',
      'unsettled',
      'unavailable',
      'unread',
      'redis',
    );
    const asking = fc.record({
      second: fc.integer({ min: 0, max: 1_200 }),
      from: fc.integer({ min: -180, max: 0 }),
      bars: fc.integer({ min: 1, max: 30 }),
      canWait: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(asking, { minLength: 1, maxLength: 8 }),
        fc.array(outcome, { minLength: 1, maxLength: 20 }),
        async (askings, outcomes) => {
          const openSince = new Map<number, number>();
          const { clock, requestFor } = world((page, call) => {
            const what = outcomes[call % outcomes.length] ?? 'served';
            // A Redis in trouble is met by all of it.
            const isMet = (at: number) => what === 'redis' || (page.from <= at && at < page.to);
            const bars = [...openSince.keys()].filter(isMet);
            for (const at of bars) {
              if (what === 'served') openSince.delete(at);
              else openSince.set(at, clock.now());
            }
            if (what === 'served') return {};
            return what === 'unsettled' ? { unsettled: bars } : OUTCOMES[what]();
          });
          const inOrder = askings.toSorted((a, b) => a.second - b.second);
          for (let second = 0; second <= 1_800; second += 5) {
            while (inOrder[0] !== undefined && inOrder[0].second <= second) {
              const { from, bars, canWait } = inOrder.shift() ?? { from: 0, bars: 0, canWait: false };
              const now = Math.floor(clock.now() / MINUTE) * MINUTE;
              for (
                let at = now + from * MINUTE;
                at < Math.min(now, now + (from + bars) * MINUTE);
                at += MINUTE
              ) {
                if (!openSince.has(at)) openSince.set(at, clock.now());
              }
              const minutes = (now - NOW) / MINUTE;
              requestFor('test', minutes + from, minutes + Math.min(0, from + bars), { canWait });
            }
            await clock.advance(5_000);
            for (const [at, since] of openSince) {
              if (clock.now() - at > 59 * MINUTE) continue;
              expect(clock.now() - since).toBeLessThanOrEqual(MINUTE + 5_000);
            }
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
