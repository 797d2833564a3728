import { randomInt } from 'node:crypto';
import {
  CANDLE_SOURCES,
  CANDLE_STANDINGS,
  LATEST_OPEN_TIME_MS,
  MAX_TRADES,
  TIMEFRAMES,
  timeframeMs,
} from '@livermore/schemas';
import type { SourcedCandle, Timeframe, UnifiedCandle } from '@livermore/schemas';
import * as fc from 'fast-check';
import { encodeCandle } from '../candle-layout';

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

const amount = fc.double({ min: 0, max: Number.MAX_VALUE, noNaN: true }).map((each) => each + 0);

/** What a venue may tell beyond the values: each figure or none of it. */
const anyFigures = fc.record(
  {
    quoteVolume: amount,
    trades: fc.nat(MAX_TRADES),
    takerBaseVolume: amount,
    takerQuoteVolume: amount,
  },
  { requiredKeys: [] },
);

/** Valid candles of all timeframes with extreme prices, volumes, times and as-ofs. */
export const anyCandle: fc.Arbitrary<UnifiedCandle> = fc
  .record({
    prices: fc.tuple(anyPrice, anyPrice, anyPrice, anyPrice),
    volume: fc.double({ min: 0, max: Number.MAX_VALUE, noNaN: true }),
    timeframe: fc.constantFrom(...TIMEFRAMES),
    asOf: fc.option(fc.maxSafeNat(), { nil: undefined }),
    source: fc.option(fc.constantFrom(...CANDLE_SOURCES), { nil: undefined }),
    standing: fc.option(fc.constantFrom(...CANDLE_STANDINGS), { nil: undefined }),
    corrected: fc.option(fc.constant(true as const), { nil: undefined }),
    figures: anyFigures,
  })
  .chain(({ prices, volume, timeframe, asOf, source, standing, corrected, figures }) =>
    openTimes(timeframe).map((timestamp) => ({
      ...candleWith({ timestamp, timeframe, volume }),
      open: prices[0],
      close: prices[1],
      high: Math.max(...prices),
      low: Math.min(...prices),
      ...(asOf === undefined ? {} : { sequenceNum: asOf }),
      ...(source === undefined ? {} : { source }),
      ...(standing === undefined ? {} : { standing }),
      ...(corrected === undefined ? {} : { corrected }),
      ...figures,
    })),
  );

/** A candle of the pipeline with a price that tells it from others. */
export function sourcedCandle(over: Partial<SourcedCandle> = {}): SourcedCandle {
  return { ...candleWith(over), sequenceNum: over.sequenceNum ?? 1, source: over.source ?? 'stream' };
}

/** The 53 bytes of layout 1, as its writers left them: the source by its place among the first four. */
export function layout1Of(candle: UnifiedCandle): Buffer {
  const bytes = Buffer.from(encodeCandle(candle).subarray(0, 53));
  const source = candle.source === undefined ? 0 : CANDLE_SOURCES.indexOf(candle.source) + 1;
  bytes[0] = 1;
  bytes[1] = source;
  return bytes;
}
