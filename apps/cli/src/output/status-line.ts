import { cell, line, overwriteLine, terminalColumns } from './print';

/** Without a terminal, a line is worth printing when it changed and this many calls have passed. */
const PLAIN_EVERY = 10;

/** One line that is rewritten in place on a terminal, and printed now and then elsewhere. */
export class StatusLine {
  #calls = 0;
  #last = '';

  show(text: string): void {
    const columns = terminalColumns();
    if (columns !== undefined) overwriteLine(clipped(cell(text), columns));
    else if (text !== this.#last && this.#calls % PLAIN_EVERY === 0) line(text);
    this.#calls += 1;
    this.#last = text;
  }

  clear(): void {
    if (terminalColumns() !== undefined) overwriteLine('');
  }
}

/** Cuts a line at a width, counting only what is seen. */
function clipped(text: string, columns: number): string {
  let seen = 0;
  // eslint-disable-next-line no-control-regex
  const parts = text.split(/(\u001B\[[0-9;]*m)/);
  return parts
    .map((part) => {
      if (part.startsWith('\u001B')) return part;
      const room = Math.max(0, columns - 1 - seen);
      seen += part.length;
      return part.slice(0, room);
    })
    .join('');
}
