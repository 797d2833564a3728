/** Columns assumed of a terminal that does not tell. */
const DEFAULT_COLUMNS = 100;
/** Without a terminal, a line is worth printing when it changed and this many calls have passed. */
const PLAIN_EVERY = 10;

/** One line that is rewritten in place on a terminal, and printed now and then elsewhere. */
export class StatusLine {
  #calls = 0;
  #last = '';

  show(text: string): void {
    if (process.stdout.isTTY) {
      process.stdout.write(`\r\u001B[2K${clipped(text, process.stdout.columns || DEFAULT_COLUMNS)}`);
    } else if (text !== this.#last && this.#calls % PLAIN_EVERY === 0) {
      process.stdout.write(`${text}\n`);
    }
    this.#calls += 1;
    this.#last = text;
  }

  clear(): void {
    if (process.stdout.isTTY) process.stdout.write('\r\u001B[2K');
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
