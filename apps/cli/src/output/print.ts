import { styleText } from 'node:util';
import Table from 'cli-table3';

/** Colours are for people at a terminal; `NO_COLOR` and pipes get plain text. */
type Style = Parameters<typeof styleText>[0];

/** Styles a text for stdout. */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** Writes a line to stdout. */
export function line(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** Writes one JSON value to stdout, on a line of its own. */
export function json(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Writes a line to stderr: progress and remarks that are not the command's result. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Says on stderr how many values were left out because they cannot be read, and what the first of them was. */
export function noteUnreadable(errors: readonly string[], what: string): void {
  if (errors.length > 0) note(`Left out, ${errors.length} ${what} that cannot be read: ${errors[0]}`);
}

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Draws a table without rules: the way a terminal lists things. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const drawn = new Table({
    head: columns.map((column) => styled('bold', column.title)),
    colAligns: columns.map((column) => column.align ?? 'left'),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '',
    },
  });
  drawn.push(...rows.map((row) => [...row]));
  return drawn
    .toString()
    .split('\n')
    .map((each) => each.trimEnd())
    .join('\n');
}
