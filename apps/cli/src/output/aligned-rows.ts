import { cell, styled } from './print';

/** Rows whose cells decide how wide the columns are; later ones may stand out. */
const FIRST_ROWS = 200;

/**
 * Prints rows as they come, aligned, however many there are: as `table` does, without holding them. Cells are plain text.
 */
export class AlignedRows {
  readonly #titles: readonly string[];
  readonly #print: (line: string) => void;
  #held: (readonly string[])[] | undefined = [];
  #widths: readonly number[] = [];

  constructor(titles: readonly string[], print: (line: string) => void) {
    this.#titles = titles;
    this.#print = print;
  }

  add(row: readonly string[]): void {
    const cells = row.map(cell);
    if (this.#held === undefined) this.#print(aligned(cells, this.#widths));
    else if (this.#held.push(cells) >= FIRST_ROWS) this.#begin(this.#held);
  }

  /** Prints what waited for the widths to be known; a table without rows has no titles either. */
  end(): void {
    if (this.#held !== undefined && this.#held.length > 0) this.#begin(this.#held);
  }

  #begin(rows: readonly (readonly string[])[]): void {
    this.#held = undefined;
    this.#widths = this.#titles.map((title, at) =>
      Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)),
    );
    this.#print(styled('bold', aligned(this.#titles, this.#widths)));
    for (const row of rows) this.#print(aligned(row, this.#widths));
  }
}

function aligned(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((each, at) => each.padEnd(widths[at] ?? 0))
    .join('  ')
    .trimEnd();
}
