import { candleClassOf, closeAsOf, closeTimeOf } from '@livermore/schemas';
import type { SourcedCandle } from '@livermore/schemas';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { restAsOf } from '../as-of';
import { asReadings } from './reading';

const MINUTE = 60_000;
const START = 1_700_000_040_000;
const at = (minute: number) => START + minute * MINUTE;

function rowsAt(minutes: readonly number[], answeredAt: number): SourcedCandle[] {
  return minutes.map((minute) => ({
    timestamp: at(minute),
    open: 1,
    high: 1,
    low: 1,
    close: 1,
    volume: 1,
    symbol: 'ABC',
    timeframe: '1m',
    exchange: 'sandbox',
    sequenceNum: restAsOf('1m', at(minute), answeredAt),
    source: 'rest',
  }));
}

const classes = (rows: readonly SourcedCandle[]) => rows.map(candleClassOf);

describe('what the rows of an answer are evidence of', () => {
  it('a row with a later one beside it is a reading of a closed bar, also when that one still forms', () => {
    const answeredAt = at(3) + 10_000;
    const rows = rowsAt([0, 1, 2, 3], answeredAt);
    expect(asReadings(rows, answeredAt)).toEqual(rows);
    expect(classes(rows)).toEqual([2, 2, 2, 0]);
  });

  it('the newest row, though its bar is over, is none: it stood so at its close, and no surer', () => {
    const answeredAt = at(3) + 10_000;
    const rows = rowsAt([0, 1, 2], answeredAt);
    const readings = asReadings(rows, answeredAt);
    expect(classes(readings)).toEqual([2, 2, 1]);
    expect(readings[2]).toEqual({
      ...rows[2],
      sequenceNum: closeAsOf('1m', at(2)),
      standing: 'unwitnessed',
    });
  });

  it('age is no witness', () => {
    const answeredAt = at(3) + 86_400_000;
    expect(classes(asReadings(rowsAt([0], answeredAt), answeredAt))).toEqual([1]);
  });

  it('of nothing there is nothing', () => {
    expect(asReadings([], START)).toEqual([]);
  });

  it('leaves at most one bar without a witness, always the newest, and no bar that forms closed', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(30), { minLength: 1 }), fc.nat(40 * MINUTE), (minutes, afterMs) => {
        const answeredAt = START + afterMs;
        const begun = minutes.filter((minute) => at(minute) <= answeredAt).toSorted((a, b) => a - b);
        const readings = asReadings(rowsAt(begun, answeredAt), answeredAt);
        for (const [place, reading] of readings.entries()) {
          const isClosed = closeTimeOf('1m', reading.timestamp) <= answeredAt;
          const isNewest = place === readings.length - 1;
          expect(candleClassOf(reading)).toBe(isClosed ? (isNewest ? 1 : 2) : 0);
        }
      }),
    );
  });
});
