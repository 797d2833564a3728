import { randomInt } from 'node:crypto';
import { LATEST_OPEN_TIME_MS, TIMEFRAMES, timeframeMs } from '@livermore/schemas';
import type { SourcedCandle, Timeframe, UnifiedCandle } from '@livermore/schemas';
import * as fc from 'fast-check';

/** Open time of the example bar: 2023-11-14 22:15 UTC, on the grid of every timeframe up to 15m. */
export const EXAMPLE_OPEN_TIME = 1_700_000_100_000;

/** A valid candle without an as-of, changed by `over`. @example candleWith({ close: 102, sequenceNum: 5 }) */
export function candleWith(over: Partial<UnifiedCandle> = {}): UnifiedCandle {
  return {
    timestamp: EXAMPLE_OPEN_TIME,
    open: 100,
    high: 110,
    low: 90,
    close: 105,
    volume: 12.5,
    symbol: 'BTCUSDT',
    timeframe: '1m',
    exchange: 'binance',
    ...over,
  };
}

/** An id no other test uses: tests share one Redis, and no key is ever matched by prefix. */
export function freshExchangeId(): number {
  return randomInt(1_000_000, 2_000_000_000);
}

/** Any price a float64 can hold, from the smallest to the greatest. */
const anyPrice = fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true });

/** Open times on the grid of a timeframe, over all the time there is. */
export function openTimes(timeframe: Timeframe): fc.Arbitrary<number> {
  const length = timeframeMs(timeframe);
  return fc.integer({ min: 1, max: Math.floor(LATEST_OPEN_TIME_MS / length) }).map((at) => at * length);
}

/** Valid candles of all timeframes with extreme prices, volumes, times and as-ofs. */
export const anyCandle: fc.Arbitrary<UnifiedCandle> = fc
  .record({
    prices: fc.tuple(anyPrice, anyPrice, anyPrice, anyPrice),
    volume: fc.double({ min: 0, max: Number.MAX_VALUE, noNaN: true }),
    timeframe: fc.constantFrom(...TIMEFRAMES),
    asOf: fc.option(fc.maxSafeNat(), { nil: undefined }),
    source: fc.option(fc.constantFrom('stream', 'rest', 'derived', 'no-trades'), { nil: undefined }),
  })
  .chain(({ prices, volume, timeframe, asOf, source }) =>
    openTimes(timeframe).map((timestamp) => ({
      ...candleWith({ timestamp, timeframe, volume }),
      open: prices[0],
      close: prices[1],
      high: Math.max(...prices),
      low: Math.min(...prices),
      ...(asOf === undefined ? {} : { sequenceNum: asOf }),
      ...(source === undefined ? {} : { source }),
    })),
  );

/** A candle of the pipeline with a price that tells it from others. */
export function sourcedCandle(over: Partial<SourcedCandle> = {}): SourcedCandle {
  return { ...candleWith(over), sequenceNum: over.sequenceNum ?? 1, source: over.source ?? 'stream' };
}
