/** A cell of a table: words as they are, numbers with their thousands set apart. */
export type Cell = string | number;

/** The lines of a Markdown table. @param texts columns of words; the others are of numbers, and stand to the right */
export function table(
  columns: readonly string[],
  rows: readonly (readonly Cell[])[],
  texts: ReadonlySet<string>,
): readonly string[] {
  const rule = columns.map((column) => (texts.has(column) ? '---' : '--:'));
  return [columns, rule, ...rows].map((cells) => `| ${cells.map(textOf).join(' | ')} |`);
}

function textOf(cell: Cell): string {
  return typeof cell === 'number' ? count(cell) : cell.replaceAll('|', '\\|');
}

/** @example count(1234) // '1,234' */
export function count(value: number): string {
  return value.toLocaleString('en');
}
