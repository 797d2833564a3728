import type { QualityCounts } from '@livermore/cache';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  boundText,
  byTimeframe,
  differenceBound,
  qualityCells,
  qualityJson,
  qualitySentence,
  totalOf,
} from './quality-view';

const COUNTS: QualityCounts = {
  expected: 1_440,
  inTime: 1_439,
  compared: 3_000,
  equal: 3_000,
  different: 0,
  settled: 1_400,
  rightFirst: 1_399,
  corrected: 1,
};

describe('what comparisons support', () => {
  it('is less than 3 in n where none of n differ', () => {
    const bound = differenceBound(COUNTS);
    expect(bound).toEqual({ compared: 3_000, different: 0, below: 0.001 });
    expect(boundText(bound)).toBe('less than 3 in 3,000');
  });

  it('is what was found, as it is, where some differ', () => {
    const bound = differenceBound({ ...COUNTS, equal: 2_998, different: 2 });
    expect(bound).toEqual({ compared: 3_000, different: 2 });
    expect(boundText(bound)).toBe('2 in 3,000');
  });

  it.each([
    [0, 'nothing compared'],
    [1, 'too few to say'],
    [3, 'too few to say'],
    [4, 'less than 3 in 4'],
  ])('of %d that are equal is: %s', (compared, text) => {
    expect(boundText(differenceBound({ ...COUNTS, compared, equal: compared }))).toBe(text);
  });

  it('holds with 95 % confidence, whatever was compared', () => {
    for (const compared of [4, 10, 100, 1_000_000]) {
      const { below = 1 } = differenceBound({ ...COUNTS, compared });
      expect((1 - below) ** compared).toBeLessThan(0.05);
    }
  });
});

describe('counts for people', () => {
  it('are whole numbers, the bad ones too', () => {
    const cells = qualityCells('2026-03-11', '1m', COUNTS).map(stripVTControlCharacters);
    expect(cells).toEqual([
      '2026-03-11',
      '1m',
      '1,440',
      '1,439',
      '3,000',
      '3,000',
      '0',
      'less than 3 in 3,000',
      '1',
      '1,400',
      '1,399',
    ]);
  });

  it('end in a sentence that says what they support', () => {
    expect(qualitySentence(COUNTS)).toBe(
      "comparisons with the venue's own: 3,000, different: 0, so less than 3 in 3,000 differ (95 % confidence); 1,439 of 1,440 were there within 5 s of their close; 1,399 of 1,400 that are settled were right when first said",
    );
    expect(qualitySentence({ ...COUNTS, different: 4 })).toContain('different: 4, so 4 in 3,000;');
  });
});

describe('sums', () => {
  const rows = [
    { day: '2026-03-10', timeframe: '1h', counts: COUNTS },
    { day: '2026-03-10', timeframe: '1m', counts: COUNTS },
    { day: '2026-03-11', timeframe: '1m', counts: { ...COUNTS, different: 5 } },
  ] as const;

  it('are made by timeframe, shortest first, of every count', () => {
    const sums = byTimeframe(rows);
    expect([...sums.keys()]).toEqual(['1m', '1h']);
    expect(sums.get('1m')).toEqual({
      expected: 2_880,
      inTime: 2_878,
      compared: 6_000,
      equal: 6_000,
      different: 5,
      settled: 2_800,
      rightFirst: 2_798,
      corrected: 2,
    });
    expect(totalOf(rows).expected).toBe(4_320);
  });

  it('tell programs the bound only where there is one', () => {
    expect(qualityJson(COUNTS)).toEqual({ ...COUNTS, differentBelow: 0.001, confidence: 0.95 });
    expect(qualityJson({ ...COUNTS, different: 1 })).toEqual({ ...COUNTS, different: 1 });
  });
});
