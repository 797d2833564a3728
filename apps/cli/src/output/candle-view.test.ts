import { sourcedCandle } from '@livermore/cache/testing';
import { describe, expect, it } from 'vitest';
import { candleLines } from './candle-view';

const NOON = Date.UTC(2026, 2, 11, 12);
const bar = (price: number, corrected = false) => ({
  ...sourcedCandle({
    symbol: 'BTCUSDT',
    timeframe: '1m',
    timestamp: NOON,
    open: price,
    high: price,
    low: price,
    close: price,
    volume: 8_271.861_234,
    sequenceNum: (NOON + 125_000) * 1000,
    source: 'rest',
  }),
  standing: 'settled' as const,
  ...(corrected ? { corrected } : {}),
});

describe('a table of candles', () => {
  it('has all there is where nothing needs to fit', () => {
    const lines = candleLines([bar(78_910.95, true)], undefined);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(
      /^open time \(UTC\) +open +high +low +close +volume +state +source +standing +true at \(UTC\)$/,
    );
    expect(lines[1]).toMatch(/^2026-03-11 12:00:00 .* 2026-03-11 12:02:05 {2}corrected$/);
    expect(lines[1]?.length).toBeGreaterThan(100);
  });

  it.each([
    [160, /true at/, undefined],
    [105, /source/, /^left out to fit: standing, true at/],
    [
      80,
      /^time \(UTC\) +open +high +low +close +volume +state$/,
      /^left out to fit: source, standing, true at .*\* is corrected$/,
    ],
    [50, /^time \(UTC\) +close +volume +state$/, /^left out to fit: open, high, low, source/],
  ])('fits in %i columns, and says what it leaves out', (columns, titles, leftOut) => {
    const lines = candleLines([bar(78_910.95), bar(78_911.05, true)], columns);
    for (const each of lines.slice(0, 3)) expect(each.length).toBeLessThanOrEqual(columns);
    expect(lines[0]).toMatch(titles);
    expect(lines[2]).toMatch(/corrected|\*$/);
    if (leftOut !== undefined) expect(lines[3]).toMatch(leftOut);
    expect(lines).toHaveLength(leftOut === undefined ? 3 : 4);
  });

  it('fits in 80 columns with long prices as well', () => {
    const lines = candleLines([bar(0.000_012_345_67)], 80);
    for (const each of lines.slice(0, 2)) expect(each.length).toBeLessThanOrEqual(80);
  });

  it('shows what matters most where nothing fits', () => {
    expect(candleLines([bar(78_910.95)], 10)[1]).toMatch(/78910\.95/);
  });
});
