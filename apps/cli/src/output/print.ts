import { styleText } from 'node:util';
import { escapeHidden, systemRandom, withoutHidden } from '@livermore/utils';
import Table from 'cli-table3';

/**
 * All that this command writes to a terminal goes through here, and here only what is not ours is cleaned: names, messages
 * and errors come from venues, files and Redis, and a terminal obeys what it is sent.
 */

/** Colours are for people at a terminal; `NO_COLOR` and pipes get plain text. */
type Style = Parameters<typeof styleText>[0];

/** In the sequences of our own styles until they are written: nobody else can know it, so nobody else has style. */
const MARK = Array.from({ length: 4 }, () => `;${1_000 + Math.floor(systemRandom.next() * 9_000)}`).join('');
/** Our own sequences among other text. Widths are measured right with them in it: to a ruler they are sequences like others. */
const OWN = new RegExp(String.raw`(\u001B\[\d+${MARK}m)`);

/** Styles a text for stdout. The text may be of others. */
export function styled(style: Style, text: string): string {
  const [before = '', after = ''] = styleText(style, '|', { stream: process.stdout }).split('|');
  return `${marked(before)}${text}${marked(after)}`;
}

function marked(sequence: string): string {
  return sequence.replaceAll('m', `${MARK}m`);
}

/** A text as it may be written: our own styles, and nothing else that a terminal obeys or a reader does not see. */
export function printable(text: string): string {
  const parts = text.split(OWN);
  return parts.map((part, at) => (at % 2 === 1 ? part.replace(MARK, '') : withoutHidden(part))).join('');
}

/** A cell of a table: one line, as wide as it will be seen. Styles stay as they are until it is written. */
export function cell(text: string): string {
  const parts = text.replaceAll(/[\r\n]+/g, ' ').split(OWN);
  return parts.map((part, at) => (at % 2 === 1 ? part : withoutHidden(part))).join('');
}

/** Characters of a text that are seen. */
export function widthOf(text: string): number {
  return text
    .split(OWN)
    .filter((_, at) => at % 2 === 0)
    .reduce((width, part) => width + part.length, 0);
}

/** Columns of the terminal; undefined where there is none, and nothing needs to fit. */
export function terminalColumns(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns || DEFAULT_COLUMNS : undefined;
}

/** Columns assumed of a terminal that does not tell. */
const DEFAULT_COLUMNS = 100;

/** Writes a line to stdout. */
export function line(text = ''): void {
  process.stdout.write(`${printable(text)}\n`);
}

/** Writes a text over the line the cursor is in, without its end: for a terminal. */
export function overwriteLine(text: string): void {
  process.stdout.write(`\r\u001B[2K${printable(text).replaceAll('\n', ' ')}`);
}

/** Writes one JSON value to stdout, on a line of its own. */
export function json(value: unknown): void {
  process.stdout.write(`${escapeHidden(JSON.stringify(value))}\n`);
}

/** Writes a line to stderr: progress and remarks that are not the command's result. */
export function note(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
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
  drawn.push(...rows.map((row) => row.map(cell)));
  return drawn
    .toString()
    .split('\n')
    .map((each) => each.trimEnd())
    .join('\n');
}
