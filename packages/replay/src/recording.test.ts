import { describe, expect, it } from 'vitest';
import { Recording } from './recording';
import type { RecordedSeries } from './recording/recorded-series';

const MINUTE = 60_000;
/** A midnight. */
const FROM = 1_700_006_400_000;
const STEPS: Readonly<Record<string, number>> = { '1m': 1, '5m': 5, '15m': 15, '1h': 60 };

type Values = readonly [open: string, high: string, low: string, close: string, volume: string];

/** A file: its bars by their place on its grid, counted from FROM. */
function file(
  interval: string,
  bars: Readonly<Record<number, Values>>,
  { symbol = 'AAA', source = '' } = {},
): RecordedSeries {
  const stepMs = (STEPS[interval] ?? 1) * MINUTE;
  const rows = Object.entries(bars).map(([at, [open, high, low, close, volume]]) => {
    const openTime = FROM + Number(at) * stepMs;
    return { openTime, open, high, low, close, volume };
  });
  const times = rows.map((row) => row.openTime);
  return {
    symbol,
    interval,
    stepMs,
    source,
    bars: new Map(rows.map((row) => [row.openTime, row])),
    from: Math.min(...times),
    to: Math.max(...times) + stepMs,
  };
}

/** So many like bars from a place on. */
function run(from: number, count: number, values: Values): Record<number, Values> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [from + at, values]));
}

const PLAIN: Values = ['1', '2', '0.5', '1.5', '0.100000000001'];
const FLAT: Values = ['1.4', '1.4', '1.4', '1.4', '0'];
const all = { from: FROM - 1000 * MINUTE, to: FROM + 10_000 * MINUTE };
const fives = { symbol: 'AAA', timeframe: '5m' } as const;
const values = (open: number, high: number, low: number, close: number, volume: number) => ({
  open,
  high,
  low,
  close,
  volume,
});

describe('a recording', () => {
  it('says of its own timeframe what the file says, all twelve decimals of it', () => {
    const recording = new Recording([file('1m', run(0, 3, PLAIN))]);
    const bars = recording.bars({ symbol: 'AAA', timeframe: '1m' }, all);
    expect(bars).toHaveLength(3);
    expect(bars[0]).toEqual({ openTime: FROM, ...values(1, 2, 0.5, 1.5, 0.100000000001), isNative: true });
  });

  it('adds up what was not recorded, exactly, leaving bars without trades out', () => {
    const minutes = { ...run(0, 5, PLAIN), 0: FLAT, 2: ['3', '9', '3', '4', '1'] as const, 4: FLAT };
    const recording = new Recording([file('1m', { ...minutes, ...run(5, 5, FLAT) })]);
    expect(recording.bars(fives, all)).toEqual([
      { openTime: FROM, ...values(1, 9, 0.5, 1.5, 1.200000000002), isNative: false },
      { openTime: FROM + 5 * MINUTE, ...values(1.4, 1.4, 1.4, 1.4, 0), isNative: false },
    ]);
  });

  it('has no bar where it has no part, and makes one of what is left beside a hole', () => {
    const recording = new Recording([file('1m', { ...run(0, 4, PLAIN), ...run(11, 4, PLAIN) })]);
    expect(recording.bars(fives, all).map(({ openTime, volume }) => [openTime - FROM, volume])).toEqual([
      [0, 0.400000000004],
      [10 * MINUTE, 0.400000000004],
    ]);
  });

  it('says nothing of bars it does not cover', () => {
    const recording = new Recording([file('1m', run(3, 9, PLAIN))]);
    expect(recording.bars(fives, all).map((bar) => bar.openTime - FROM)).toEqual([5 * MINUTE]);
  });

  it('has no bars without trades on a venue that omits them', () => {
    const series = { symbol: 'A-USD', timeframe: '1m' } as const;
    const recording = new Recording([file('1m', { ...run(0, 9, PLAIN), 4: FLAT }, { symbol: 'A-USD' })]);
    expect(recording.omitsQuiet(series)).toBe(true);
    expect(recording.bars(series, all)).toHaveLength(8);
    expect(recording.closeBefore(series, FROM + 5 * MINUTE)).toBe(1.5);
    expect(recording.closeBefore(series, FROM)).toBeUndefined();
  });

  it('goes on with longer bars where the shorter ones end, and begins with them', () => {
    const recording = new Recording([
      file('5m', { ...run(0, 12, PLAIN), 1: ['9', '9', '9', '9', '9'] }),
      file('1m', run(7, 13, PLAIN)),
    ]);
    const [quarter] = recording.bars({ symbol: 'AAA', timeframe: '15m' }, all);
    // Two fives, the second of them to its end although minutes begin inside it, and five minutes.
    expect(quarter).toMatchObject(values(1, 9, 0.5, 1.5, 9.600000000006));
    expect(recording.span).toEqual({ from: FROM + 7 * MINUTE, to: FROM + 20 * MINUTE });
  });

  it('cannot tell a bar that begins in the middle of a longer one', () => {
    const recording = new Recording([file('1h', run(0, 2, PLAIN)), file('1m', run(65, 75, PLAIN))]);
    const quarters = recording.bars({ symbol: 'AAA', timeframe: '15m' }, all);
    expect(quarters[0]?.openTime).toBe(FROM + 120 * MINUTE);
  });

  it.each([
    ['the shorter bars of another file', file('1m', run(0, 10, PLAIN)), '1m'],
    [
      'a second file of the same bars',
      file('5m', run(0, 2, PLAIN), { source: 'b' }),
      '5m of the recording "b"',
    ],
  ])('knows what %s say instead', (_name, other, of) => {
    const own = file('5m', run(0, 2, ['1', '2', '0.5', '1.5', '7']));
    const recording = new Recording([own, other]);
    const [first, second] = recording.readings(fives, all);
    expect([first?.of, second?.of]).toEqual([of, of]);
    expect(first?.volume).not.toBe(7);
    expect(recording.revised()).toEqual([
      expect.objectContaining({ ...fives, openTime: FROM, parts: of, volume: 7 }),
      expect.objectContaining({ ...fives, openTime: FROM + 5 * MINUTE }),
    ]);
  });

  it('contradicts itself nowhere when all of it comes to the same', () => {
    const recording = new Recording([
      file('1m', run(0, 10, PLAIN)),
      file('5m', run(0, 2, ['1', '2', '0.5', '1.5', '0.500000000005'])),
    ]);
    expect(recording.readings(fives, all)).toEqual([]);
    expect(recording.revised()).toEqual([]);
  });

  it.each([
    ['nothing', []],
    ['only second files', [file('1m', run(0, 2, PLAIN), { source: 'b' })]],
    [
      'symbols that have no time in common',
      [file('1m', run(0, 2, PLAIN)), file('1m', run(50, 2, PLAIN), { symbol: 'BBB' })],
    ],
  ])('cannot be replayed with %s', (_name, files) => {
    expect(() => new Recording(files)).toThrow(/no candles|no time in common/);
  });
});
