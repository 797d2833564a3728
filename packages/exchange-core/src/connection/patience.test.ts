import { describe, expect, it } from 'vitest';
import { binanceProtocol } from '../protocol/binance/index';
import { coinbaseProtocol } from '../protocol/coinbase/index';
import type { Timeframe } from '@livermore/schemas';
import { quietMsOf } from './patience';

const MINUTE_MS = 60_000;
const carrying = (...timeframes: readonly Timeframe[]) =>
  timeframes.map((timeframe) => ({ topic: timeframe, channel: 'candles', symbol: 'A', timeframe }) as const);

describe('the patience with a silent connection', () => {
  it.each<[string, readonly Timeframe[], number]>([
    ['ends after a minute where minutes are carried, among others', ['1d', '1m', '4h'], 65_000],
    ['lasts until the first bar that must end', ['15m', '1h'], 15 * MINUTE_MS + 5_000],
    ['ends after an hour whatever is carried', ['1d'], 60 * MINUTE_MS],
    ['is the venue’s own where nothing is carried that must come', [], 65_000],
  ])('%s', (_title, timeframes, ms) => {
    expect(quietMsOf(carrying(...timeframes), binanceProtocol.stream.limits, 0)).toBe(ms);
  });

  it('is the venue’s own where no frame must come at the end of a bar', () => {
    expect(quietMsOf(carrying('5m'), coinbaseProtocol.stream.limits, 0)).toBe(120_000);
  });

  it('doubles each time a replacement brought nothing either, up to an hour', () => {
    const after = [0, 1, 2, 4, 5, 50].map((silences) =>
      quietMsOf(carrying('5m'), coinbaseProtocol.stream.limits, silences),
    );
    expect(after).toEqual([120_000, 240_000, 480_000, 1_920_000, 3_600_000, 3_600_000]);
  });
});
