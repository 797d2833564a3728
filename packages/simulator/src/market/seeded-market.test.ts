import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketStart, DAY_MS, nextBucket } from './intervals';
import type { Bar, Interval, Trade } from './market';
import { createSeededMarket } from './seeded-market';
import { unitsToText, textToUnits } from './units';
import { defaultUniverse } from './universe';

const universe = defaultUniverse('binance');
const market = createSeededMarket({ seed: 7, symbols: universe });
const NOW = 1_795_312_805_123;
const SCALE = 8;

const sum = (values: readonly bigint[]) => values.reduce((a, b) => a + b, 0n);

/** The bar that a list of trades makes, by the plain definition. */
function barOf(
  trades: readonly Trade[],
): Pick<Bar, 'open' | 'high' | 'low' | 'close' | 'volume' | 'quoteVolume'> {
  const prices = trades.map((trade) => textToUnits(trade.price, SCALE));
  const text = (units: bigint | undefined) => unitsToText(units ?? 0n, SCALE);
  const sorted = prices.toSorted((a, b) => (a < b ? -1 : 1));
  return {
    open: text(prices[0]),
    high: text(sorted.at(-1)),
    low: text(sorted[0]),
    close: text(prices.at(-1)),
    volume: text(sum(trades.map((trade) => textToUnits(trade.size, SCALE)))),
    quoteVolume: unitsToText(
      sum(trades.map((trade) => textToUnits(trade.price, SCALE) * textToUnits(trade.size, SCALE))),
      2 * SCALE,
    ),
  };
}

const pick = (bar: Bar) => ({
  open: bar.open,
  high: bar.high,
  low: bar.low,
  close: bar.close,
  volume: bar.volume,
  quoteVolume: bar.quoteVolume,
});

describe('seeded market', () => {
  it('makes every bar of exactly the trades in it, finished or not, busy or thin', () => {
    const intervals: readonly Interval[] = ['1s', '1m', '3m', '5m', '15m', '1h', '4h', '1d'];
    fc.assert(
      fc.property(
        fc.constantFrom(...universe.filter((symbol) => symbol.status === 'trading')),
        fc.constantFrom(...intervals),
        fc.integer({ min: Date.UTC(2018, 0, 2), max: NOW }),
        ({ symbol }, interval, now) => {
          const start = bucketStart(interval, now);
          const [bar] = market.bars(symbol, interval, start, start + 1, now);
          const trades = market.trades(symbol, start, now + 1);
          expect(bar?.trades).toBe(trades.length);
          if (bar === undefined || trades.length === 0) return;
          expect(pick(bar)).toEqual(barOf(trades));
          expect([bar.firstTradeId, bar.lastTradeId]).toEqual([trades[0]?.id, trades.at(-1)?.id]);
          const bought = trades.filter((trade) => !trade.isBuyerMaker);
          const boughtBar = barOf(bought);
          expect(bar.takerBaseVolume).toBe(boughtBar.volume);
          expect(bar.takerQuoteVolume).toBe(boughtBar.quoteVolume);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('has all sizes positive, ids without a gap and times in order over a whole day', () => {
    for (const { symbol } of universe.slice(0, 6).concat(universe.slice(-8, -1))) {
      const trades = market.trades(symbol, 20_000 * DAY_MS, 20_002 * DAY_MS);
      expect(trades.length).toBeGreaterThan(10);
      const wrong = trades.filter(
        (trade, at) =>
          Number(trade.size) <= 0 ||
          Number(trade.price) <= 0 ||
          trade.id !== (trades[0]?.id ?? 0) + at ||
          trade.time < (trades[at - 1]?.time ?? 0),
      );
      expect(wrong).toEqual([]);
    }
  });

  it('fills minutes without trades with flat bars at the last price', () => {
    const bars = market.bars('BANDUSDT', '1m', 20_000 * DAY_MS, 20_001 * DAY_MS, NOW);
    expect(bars).toHaveLength(1440);
    const flat = bars.filter((bar) => bar.trades === 0);
    expect(flat.length).toBeGreaterThan(1400);
    bars.forEach((bar, at) => {
      if (bar.trades > 0 || at === 0) return;
      expect([bar.open, bar.high, bar.low, bar.close, bar.volume]).toEqual([
        ...Array(4).fill(bars[at - 1]?.close),
        '0',
      ]);
      expect([bar.firstTradeId, bar.lastTradeId]).toEqual([-1, -1]);
    });
  });

  it('gives the same answer whatever was asked before, and another for another seed', () => {
    const ask = (seed: number) =>
      createSeededMarket({ seed, symbols: universe }).bars('ETHUSDT', '1h', NOW - DAY_MS, NOW, NOW);
    expect(ask(7)).toEqual(market.bars('ETHUSDT', '1h', NOW - DAY_MS, NOW, NOW));
    expect(ask(8)).not.toEqual(ask(7));
  });

  it('names the next trade', () => {
    for (const symbol of ['BTCUSDT', 'BANDUSDT']) {
      const [first] = market.trades(symbol, NOW, NOW + 2 * DAY_MS);
      expect(market.nextTradeAt(symbol, NOW - 1)).toBe(first?.time);
      expect(market.nextTradeAt(symbol, (first?.time ?? 0) - 1)).toBe(first?.time);
    }
  });

  it('opens weeks on Monday and months on the first, and nothing before the listing', () => {
    const [week] = market.bars('BTCUSDT', '1w', NOW - 7 * DAY_MS, NOW, NOW);
    expect(new Date(week?.openTime ?? 0).getUTCDay()).toBe(1);
    const months = market.bars('BTCUSDT', '1M', 0, NOW, NOW);
    expect(new Date(months[0]?.openTime ?? 0).toISOString()).toBe('2018-01-01T00:00:00.000Z');
    expect(months.at(-1)?.closeTime).toBe(nextBucket('1M', months.at(-1)?.openTime ?? 0));
    expect(market.bars('BTCUSDT', '1m', 0, Date.UTC(2018, 0, 1), NOW)).toEqual([]);
  });
});
