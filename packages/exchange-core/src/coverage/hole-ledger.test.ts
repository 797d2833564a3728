import { timeframeMs } from '@livermore/schemas';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HoleLedger } from './hole-ledger';
import type { HeardAndSeen } from './hole-ledger';

const START = Date.UTC(2026, 0, 2);
const MINUTE = timeframeMs('1m');
const SERIES = { symbol: 'BTC-USD', timeframe: '1m' } as const;
const at = (minute: number) => START + minute * MINUTE;
const LOOKED = { absent: [], isBusy: false } as const;
const BLIND: HeardAndSeen = { heardDuring: () => false, silentDuring: () => false };

function ledgerWith(over: Partial<ConstructorParameters<typeof HoleLedger>[0]> = {}) {
  const ledger = new HoleLedger({
    emptyBuckets: 'flat',
    limits: { confirmMs: 5_000 },
    feed: BLIND,
    target: 100,
    ...over,
  });
  ledger.looked(SERIES, { missing: [], ...LOOKED, oldest: at(-60), newest: at(0) }, at(1));
  return ledger;
}

const asked = (ledger: HoleLedger, now: number) =>
  [...ledger.toAsk(now)].map(({ range }) => [range.from, range.to]);

describe('holes of a series', () => {
  it('has none while every bar closes in its turn', () => {
    const ledger = ledgerWith();
    for (let minute = 1; minute < 10; minute += 1) {
      ledger.closed(SERIES, at(minute), at(minute + 1));
      expect(ledger.facts(at(minute + 2) - 1)).toEqual({
        overdue: 0,
        series: 0,
        undecided: 0,
        oldest: undefined,
      });
    }
  });

  it('a bar that does not come is overdue a minute after its close, and since then', () => {
    const ledger = ledgerWith();
    expect(ledger.facts(at(3) - 1).overdue).toBe(0);
    expect(ledger.facts(at(3))).toMatchObject({
      overdue: 1,
      series: 1,
      oldest: { ...SERIES, openTime: at(1), noticedAt: at(2) },
    });
  });

  it('a bar behind a later one is seen at once, and is none any more when it comes', () => {
    const ledger = ledgerWith();
    ledger.closed(SERIES, at(5), at(6));
    expect(ledger.facts(at(6))).toMatchObject({ overdue: 4, oldest: { openTime: at(1), noticedAt: at(6) } });
    ledger.closed(SERIES, at(2), at(6));
    ledger.closed(SERIES, at(1), at(6));
    expect(ledger.facts(at(6))).toMatchObject({ overdue: 2, oldest: { openTime: at(3) } });
    ledger.closed(SERIES, at(3), at(7));
    ledger.closed(SERIES, at(4), at(7));
    expect(ledger.facts(at(7) - 1).overdue).toBe(0);
  });

  it('what the cache was seen to lack is a hole, whatever closed before', () => {
    const ledger = ledgerWith();
    ledger.closed(SERIES, at(1), at(2));
    ledger.looked(
      SERIES,
      { missing: [{ from: at(-50), to: at(2) }], ...LOOKED, oldest: at(-60), newest: at(1) },
      at(2),
    );
    expect(ledger.facts(at(2) + 30_000)).toMatchObject({
      overdue: 51,
      oldest: { openTime: at(-50), noticedAt: at(2) },
    });
    ledger.looked(
      SERIES,
      { missing: [{ from: at(-50), to: at(-40) }], ...LOOKED, oldest: at(-60), newest: at(1) },
      at(2),
    );
    expect(ledger.facts(at(3) - 1)).toMatchObject({ overdue: 10, oldest: { noticedAt: at(2) } });
  });

  it('what closed while the cache was read is not called missing by what was read', () => {
    const ledger = ledgerWith();
    ledger.closed(SERIES, at(1), at(2));
    ledger.closed(SERIES, at(2), at(3));
    ledger.closed(SERIES, at(4), at(5));
    ledger.looked(SERIES, { missing: [], ...LOOKED, oldest: at(-60), newest: at(1) }, at(5));
    expect(ledger.facts(at(5))).toMatchObject({ overdue: 1, oldest: { openTime: at(3) } });
  });

  it('what closes or is lost while the cache is read is not overruled by what was read before', () => {
    const ledger = ledgerWith();
    for (const minute of [1, 2, 3]) ledger.closed(SERIES, at(minute), at(minute + 1));
    ledger.lost(SERIES, at(2), at(4));
    ledger.looking(SERIES);
    ledger.closed(SERIES, at(2), at(4));
    ledger.lost(SERIES, at(1), at(4));
    const look = { missing: [{ from: at(2), to: at(3) }], ...LOOKED, oldest: at(-60), newest: at(3) };
    ledger.looked(SERIES, look, at(4));
    expect(ledger.facts(at(4))).toMatchObject({ overdue: 1, oldest: { openTime: at(1) } });
    ledger.looked(SERIES, { ...look, missing: [] }, at(4));
    expect(ledger.facts(at(4)).overdue).toBe(0);
  });

  it('a bar that was there and is not is a hole', () => {
    const ledger = ledgerWith();
    for (const minute of [1, 2, 3]) ledger.closed(SERIES, at(minute), at(minute + 1));
    ledger.lost(SERIES, at(2), at(4));
    ledger.lost(SERIES, at(2), at(4));
    ledger.lost(SERIES, at(9), at(4));
    expect(ledger.facts(at(4))).toMatchObject({ overdue: 1, oldest: { openTime: at(2), noticedAt: at(4) } });
    ledger.closed(SERIES, at(2), at(4));
    expect(ledger.facts(at(4)).overdue).toBe(0);
  });

  it('holes behind the bars a series should hold are no concern', () => {
    const ledger = ledgerWith({ target: 3 });
    ledger.looked(
      SERIES,
      { missing: [{ from: at(-50), to: at(0) }], ...LOOKED, oldest: at(-60), newest: at(0) },
      at(1),
    );
    expect(ledger.facts(at(2)).overdue).toBe(2);
    ledger.forget(SERIES);
    expect(ledger.facts(at(9)).overdue).toBe(0);
  });

  it('behind a bar that came, nothing is before the first any more', () => {
    const ledger = ledgerWith();
    ledger.looked(
      SERIES,
      { missing: [{ from: at(-60), to: at(-20) }], ...LOOKED, oldest: at(-60), newest: at(0) },
      at(1),
    );
    ledger.lacked(SERIES, [at(-50), at(-30)], { answeredAt: at(1), newestRow: at(0) });
    expect(ledger.facts(at(1))).toMatchObject({ overdue: 38, undecided: 2 });
    ledger.closed(SERIES, at(-40), at(1));
    expect(ledger.facts(at(1))).toMatchObject({ overdue: 38, undecided: 1 });
  });

  it('two holes far apart are asked for each by itself', () => {
    const ledger = ledgerWith();
    ledger.closed(SERIES, at(3), at(4));
    ledger.closed(SERIES, at(30), at(31));
    for (let minute = 4; minute < 29; minute += 1) ledger.closed(SERIES, at(minute), at(31));
    const ranges = [...ledger.toAsk(at(32))].map(({ range }) => [range.from, range.to]);
    expect(ranges).toEqual([
      [at(1), at(3)],
      [at(29), at(30)],
    ]);
  });

  it('bars before any that is there are undecided once an answer had others and lacked them: the symbol may be new', () => {
    const ledger = ledgerWith();
    ledger.looked(
      SERIES,
      { missing: [{ from: at(-60), to: at(-20) }], ...LOOKED, oldest: at(-60), newest: at(0) },
      at(1),
    );
    const early = Array.from({ length: 40 }, (_, index) => at(index - 60));
    ledger.lacked(SERIES, early, { answeredAt: at(1), newestRow: undefined });
    expect(ledger.facts(at(1))).toMatchObject({ overdue: 40, undecided: 0 });
    ledger.lacked(SERIES, early, { answeredAt: at(1), newestRow: at(0) });
    expect(ledger.facts(at(1))).toMatchObject({ overdue: 0, undecided: 40 });
    ledger.looked(
      SERIES,
      { missing: [{ from: at(-50), to: at(-20) }], ...LOOKED, oldest: at(-60), newest: at(0) },
      at(1),
    );
    expect(ledger.facts(at(1))).toMatchObject({ overdue: 30, undecided: 0 });
  });

  describe('where the venue leaves out bars without trades', () => {
    const omitted = { emptyBuckets: 'omitted' } as const;

    it('a bar that nobody has asked for, while the feed was not subscribed, is overdue once an answer would tell', () => {
      const ledger = ledgerWith(omitted);
      expect(ledger.facts(at(3) + 4_999)).toMatchObject({ overdue: 0, undecided: 1 });
      expect(ledger.facts(at(3) + 5_000)).toMatchObject({ overdue: 1, undecided: 0 });
    });

    it('one that an answer lacked is undecided, unless the answer came before the venue can have had it', () => {
      const ledger = ledgerWith(omitted);
      ledger.lacked(SERIES, [at(1)], { answeredAt: at(2) + 4_999, newestRow: at(0) });
      expect(ledger.facts(at(3) + 5_000).overdue).toBe(1);
      ledger.lacked(SERIES, [at(1)], { answeredAt: at(2) + 5_000, newestRow: at(0) });
      expect(ledger.facts(at(3) + 5_000)).toEqual({ overdue: 0, series: 0, undecided: 1, oldest: undefined });
      ledger.looked(
        SERIES,
        { missing: [{ from: at(1), to: at(2) }], ...LOOKED, oldest: at(-60), newest: at(1) },
        at(3),
      );
      expect(ledger.facts(at(3) + 5_000)).toMatchObject({ overdue: 0, undecided: 1 });
      ledger.closed(SERIES, at(1), at(3));
      expect(ledger.facts(at(3) + 5_000)).toMatchObject({ overdue: 0, undecided: 0 });
    });

    it('one that the feed saw nothing in is undecided', () => {
      const silentDuring = (symbol: string, from: number, to: number) =>
        symbol === 'BTC-USD' && from === at(1) + 5_000 && to === at(2);
      const ledger = ledgerWith({ ...omitted, feed: { ...BLIND, silentDuring } });
      expect(ledger.facts(at(3) + 5_000)).toMatchObject({ overdue: 0, undecided: 1 });
    });

    it('one that nobody watched is overdue in a series that trades all the time, whatever an answer lacked', () => {
      const ledger = ledgerWith(omitted);
      const look = { missing: [{ from: at(1), to: at(2) }], absent: [], oldest: at(-60), newest: at(1) };
      ledger.lacked(SERIES, [at(1)], { answeredAt: at(3), newestRow: at(0) });
      ledger.looked(SERIES, { ...look, isBusy: true }, at(3));
      expect(ledger.facts(at(3))).toMatchObject({ overdue: 1, undecided: 0 });
      ledger.looked(SERIES, { ...look, isBusy: false }, at(3));
      expect(ledger.facts(at(3))).toMatchObject({ overdue: 0, undecided: 1 });
    });

    it('one that the venue does not have is a hole for an hour where the feed heard a trade in it, and else none', () => {
      const heardDuring = (_symbol: string, from: number) => from === at(1) + 5_000;
      const ledger = ledgerWith({ ...omitted, feed: { ...BLIND, heardDuring } });
      ledger.absent(SERIES, at(1), at(3));
      ledger.absent(SERIES, at(2), at(3));
      for (let minute = 3; minute < 70; minute += 1) ledger.closed(SERIES, at(minute), at(minute + 1));
      expect(ledger.facts(at(4))).toMatchObject({ overdue: 1, oldest: { openTime: at(1) } });
      const absent = [{ from: at(1), to: at(3) }];
      ledger.looked(SERIES, { missing: [], absent, oldest: at(-60), newest: at(60), isBusy: true }, at(61));
      expect(ledger.facts(at(63) - 1)).toMatchObject({ overdue: 1, oldest: { openTime: at(1) } });
      expect(ledger.facts(at(63))).toMatchObject({ overdue: 0, undecided: 1 });
    });

    it('one in which the feed heard a trade must exist, whatever an answer lacked', () => {
      const heardDuring = (_symbol: string, from: number) => from === at(1) + 5_000;
      const ledger = ledgerWith({ ...omitted, feed: { ...BLIND, heardDuring } });
      ledger.lacked(SERIES, [at(1)], { answeredAt: at(3), newestRow: at(0) });
      expect(ledger.facts(at(3))).toMatchObject({ overdue: 1, undecided: 0 });
    });
  });

  it('bars that the venue does not have are holes for an hour where it serves a row for every bar, but for what is before its first', () => {
    const ledger = ledgerWith();
    const absent = [
      { from: at(-60), to: at(-40) },
      { from: at(-10), to: at(-5) },
    ];
    ledger.looked(SERIES, { missing: [], absent, oldest: at(-60), newest: at(0), isBusy: true }, at(1));
    expect(ledger.facts(at(2) - 1)).toMatchObject({ overdue: 5, oldest: { openTime: at(-10) } });
    expect([...ledger.toAsk(at(1) + 1)]).toEqual([]);
    for (let minute = 1; minute < 70; minute += 1) ledger.closed(SERIES, at(minute), at(minute + 1));
    expect(ledger.facts(at(61) - 1).overdue).toBe(5);
    expect(ledger.facts(at(61))).toMatchObject({ overdue: 0, undecided: 5 });
  });

  describe('what is to be asked for', () => {
    it('is a bar that has not come forty seconds after its close, and again a minute after an answer lacked it', () => {
      const ledger = ledgerWith();
      expect(asked(ledger, at(2) + 39_999)).toEqual([]);
      expect(asked(ledger, at(2) + 40_000)).toEqual([[at(1), at(2)]]);
      ledger.lacked(SERIES, [at(1)], { answeredAt: at(2) + 41_000, newestRow: at(0) });
      expect(asked(ledger, at(3) + 39_999)).toEqual([]);
      expect(asked(ledger, at(3) + 41_000)).toEqual([[at(1), at(3)]]);
    });

    it('is not what is undecided', () => {
      const ledger = ledgerWith({ emptyBuckets: 'omitted' });
      expect(asked(ledger, at(2) + 44_999)).toEqual([]);
      expect(asked(ledger, at(2) + 45_000)).toEqual([[at(1), at(2)]]);
      ledger.lacked(SERIES, [at(1)], { answeredAt: at(2) + 46_000, newestRow: at(0) });
      expect(asked(ledger, at(9))).toEqual([[at(2), at(8)]]);
    });
  });

  it('an answer that came before the cache was looked at counts as well, and what is remembered of them is bounded', () => {
    const ledger = new HoleLedger({
      emptyBuckets: 'omitted',
      limits: { confirmMs: 5_000 },
      feed: BLIND,
      target: 100,
    });
    ledger.lacked(
      SERIES,
      Array.from({ length: 2_000 }, (_, index) => at(index - 2_000)),
      { answeredAt: at(1), newestRow: at(0) },
    );
    ledger.looked(
      SERIES,
      { missing: [{ from: at(-10), to: at(0) }], ...LOOKED, oldest: at(-60), newest: at(0) },
      at(1),
    );
    expect(ledger.facts(at(2))).toMatchObject({ overdue: 0, undecided: 10 });
  });

  it('whatever comes in whatever order: what it calls missing is what was never there', () => {
    const minute = fc.integer({ min: 1, max: 30 });
    const step = fc.oneof(
      fc.record({ do: fc.constant('closed' as const), minute }),
      fc.record({ do: fc.constant('lost' as const), minute }),
      fc.record({ do: fc.constant('looked' as const), minute }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ledger = ledgerWith();
        const there = new Set<number>();
        let newest = 0;
        for (const { do: what, minute: each } of steps) {
          if (what === 'closed') {
            there.add(each);
            newest = Math.max(newest, each);
            ledger.closed(SERIES, at(each), at(31));
          } else if (what === 'lost' && each <= newest) {
            there.delete(each);
            ledger.lost(SERIES, at(each), at(31));
          } else if (what === 'looked') {
            const missing = Array.from({ length: newest }, (_, index) => index + 1)
              .filter((index) => !there.has(index))
              .map((index) => ({ from: at(index), to: at(index + 1) }));
            ledger.looked(SERIES, { missing, ...LOOKED, oldest: at(-60), newest: at(newest) }, at(31));
          }
        }
        const expected = Array.from({ length: 30 }, (_, index) => index + 1).filter(
          (index) => !there.has(index),
        );
        expect(ledger.facts(at(32)).overdue).toBe(expected.length);
      }),
    );
  });
});
