import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { AlignedRows } from './aligned-rows';

function printed(rows: readonly (readonly string[])[], { ends = true } = {}): string[] {
  const lines: string[] = [];
  const table = new AlignedRows(['a', 'longer'], (line) => lines.push(stripVTControlCharacters(line)));
  for (const row of rows) table.add(row);
  if (ends) table.end();
  return lines;
}

it('gives every column the width of its title or its widest cell', () => {
  expect(
    printed([
      ['1', '2'],
      ['333', '4'],
    ]),
  ).toEqual(['a    longer', '1    2', '333  4']);
});

it('prints nothing for no rows', () => {
  expect(printed([])).toEqual([]);
});

it('holds no more than the rows that decide the widths, and prints each later one at once', () => {
  const rows = Array.from({ length: 300 }, (_, at) => [String(at), 'x']);
  expect(printed(rows.slice(0, 199), { ends: false })).toEqual([]);
  expect(printed(rows, { ends: false })).toHaveLength(301);
  expect(printed(rows)).toHaveLength(301);
});

it('lets a later row stand out rather than cut it', () => {
  const rows = [...Array.from({ length: 200 }, () => ['1', 'x']), ['a wide one', 'y']];
  expect(printed(rows).at(-1)).toBe('a wide one  y');
});
