import { describe, expect, it } from 'vitest';
import { DAY_MS } from './intervals';
import type { Bar, Interval } from './market';
import { mergeBars } from './merge';
import { createSeededMarket } from './seeded-market';
import { defaultUniverse } from './universe';

/** Whether invented prices look like those of a market: data that all agree hide a wrong maximum or minimum. */

const market = createSeededMarket({ seed: 7, symbols: defaultUniverse('binance') });
const TO = 20_779 * DAY_MS;
const LEVELS = [
  { interval: '1m', parent: '5m', days: 2 },
  { interval: '5m', parent: '15m', days: 5 },
  { interval: '15m', parent: '1h', days: 20 },
  { interval: '1h', parent: '4h', days: 40 },
  { interval: '4h', parent: '1d', days: 100 },
] as const;

const barsOf = (symbol: string, interval: Interval, days: number) =>
  market.bars(symbol, interval, TO - days * DAY_MS, TO, TO);

/** Each longer bar with the shorter ones it is made of. */
function families(symbol: string, { interval, parent, days }: (typeof LEVELS)[number]) {
  const bars = barsOf(symbol, interval, days);
  return barsOf(symbol, parent, days).map((whole) => ({
    whole,
    parts: bars.filter((bar) => bar.openTime >= whole.openTime && bar.closeTime <= whole.closeTime),
  }));
}

const spanOf = (bar: Bar) => Number(bar.high) - Number(bar.low);
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe.each(['BTCUSDT', 'ETHUSDT'])('seeded prices of %s', (symbol) => {
  it.each(LEVELS)('differ from $interval to $interval', ({ interval, days }) => {
    const bars = barsOf(symbol, interval, days);
    const alike = bars.filter((bar, at) => bar.high === bars[at - 1]?.high && bar.low === bars[at - 1]?.low);
    const touching = bars.filter(
      (bar, at) => bar.high === bars[at - 1]?.high || bar.low === bars[at - 1]?.low,
    );
    expect(alike.length / bars.length).toBeLessThan(0.01);
    expect(touching.length / bars.length).toBeLessThan(0.05);
  });

  it.each(LEVELS)('reach the high of a $parent in one of its $interval, and the low', (level) => {
    const all = families(symbol, level);
    const reached = (pick: (bar: Bar) => string) =>
      mean(
        all.map(({ whole, parts }) =>
          parts.filter((bar) => pick(bar) === pick(whole)).length === 1 ? 1 : 0,
        ),
      );
    expect(reached((bar) => bar.high)).toBeGreaterThan(0.95);
    expect(reached((bar) => bar.low)).toBeGreaterThan(0.95);
  });

  it.each(LEVELS)('spread the reach of a $parent over its $interval as a walk does', (level) => {
    const ratios = families(symbol, level).map(
      ({ whole, parts }) => (mean(parts.map(spanOf)) / spanOf(whole)) * Math.sqrt(parts.length),
    );
    // 1 for a walk of many steps.
    expect(mean(ratios)).toBeGreaterThan(0.8);
    expect(mean(ratios)).toBeLessThan(1.4);
  });

  it.each(LEVELS)('make each $parent exactly of its $interval', (level) => {
    for (const { whole, parts } of families(symbol, level))
      expect(mergeBars(parts, whole.openTime, whole.closeTime)).toEqual(whole);
  });
});
