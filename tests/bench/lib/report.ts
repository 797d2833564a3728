import Table from 'cli-table3';
import { isMet } from './bench';
import type { BenchResult, Figure, Growth, Row, Skipped, Target } from './bench';
import type { MachineFacts } from './machine';

const WORK_WIDTH = 42;
const AGAINST_WIDTH = 34;

/** The results as a person reads them: a table of rows, their notes, how cost grows, what was skipped. */
export function reportText(results: readonly BenchResult[], machine: MachineFacts): string {
  const rows = results.flatMap((result) => result.rows);
  const growth = results.flatMap((result) => result.growth);
  const skipped = results.flatMap((result) => result.skipped ?? []);
  return [
    machineLine(machine),
    rows.length === 0 ? '' : rowsTable(rows),
    notesText(rows),
    growth.length === 0 ? '' : growthTable(growth),
    skippedText(skipped),
    verdict(rows, skipped),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

export function machineLine({ cpu, cores, memoryGb, node, redis, platform }: MachineFacts): string {
  return `${cores} cores (${cpu}), ${memoryGb} GB, ${platform}, Node ${node}, Redis ${redis}`;
}

function rowsTable(rows: readonly Row[]): string {
  const table = new Table({
    head: ['', 'work', 'ours', 'against', 'theirs', 'ratio', 'target', ''],
    colWidths: [5, WORK_WIDTH, 15, AGAINST_WIDTH, 15, 20, 8, 8],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    table.push([
      row.id,
      row.work,
      figureText(row.ours),
      row.against,
      figureText(row.theirs),
      `${numberText(row.ratio)}\n${row.ratioOf}`,
      targetText(row.target),
      verdictOf(row),
    ]);
  }
  return table.toString();
}

function growthTable(growth: readonly Growth[]): string {
  const table = new Table({
    head: ['', 'from', 'to', 'more work', 'more cost', ''],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const { id, small, large, times, costTimes } of growth) {
    const isLinear = costTimes <= times * LINEAR_TOLERANCE;
    const text = isLinear ? 'linear or better' : 'GROWS FASTER';
    table.push([id, small, large, `${numberText(times)} ×`, `${numberText(costTimes)} ×`, text]);
  }
  return `How cost grows (linear: as many times the cost as the work)\n${table.toString()}`;
}

/** A cost may be this much above linear before it is called faster: measurements scatter. */
const LINEAR_TOLERANCE = 1.15;

function notesText(rows: readonly Row[]): string {
  return rows
    .filter((row) => row.notes !== undefined && row.notes.length > 0)
    .map((row) => `${row.id}: ${row.rounds} rounds. ${row.notes?.join(' ') ?? ''}`)
    .join('\n');
}

function skippedText(skipped: readonly Skipped[]): string {
  return skipped.map(({ id, what, why }) => `!!! SKIPPED ${id}: ${what}. ${why}`).join('\n');
}

function verdict(rows: readonly Row[], skipped: readonly Skipped[]): string {
  const judged = rows.filter((row) => row.target !== undefined);
  const met = judged.filter((row) => isMet(row) === true).length;
  const missing = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
  return `${met} of ${judged.length} targets met${missing}`;
}

function verdictOf(row: Row): string {
  const met = isMet(row);
  if (met === undefined) return '';
  return met ? 'met' : 'MISSED';
}

function targetText(target: Target | undefined): string {
  if (target === undefined) return '–';
  return 'atMost' in target ? `≤ ${target.atMost}` : `≥ ${target.atLeast}`;
}

function figureText({ value, unit }: Figure): string {
  return `${numberText(value)} ${unit}`;
}

/** Three digits that matter, thousands apart. @example numberText(61_234.5) // '61,235' */
export function numberText(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en', { minimumFractionDigits: 0, maximumFractionDigits: digits });
}
