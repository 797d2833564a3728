import { timeframeMs } from '@livermore/schemas';
import { describe, expect, it } from 'vitest';
import type { Comparison, Difference } from './compare';
import { Findings } from './findings';
import type { FoundIn } from './findings';
import { isFaithful } from './report';

const SERIES = { symbol: 'AAA', timeframe: '1h' } as const;
const STEP = timeframeMs('1h');
const VALUES = { open: 2, high: 4, low: 1, close: 3, volume: 5 };
const NOTHING: Comparison = {
  compared: 0,
  equal: 0,
  native: 0,
  different: [],
  missing: [],
  invented: [],
  quiet: [],
  falselyQuiet: [],
  holes: [],
};

function difference(openTime: number, cached = VALUES): Difference {
  const truth = { ...VALUES, volume: 6, isNative: true };
  return { series: SERIES, openTime, fields: ['volume'], cached, truth };
}

function found(findings: Findings, comparison: Partial<Comparison>, about: Partial<FoundIn> = {}) {
  findings.add({ ...NOTHING, ...comparison }, { series: SERIES, step: STEP, unannounced: [], ...about });
  return findings.results();
}

describe('what a replay found', () => {
  const one = { compared: 1, different: [difference(STEP)] };

  it('counts a bar as revised when the cache holds what another native recording says of it', () => {
    const { candles, differences } = found(new Findings(), one, { readingsOf: () => [VALUES] });
    expect(candles).toMatchObject({ compared: 1, revised: 1, different: 0 });
    expect(differences).toEqual([]);
  });

  it('counts a bar as different, and as pending, when the cache holds what the venue had before a correction', () => {
    const { candles } = found(new Findings(), one, { formerlyOf: () => VALUES });
    expect(candles).toMatchObject({ revised: 0, different: 1, pending: 1 });
  });

  it.each([
    ['no other recording says it', []],
    ['another recording says something else', [{ ...VALUES, close: 3.5 }]],
  ])('hides no real difference: %s', (_name, readings) => {
    const asked: number[] = [];
    const { candles, differences } = found(new Findings(), one, {
      readingsOf: (openTime) => {
        asked.push(openTime);
        return readings;
      },
    });
    expect(candles).toMatchObject({ revised: 0, different: 1, pending: 0 });
    expect(differences).toHaveLength(1);
    expect(asked).toEqual([STEP]);
  });

  it('shows falsely quiet bars separately', () => {
    const { candles, falselyQuiet } = found(new Findings(), { falselyQuiet: [STEP] });
    expect(candles).toMatchObject({ falselyQuiet: 1, different: 0, quiet: 0 });
    expect(falselyQuiet).toEqual([{ ...SERIES, openTimes: [STEP] }]);
  });

  it('gives the share right when first announced, by timeframe', () => {
    const findings = new Findings();
    const counts = {
      announced: 4,
      announcedRight: 3,
      announcedWrongFirst: 1,
      announcedOther: 0,
      announcedWrongLast: 0,
      announcedFalselyQuiet: 0,
    };
    found(findings, {}, { announced: counts });
    found(findings, {}, { announced: { ...counts, announcedRight: 4 }, series: { ...SERIES, symbol: 'B' } });
    const { announced } = found(findings, {}, { series: { symbol: 'AAA', timeframe: '1m' } });
    expect(announced).toEqual([
      expect.objectContaining({ timeframe: '1m', announced: 0, shareRight: undefined }),
      expect.objectContaining({ timeframe: '1h', announced: 8, announcedRight: 7, shareRight: 7 / 8 }),
    ]);
  });

  it('adds up over comparisons of one series, and joins holes that touch', () => {
    const findings = new Findings();
    found(findings, { compared: 3, equal: 3, holes: [0, STEP] });
    const { candles, series, holes, missing } = found(findings, {
      compared: 1,
      equal: 1,
      missing: [9 * STEP],
      holes: [2 * STEP, 5 * STEP],
    });
    expect(candles).toMatchObject({ compared: 4, equal: 4, missing: 1, holes: 4 });
    expect(series).toHaveLength(1);
    expect(missing).toEqual([{ ...SERIES, openTimes: [9 * STEP] }]);
    expect(holes).toEqual([
      {
        ...SERIES,
        ranges: [
          { from: 0, to: 3 * STEP },
          { from: 5 * STEP, to: 6 * STEP },
        ],
      },
    ]);
  });

  it('keeps the first hundred differences and counts all', () => {
    const different = Array.from({ length: 150 }, (_, at) => difference(at * STEP));
    const findings = new Findings();
    found(findings, { compared: 150, different });
    const { candles, differences } = found(findings, { compared: 150, different });
    expect(candles.different).toBe(300);
    expect(differences).toHaveLength(100);
  });
});

const HEARD = { announced: 3, repeated: 0, unreadable: 0, untoldOwner: 0 };

describe('a faithful replay', () => {
  const good = found(new Findings(), { compared: 2, equal: 2 }).candles;

  it('compared something and found nothing wrong', () => {
    const candles = { ...good, revised: 3, quiet: 2, holes: 1, announced: 3, announcedWrongFirst: 1 };
    expect(isFaithful({ candles, closes: HEARD })).toBe(true);
  });

  it.each([
    { compared: 0 },
    { different: 1 },
    { missing: 1 },
    { invented: 1 },
    { falselyQuiet: 1 },
    { announcedWrongLast: 1 },
    { unannounced: 1 },
  ])('is none with %o', (wrong) => {
    expect(isFaithful({ candles: { ...good, ...wrong }, closes: HEARD })).toBe(false);
  });

  it.each([{ unreadable: 1 }, { untoldOwner: 1 }])('is none where %o was announced', (wrong) => {
    expect(isFaithful({ candles: good, closes: { ...HEARD, ...wrong } })).toBe(false);
  });
});
