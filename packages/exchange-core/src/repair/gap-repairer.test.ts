import type { Timeframe } from '@livermore/schemas';
import { ManualClock, silentLogger } from '@livermore/utils';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BannedError, DecodeError, UnavailableError } from '../errors';
import type { PageReport } from '../ports';
import type { CandlePage } from '../protocol/protocol';
import { reportWith } from '../testing/reports';
import { GapRepairer } from './gap-repairer';
import type { RepairRequest } from './gap-repairer';

const NOW = Date.UTC(2025, 4, 20, 12);
const MINUTE = 60_000;

function world(answer: (page: CandlePage, call: number) => Partial<PageReport> | Error = () => ({})) {
  const clock = new ManualClock(NOW);
  const pages: string[] = [];
  const loaded: CandlePage[] = [];
  const asked: string[] = [];
  const reported: string[] = [];
  const repairer = new GapRepairer({
    clock,
    logger: silentLogger,
    candlesPerPage: 100,
    onReport: ({ page }, reasons) => {
      reported.push(`${(page.from - NOW) / MINUTE} ${reasons.join(' ')}`);
    },
    loader: {
      async load(page, { lane, cause }) {
        loaded.push(page);
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
  return { clock, pages, loaded, asked, reported, repairer, request, requestFor };
}

describe('repairing gaps (BASE-04)', () => {
  it('fetches exactly the range asked for, in pages', async () => {
    const { repairer, request, pages } = world();
    request(-250, 0);
    await repairer.drain();
    expect(pages).toEqual(['BTCUSDT -250..-150', 'BTCUSDT -150..-50', 'BTCUSDT -50..0']);
    expect(repairer.facts).toEqual({ open: 0, repaired: 1, failures: 0, abandoned: 0 });
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

  it('asks again, later, for what an answer left unsettled, and then leaves it to the next sweep', async () => {
    const { clock, repairer, request, pages } = world(() => ({ unsettled: [NOW - MINUTE] }));
    request(-5, 0);
    await clock.advance(3_600_000);
    expect(pages).toHaveLength(6);
    expect(pages[1]).toBe('BTCUSDT -1..1');
    expect(repairer.facts).toMatchObject({ open: 0, abandoned: 1 });
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
    expect(repairer.facts).toMatchObject({ open: 0, abandoned: 0 });
  });

  it('asks the last time for what is missing more than two minutes after the first: time enough for a second word', async () => {
    const at: number[] = [];
    const { clock, request } = world(() => {
      at.push(clock.now());
      return { unsettled: [NOW - MINUTE] };
    });
    request(-5, 0);
    await clock.advance(3_600_000);
    expect((at[4] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(120_000);
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

  it('gives a page up that can never be read', async () => {
    const { clock, repairer, request, pages } = world(() => new DecodeError('venue', 'open', 'not a number'));
    request(-5, 0);
    await clock.advance(3_600_000);
    expect(pages).toHaveLength(1);
    expect(repairer.facts).toMatchObject({ open: 0, abandoned: 1 });
  });

  it('runs urgent repairs before boundary fetches, and only so many at once', async () => {
    const { repairer, request, pages } = world();
    for (let at = 0; at < 20; at += 1) request(-1, 0, `B${at}`, 'boundary');
    request(-1, 0, 'URGENT');
    await repairer.drain();
    expect(pages.indexOf('URGENT -1..0')).toBe(16);
    expect(pages).toHaveLength(21);
  });

  it('leaves no timer behind when stopped', async () => {
    const { clock, repairer, request } = world(() => new UnavailableError('down'));
    request(-5, 0);
    await clock.advance(10);
    repairer.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});
