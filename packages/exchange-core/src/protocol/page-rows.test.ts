import { sourcedCandle } from '@livermore/cache/testing';
import { must } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { readRows } from './page-rows';

const MINUTE = 60_000;
/** Minutes 10 to 12. */
const page = { symbol: 'BTCUSDT', timeframe: '1m', from: 10 * MINUTE, to: 13 * MINUTE } as const;
const bar = (minute: number, volume: number) => sourcedCandle({ timestamp: minute * MINUTE, volume });

describe('the rows of a page', () => {
  it.each([
    { place: 'first', twice: [bar(11, 7), bar(11, 5)] },
    { place: 'last', twice: [bar(11, 5), bar(11, 7)] },
  ])('are one for each bar: of two the one with more volume, served $place', ({ twice }) => {
    const served = [bar(12, 1), ...twice, bar(10, 1)];
    const { candles } = readRows(page, served, {
      venue: 'venue',
      candle: (_, at) => must(served[at], 'a row'),
      openTimeOf: () => undefined,
    });
    expect(candles).toEqual([bar(10, 1), bar(11, 7), bar(12, 1)]);
  });
});
