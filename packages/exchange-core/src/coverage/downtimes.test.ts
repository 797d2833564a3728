import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Downtimes } from './downtimes';

const MINUTE = 60_000;
const START = 28_333_334 * MINUTE;
const minutes = (from: number, to: number) => ({ from: START + from * MINUTE, to: START + to * MINUTE });

describe('when our own view was impaired', () => {
  it('is the minute around a failure, whole, and no other', () => {
    const times = new Downtimes();
    times.failedAt(START + 2 * MINUTE + 30_000);
    expect(times.wasDown(minutes(2, 3))).toBe(true);
    expect(times.wasDown(minutes(0, 5))).toBe(true);
    expect(times.wasDown(minutes(1, 2))).toBe(false);
    expect(times.wasDown(minutes(3, 4))).toBe(false);
  });

  it('is every minute from when the feed went until it came back, and has no end while it is away', () => {
    const times = new Downtimes();
    times.isDownFrom(START + 10 * MINUTE + 1);
    times.isDownFrom(START + 12 * MINUTE);
    expect(times.wasDown(minutes(9, 10))).toBe(false);
    expect(times.wasDown(minutes(10, 11))).toBe(true);
    expect(times.wasDown(minutes(500, 501))).toBe(true);
    times.isUpAt(START + 14 * MINUTE + 5);
    const down = [9, 10, 11, 12, 13, 14, 15].map((at) => times.wasDown(minutes(at, at + 1)));
    expect(down).toEqual([false, true, true, true, true, true, false]);
  });

  it('that it is up says nothing where it was not down', () => {
    const times = new Downtimes();
    times.isUpAt(START);
    expect(times.wasDown(minutes(-5, 5))).toBe(false);
  });

  it('remembers more than a day, and a bounded time', () => {
    const times = new Downtimes();
    for (let minute = 0; minute < 2_500; minute += 1) times.failedAt(START + minute * MINUTE);
    expect(times.wasDown(minutes(2_499 - 1_440, 2_500 - 1_440))).toBe(true);
    expect(times.wasDown(minutes(0, 500))).toBe(false);
    const away = new Downtimes();
    away.isDownFrom(START);
    away.isUpAt(START + 100_000 * MINUTE);
    expect(away.wasDown(minutes(99_000, 99_001))).toBe(true);
  });

  it('is what a list of all failures and absences says, minute by minute', () => {
    const event = fc.record({ kind: fc.constantFrom('fail', 'down', 'up'), afterMs: fc.nat(400_000) });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), fc.nat(300), fc.nat(10), (events, from, length) => {
        const times = new Downtimes();
        const bad: { readonly from: number; readonly to: number }[] = [];
        let now = START;
        let downSince: number | undefined;
        for (const { kind, afterMs } of events) {
          now += afterMs;
          if (kind === 'fail') {
            times.failedAt(now);
            bad.push({ from: now, to: now });
          } else if (kind === 'down') {
            times.isDownFrom(now);
            downSince ??= now;
          } else {
            times.isUpAt(now);
            if (downSince !== undefined) bad.push({ from: downSince, to: now });
            downSince = undefined;
          }
        }
        const range = minutes(from, from + length + 1);
        const isBad = bad.some((each) => each.from < range.to && each.to >= range.from);
        const isAway = downSince !== undefined && range.to > downSince;
        expect(times.wasDown(range)).toBe(isBad || isAway);
      }),
      { numRuns: 500 },
    );
  });
});
