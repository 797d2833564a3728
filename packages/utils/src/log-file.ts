import { fstatSync, lstatSync, realpathSync, renameSync } from 'node:fs';
import { pino } from 'pino';

/** How much of a log is kept. */
export interface LogFileBounds {
  /** Size of a file, bytes. */
  readonly maxBytes: number;
  /** Files that are kept beside it: `.1` is the newest of them. */
  readonly older: number;
}

export const LOG_FILE_BOUNDS: LogFileBounds = { maxBytes: 20 * 1024 * 1024, older: 2 };

/** What is kept of lines that cannot be written (a full disk); what is beyond it is dropped. */
export const MAX_PENDING_CHARACTERS = 256 * 1024;

/** The file is looked at each time this share of its size was written: others may write and move it as well. */
const LOOKS_PER_FILE = 16;

/**
 * A log file of a bounded size. Writes are synchronous, and never fail: lines that a full disk does not take are lost.
 * Where several write one file, each looks before it moves it whether it is still the one it writes, and follows it where
 * somebody else has moved it; none needs to know of the others.
 */
export class LogFile {
  readonly #out: ReturnType<typeof pino.destination>;
  readonly #path: string;
  readonly #bounds: LogFileBounds;
  readonly #lookEvery: number;
  #sinceLook = 0;

  /** The folder is made when needed. @throws the system's error when the file cannot be opened */
  constructor(file: string, bounds: LogFileBounds = LOG_FILE_BOUNDS) {
    this.#out = pino.destination({
      dest: file,
      mkdir: true,
      sync: true,
      maxLength: MAX_PENDING_CHARACTERS,
    });
    // pino's own listener lets go of the stream on the first error; this one stays.
    this.#out.on('error', () => undefined);
    // A link would be moved instead of what it leads to.
    this.#path = realpathSync(file);
    this.#bounds = bounds;
    this.#lookEvery = Math.ceil(bounds.maxBytes / LOOKS_PER_FILE);
    this.#sinceLook = this.#lookEvery;
  }

  /** Appends a line with its end. */
  write(line: string): void {
    this.#sinceLook += Buffer.byteLength(line);
    if (this.#sinceLook >= this.#lookEvery) this.#look(Buffer.byteLength(line));
    this.#out.write(line);
  }

  /** Moves the file when it has no room for what is written until the next look, by two of us. */
  #look(bytes: number): void {
    this.#sinceLook = bytes;
    try {
      if (!this.#isOurs()) this.#out.reopen();
      const { size } = lstatSync(this.#path);
      if (size + 2 * this.#lookEvery <= this.#bounds.maxBytes || !this.#isOurs()) return;
      this.#move();
      this.#out.reopen();
    } catch {
      // Whatever the file system has against it, the line is worth more than the order of files.
    }
  }

  /** Whether what is at the path is a file, and the one that is written: a device is never moved. */
  #isOurs(): boolean {
    const there = lstatSync(this.#path, { throwIfNoEntry: false });
    const fd = 'fd' in this.#out ? this.#out.fd : undefined;
    return typeof fd === 'number' && there?.isFile() === true && there.ino === fstatSync(fd).ino;
  }

  #move(): void {
    for (let at = this.#bounds.older - 1; at >= 1; at -= 1) {
      moveIfThere(`${this.#path}.${at}`, `${this.#path}.${at + 1}`);
    }
    if (this.#isOurs()) renameSync(this.#path, `${this.#path}.1`);
  }
}

function moveIfThere(from: string, to: string): void {
  if (lstatSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, to);
}
