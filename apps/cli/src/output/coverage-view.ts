import type { Verified } from '@livermore/cache';
import type { Coverage } from '@livermore/exchange-core';
import type { Series } from '@livermore/schemas';
import { count, instant } from './format';
import { styled } from './print';
import type { Column } from './print';

/** What is known of one series. */
export interface CoverageRow {
  readonly series: Series;
  readonly coverage: Coverage;
  /** How far it was compared with the venue's own bars; undefined when never. */
  readonly verified: Verified | undefined;
  /** Bars of the window that a reading contradicts and that wait for a second one. */
  readonly doubts: number;
  /** Bars of the window that are to be read again; those in doubt are mostly among them. */
  readonly looks: number;
}

const right = 'right' as const;

export const COVERAGE_COLUMNS: readonly Column[] = [
  { title: 'symbol' },
  { title: 'tf' },
  { title: 'present', align: right },
  { title: 'no trades', align: right },
  { title: 'missing', align: right },
  { title: 'provisional', align: right },
  { title: 'settled', align: right },
  { title: 'final', align: right },
  { title: 'waiting', align: right },
  { title: 'newest (UTC)' },
  { title: 'verified through' },
  { title: 'state' },
];

export function coverageCells({ series, coverage, verified, doubts, looks }: CoverageRow): readonly string[] {
  const { expected, present, noTrades, newest } = coverage;
  const { provisional, settled, final } = statesOf(coverage);
  return [
    series.symbol,
    series.timeframe,
    `${present}/${expected}`,
    orNothing(noTrades),
    orNothing(expected - present),
    orNothing(provisional),
    orNothing(settled),
    orNothing(final),
    doubts === 0 ? orNothing(looks) : `${looks}, ${doubts} in doubt`,
    newest === undefined ? '' : instant(newest),
    verified === undefined ? '' : instant(verified.through),
    stateOf(coverage),
  ];
}

/** A series for programs. `states` counts each bar that is there once, as its state says. */
export function coverageJson({ series, coverage, verified, doubts, looks }: CoverageRow) {
  const { symbol, timeframe } = series;
  const { settled: _settled, final: _final, ...found } = coverage;
  const states = statesOf(coverage);
  return { symbol, timeframe, ...found, states, verified: verified ?? null, doubts, looks };
}

/** What a table of series comes to, in two lines. */
export function coverageSummary(rows: readonly CoverageRow[], bars: number): readonly string[] {
  const complete = rows.filter(({ coverage }) => coverage.isComplete).length;
  const verified = rows.filter((row) => row.verified !== undefined).length;
  const [looks, doubts] = [sum(rows, ({ looks: of }) => of), sum(rows, ({ doubts: of }) => of)];
  return [
    `${count(complete)} of ${count(rows.length)} series complete over their last ${bars} bars`,
    `${count(verified)} compared with the venue's own; bars waiting to be read again: ${count(looks)}, in doubt: ${count(doubts)}`,
  ];
}

function statesOf({ present, settled, final }: Coverage) {
  return { provisional: present - settled, settled: settled - final, final };
}

function orNothing(value: number): string {
  return value === 0 ? '' : String(value);
}

function sum(rows: readonly CoverageRow[], of: (row: CoverageRow) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}

function stateOf(found: Coverage): string {
  if (found.isComplete) return styled('green', 'complete');
  if (found.isFilled) return styled('cyan', 'the venue has no more');
  const [first] = found.missing.filter((range) => range.why === 'not-fetched');
  const where = first === undefined ? '' : ` from ${instant(first.from)}`;
  return styled('red', `${found.isFresh ? 'hole' : 'behind'}${where}`);
}
