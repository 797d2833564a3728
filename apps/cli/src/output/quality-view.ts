import { QUALITY_COUNTS, qualityCountsOf } from '@livermore/cache';
import type { QualityCounts } from '@livermore/cache';
import { TIMEFRAMES } from '@livermore/schemas';
import type { Timeframe } from '@livermore/schemas';
import { count } from './format';
import { styled } from './print';
import type { Column } from './print';

/** Counts of one timeframe on one UTC day (`YYYY-MM-DD`). */
export interface QualityRow {
  readonly day: string;
  readonly timeframe: Timeframe;
  readonly counts: QualityCounts;
}

/** What so many comparisons support. */
export interface DifferenceBound {
  readonly compared: number;
  readonly different: number;
  /** With 95 % confidence a smaller share than this differs; absent where some differ, or too few were compared. */
  readonly below?: number;
}

/** None found in n: the share is below 3/n with 95 % confidence, as (1 - 3/n)^n < 0.05. */
const RULE_OF_THREE = 3;

export function differenceBound({ compared, different }: QualityCounts): DifferenceBound {
  const supports = different === 0 && compared > RULE_OF_THREE;
  return { compared, different, ...(supports ? { below: RULE_OF_THREE / compared } : {}) };
}

/** @example boundText({ compared: 1200, different: 0, below: 0.0025 }) // 'less than 3 in 1,200' */
export function boundText({ compared, different, below }: DifferenceBound): string {
  if (compared === 0) return 'nothing compared';
  if (different > 0) return `${count(different)} in ${count(compared)}`;
  return below === undefined ? 'too few to say' : `less than 3 in ${count(compared)}`;
}

/** The sums of all rows, by timeframe, shortest first. */
export function byTimeframe(rows: readonly QualityRow[]): ReadonlyMap<Timeframe, QualityCounts> {
  const sums = new Map<Timeframe, QualityCounts>();
  for (const timeframe of TIMEFRAMES) {
    const of = rows.filter((row) => row.timeframe === timeframe);
    if (of.length > 0) sums.set(timeframe, totalOf(of));
  }
  return sums;
}

export function totalOf(rows: readonly Pick<QualityRow, 'counts'>[]): QualityCounts {
  return qualityCountsOf((name) => rows.reduce((total, { counts }) => total + counts[name], 0));
}

const right = 'right' as const;

export const QUALITY_COLUMNS: readonly Column[] = [
  { title: 'day (UTC)' },
  { title: 'tf' },
  { title: 'expected', align: right },
  { title: 'within 5 s', align: right },
  { title: 'compared', align: right },
  { title: 'equal', align: right },
  { title: 'different', align: right },
  { title: 'so differ' },
  { title: 'corrected', align: right },
  { title: 'settled', align: right },
  { title: 'right first', align: right },
];

/** A line of counts: whole numbers, so that nothing bad is rounded away. */
export function qualityCells(day: string, timeframe: string, counts: QualityCounts): readonly string[] {
  const { expected, inTime, compared, equal, different, settled, rightFirst, corrected } = counts;
  return [
    day,
    timeframe,
    count(expected),
    counted(inTime, inTime < expected),
    count(compared),
    count(equal),
    counted(different, different > 0),
    boundText(differenceBound(counts)),
    counted(corrected, corrected > 0),
    count(settled),
    counted(rightFirst, rightFirst < settled),
  ];
}

function counted(value: number, isBad: boolean): string {
  return isBad ? styled('yellow', count(value)) : count(value);
}

/** What all of it comes to, in words. */
export function qualitySentence(total: QualityCounts): string {
  const { compared, different, settled, rightFirst, expected, inTime } = total;
  const bound = differenceBound(total);
  const confidence = bound.below === undefined ? '' : ` differ (95 % confidence)`;
  return [
    `comparisons with the venue's own: ${count(compared)}, different: ${count(different)}, so ${boundText(bound)}${confidence}`,
    `${count(inTime)} of ${count(expected)} were there within 5 s of their close`,
    `${count(rightFirst)} of ${count(settled)} that are settled were right when first said`,
  ].join('; ');
}

/** Counts and what they support, for programs. */
export function qualityJson(counts: QualityCounts) {
  const { below } = differenceBound(counts);
  const stated = Object.fromEntries(QUALITY_COUNTS.map((name) => [name, counts[name]]));
  return { ...stated, ...(below === undefined ? {} : { differentBelow: below, confidence: 0.95 }) };
}
