import { timeframeMs } from '@livermore/schemas';
import { describe, expect, it } from 'vitest';
import type { Comparison, Difference, TrueBar } from './compare';
import { Findings, isFaithful } from './report';

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
  holes: [],
};

function difference(openTime: number, cached = VALUES): Difference {
  const truth = { ...VALUES, volume: 6, isNative: true };
  return { series: SERIES, openTime, fields: ['volume'], cached, truth };
}

function found(findings: Findings, comparison: Partial<Comparison>, formerly: readonly TrueBar[] = []) {
  findings.add({ ...NOTHING, ...comparison }, { series: SERIES, step: STEP, formerly, unannounced: [] });
  return findings.results();
}

describe('what a replay found', () => {
  it('counts a bar as revised when the cache holds what its recorded parts come to', () => {
    const findings = new Findings(new Map([[`AAA 1h ${STEP}`, VALUES]]));
    const { candles, differences } = found(findings, { compared: 1, different: [difference(STEP)] });
    expect(candles).toMatchObject({ compared: 1, revised: 1, different: 0 });
    expect(differences).toEqual([]);
  });

  it('counts a bar as revised when the cache holds what the venue said before', () => {
    const before = { ...VALUES, openTime: STEP, isNative: true };
    const { candles } = found(new Findings(new Map()), { compared: 1, different: [difference(STEP)] }, [
      before,
    ]);
    expect(candles).toMatchObject({ revised: 1, different: 0 });
  });

  it.each([
    ['one field', { ...VALUES, close: 3.5 }, STEP],
    ['the bar', VALUES, 2 * STEP],
  ])('hides no real difference: %s is another', (_name, cached, openTime) => {
    const findings = new Findings(new Map([[`AAA 1h ${STEP}`, VALUES]]));
    const { candles, differences } = found(findings, {
      compared: 1,
      different: [difference(openTime, cached)],
    });
    expect(candles).toMatchObject({ revised: 0, different: 1 });
    expect(differences).toHaveLength(1);
  });

  it('adds up over comparisons of one series, and joins holes that touch', () => {
    const findings = new Findings(new Map());
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
    const findings = new Findings(new Map());
    found(findings, { compared: 150, different });
    const { candles, differences } = found(findings, { compared: 150, different });
    expect(candles.different).toBe(300);
    expect(differences).toHaveLength(100);
  });
});

describe('a faithful replay', () => {
  const good = found(new Findings(new Map()), { compared: 2, equal: 2 }).candles;

  it('compared something and found nothing wrong', () => {
    expect(isFaithful({ candles: { ...good, revised: 3, quiet: 2, holes: 1 } })).toBe(true);
  });

  it.each([{ compared: 0 }, { different: 1 }, { missing: 1 }, { invented: 1 }])(
    'is none with %o',
    (wrong) => {
      expect(isFaithful({ candles: { ...good, ...wrong } })).toBe(false);
    },
  );
});
