import type { Correction } from '@livermore/cache';
import { closeAsOf } from '@livermore/schemas';
import { describe, expect, it } from 'vitest';
import { changedValues, correctionCells, correctionJson } from './correction-view';

const SERIES = { symbol: 'BTC-USD', timeframe: '5m' } as const;
const OPEN_TIME = Date.UTC(2026, 2, 11, 12, 10);
const CLOSE = closeAsOf('5m', OPEN_TIME);
const OLD = {
  ...SERIES,
  timestamp: OPEN_TIME,
  open: 100,
  high: 110,
  low: 90,
  close: 105,
  volume: 12.5,
  sequenceNum: CLOSE,
  source: 'stand-in',
} as const;
const NEW = {
  ...OLD,
  close: 106,
  volume: 13,
  sequenceNum: CLOSE + 122_500_000,
  source: 'rest',
  corrected: true,
  trades: 17,
} as const;
const CHANGE: Correction = {
  id: '1773231422500-0',
  at: Date.UTC(2026, 2, 11, 12, 17, 2),
  series: SERIES,
  openTime: OPEN_TIME,
  old: OLD,
  new: NEW,
  cause: 'boundary',
};
const RETRACTION: Correction = {
  ...CHANGE,
  old: { ...OLD, close: 105, volume: 0, source: 'no-trades' },
  new: undefined,
  cause: 'refuted by a longer bar',
};

describe('a closed bar that changed', () => {
  it('is told with what each changed value was and is, both as-ofs, sources and the cause', () => {
    expect(correctionCells(CHANGE)).toEqual([
      '2026-03-11 12:17:02',
      'BTC-USD',
      '5m',
      '2026-03-11 12:10:00',
      '0ms → 2m 3s',
      'stand-in → rest',
      'boundary',
      'close 105 → 106, volume 12.5 → 13',
    ]);
  });

  it('is told to programs with both candles whole', () => {
    expect(correctionJson(CHANGE)).toMatchObject({
      symbol: 'BTC-USD',
      timeframe: '5m',
      openTime: OPEN_TIME,
      kind: 'changed',
      values: ['close', 'volume'],
      old: { close: 105, sequenceNum: CLOSE, source: 'stand-in', state: 'provisional' },
      new: { close: 106, sequenceNum: CLOSE + 122_500_000, source: 'rest', trades: 17, corrected: true },
      cause: 'boundary',
    });
  });

  it.each(['open', 'high', 'low', 'close', 'volume'] as const)('names %s when it alone changed', (value) => {
    expect(changedValues({ ...CHANGE, new: { ...OLD, [value]: 100.5 } })).toEqual([value]);
  });
});

describe('a bar that was taken back', () => {
  it('says so, and what had been said', () => {
    const cells = correctionCells(RETRACTION);
    expect(cells.slice(4)).toEqual([
      '0ms',
      'no-trades',
      'refuted by a longer bar',
      'taken back: 105, volume 0',
    ]);
  });

  it('has no new candle for programs', () => {
    expect(correctionJson(RETRACTION)).toMatchObject({ kind: 'retracted', values: [], new: null });
  });
});

it('a candle that does not say since when it is true, or who told it, is told as such', () => {
  const { sequenceNum: _asOf, source: _source, ...bare } = OLD;
  expect(correctionCells({ ...CHANGE, old: bare }).slice(4, 6)).toEqual([
    'not said → 2m 3s',
    'not said → rest',
  ]);
});
