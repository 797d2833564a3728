import type { Bar, Market } from '@livermore/simulator';
import { describe, expect, it } from 'vitest';
import { Recording } from './recording';
import type { RecordedSeries } from './recording/recorded-series';
import { Truth } from './truth';

const MINUTE = 60_000;
const FROM = 1_700_000_040_000;
const SERIES = { symbol: 'AAA', timeframe: '1m' } as const;
const RANGE = { from: FROM, to: FROM + 3 * MINUTE };
/** What the file says; the venue below serves it rounded, which is none of the truth's business. */
const TEXT = '1.000000000001';

function recorded(volume = TEXT, source = ''): RecordedSeries {
  const times = [0, 1, 2].map((at) => FROM + at * MINUTE);
  const bars = times.map((openTime) => ({ openTime, open: '1', high: '2', low: '1', close: '2', volume }));
  return {
    symbol: 'AAA',
    interval: '1m',
    stepMs: MINUTE,
    source,
    bars: new Map(bars.map((bar) => [bar.openTime, bar])),
    from: FROM,
    to: FROM + 3 * MINUTE,
  };
}

/** A venue that serves three minutes, each with a volume of its own; none for an empty text. */
function venue(...volumes: readonly string[]): Market {
  const bars = volumes.map((volume, at): Bar => {
    const openTime = FROM + at * MINUTE;
    return {
      openTime,
      closeTime: openTime + MINUTE,
      open: '1',
      high: '2',
      low: '1',
      close: '2',
      volume,
      quoteVolume: '1',
      trades: 3,
      takerBaseVolume: '0',
      takerQuoteVolume: '0',
      firstTradeId: 1,
      lastTradeId: 3,
    };
  });
  return {
    symbols: [],
    bars: (_symbol, _interval, from, to) =>
      bars.filter((bar) => bar.volume !== '' && bar.openTime >= from && bar.openTime < to),
    trades: () => [],
    nextTradeAt: () => undefined,
    isOut: () => false,
    intervals: () => ['1m'],
  };
}

const volumes = (truth: Truth) => truth.bars(SERIES, RANGE).map((bar) => bar.volume);

describe('the truth of a replay', () => {
  it('is the text of the recording', () => {
    expect(volumes(new Truth(new Recording([recorded()])))).toEqual([
      Number(TEXT),
      Number(TEXT),
      Number(TEXT),
    ]);
  });

  it('is still the text of the recording where a script changed nothing of what the venue made of it', () => {
    const scripted = { before: venue('1', '1', '1'), after: venue('1', '1', '1') };
    const truth = new Truth(new Recording([recorded()]), scripted);
    expect(volumes(truth)).toEqual([Number(TEXT), Number(TEXT), Number(TEXT)]);
    expect(truth.formerly(SERIES, FROM)).toBeUndefined();
  });

  it('is the last word of the venue where a script corrected a bar, and nothing where it took one', () => {
    const scripted = { before: venue('1', '1', '1'), after: venue('1', '7', '') };
    const truth = new Truth(new Recording([recorded()]), scripted);
    expect(truth.bars(SERIES, RANGE)).toEqual([
      expect.objectContaining({ openTime: FROM, volume: Number(TEXT), isNative: true }),
      expect.objectContaining({ openTime: FROM + MINUTE, volume: 7, isNative: true }),
    ]);
    expect(truth.formerly(SERIES, FROM + MINUTE)).toMatchObject({ volume: Number(TEXT) });
    expect(truth.closeBefore(SERIES, FROM + 3 * MINUTE)).toBe(2);
  });

  it('leaves a second reading only to bars that the script left alone', () => {
    const recording = new Recording([recorded(), recorded('5', 'b')]);
    const scripted = { before: venue('1', '1', '1'), after: venue('1', '7', '1') };
    const truth = new Truth(recording, scripted);
    expect(truth.readings(SERIES, FROM)).toEqual([expect.objectContaining({ volume: 5 })]);
    expect(truth.readings(SERIES, FROM + MINUTE)).toEqual([]);
  });
});
