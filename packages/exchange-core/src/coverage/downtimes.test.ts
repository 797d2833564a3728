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
    times.isDownFrom('A', START + 10 * MINUTE + 1);
    times.isDownFrom('A', START + 12 * MINUTE);
    expect(times.wasDown(minutes(9, 10))).toBe(false);
    expect(times.wasDown(minutes(10, 11))).toBe(true);
    expect(times.wasDown(minutes(500, 501))).toBe(true);
    times.isUpAt('A', START + 14 * MINUTE + 5);
    const down = [9, 10, 11, 12, 13, 14, 15].map((at) => times.wasDown(minutes(at, at + 1)));
    expect(down).toEqual([false, true, true, true, true, true, false]);
  });

  it('lasts while any connection is away, whatever becomes of the others', () => {
    const times = new Downtimes();
    times.isDownFrom('A', START);
    times.isDownFrom('B', START + 2 * MINUTE);
    times.isUpAt('B', START + 3 * MINUTE);
    expect(times.wasDown(minutes(9, 10))).toBe(true);
    times.isUpAt('A', START + 5 * MINUTE);
    expect([0, 4, 5, 6].map((at) => times.wasDown(minutes(at, at + 1)))).toEqual([true, true, true, false]);
  });

  it('that it is up says nothing where it was not down', () => {
    const times = new Downtimes();
    times.isUpAt('A', START);
    expect(times.wasDown(minutes(-5, 5))).toBe(false);
  });

  it('remembers more than a day, and a bounded time', () => {
    const times = new Downtimes();
    for (let minute = 0; minute < 2_500; minute += 1) times.failedAt(START + minute * MINUTE);
    expect(times.wasDown(minutes(2_499 - 1_440, 2_500 - 1_440))).toBe(true);
    expect(times.wasDown(minutes(0, 500))).toBe(false);
    const away = new Downtimes();
    away.isDownFrom('A', START);
    away.isUpAt('A', START + 100_000 * MINUTE);
    expect(away.wasDown(minutes(99_000, 99_001))).toBe(true);
  });

  it('is what a list of all failures and absences says, minute by minute', () => {
    const event = fc.record({
      kind: fc.constantFrom('fail', 'down', 'up'),
      connection: fc.constantFrom('A', 'B', 'C'),
      afterMs: fc.nat(400_000),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), fc.nat(300), fc.nat(10), (events, from, length) => {
        const times = new Downtimes();
        const bad: { readonly from: number; readonly to: number }[] = [];
        let now = START;
        const downSince = new Map<string, number>();
        for (const { kind, connection, afterMs } of events) {
          now += afterMs;
          if (kind === 'fail') {
            times.failedAt(now);
            bad.push({ from: now, to: now });
          } else if (kind === 'down') {
            times.isDownFrom(connection, now);
            downSince.set(connection, downSince.get(connection) ?? now);
          } else {
            times.isUpAt(connection, now);
            const since = downSince.get(connection);
            if (since !== undefined) bad.push({ from: since, to: now });
            downSince.delete(connection);
          }
        }
        const range = minutes(from, from + length + 1);
        const isBad = bad.some((each) => each.from < range.to && each.to >= range.from);
        const isAway = [...downSince.values()].some((since) => range.to > since);
        expect(times.wasDown(range)).toBe(isBad || isAway);
      }),
      { numRuns: 500 },
    );
  });
});
