import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFile } from './log-file';

const BOUNDS = { maxBytes: 16_000, older: 2 };
const FULL_DISK = '/dev/full';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'livermore-log-file-'));
  path = join(folder, 'a.log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function line(at: number): string {
  return `${String(at).padStart(9, '0')} ${'é'.repeat(45)}\n`;
}

function mkdirIn(name: string): void {
  mkdirSync(join(folder, name), { recursive: true });
}

/** The numbers of all lines that are kept, oldest file first; a line that is not whole has none. */
function keptLines(): number[] {
  return ['a.log.2', 'a.log.1', 'a.log'].flatMap((name) => keptLinesOf(join(folder, name)));
}

function keptLinesOf(file: string): number[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((text) => (text.length === 55 ? Number(text.slice(0, 9)) : Number.NaN));
}

describe('a log file', () => {
  it('keeps the newest lines, whole and in order, in three files of a bounded size', () => {
    const log = new LogFile(path, BOUNDS);
    for (let at = 0; at < 2_000; at += 1) log.write(line(at));
    expect(readdirSync(folder).toSorted()).toEqual(['a.log', 'a.log.1', 'a.log.2']);
    for (const name of readdirSync(folder)) {
      expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(BOUNDS.maxBytes);
    }
    const kept = keptLines();
    expect(kept.length).toBeGreaterThan(300);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, at) => 2_000 - kept.length + at));
  });

  it('appends to what is there, and counts it', () => {
    writeFileSync(path, line(0).repeat(151));
    const log = new LogFile(path, BOUNDS);
    log.write(line(1));
    expect(readFileSync(path, 'utf8')).toBe(line(1));
    expect(keptLines()).toHaveLength(152);
  });

  it('is written by two at once without a lost or torn line, and as bounded', () => {
    const logs = [new LogFile(path, BOUNDS), new LogFile(path, BOUNDS)];
    for (let at = 0; at < 1_000; at += 1) logs[at % 2]?.write(line(at));
    const kept = keptLines();
    expect(kept.length).toBeGreaterThan(250);
    expect(kept.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: kept.length }, (_, at) => 1_000 - kept.length + at),
    );
    for (const name of readdirSync(folder)) {
      expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(BOUNDS.maxBytes);
    }
  });

  it('follows a file that somebody else moved away', () => {
    const log = new LogFile(path, BOUNDS);
    log.write(line(0));
    renameSync(path, join(folder, 'moved'));
    for (let at = 1; at < 40; at += 1) log.write(line(at));
    expect(keptLines().at(-1)).toBe(39);
    expect(statSync(join(folder, 'moved')).size).toBeLessThan(BOUNDS.maxBytes);
  });

  it('goes on where it cannot be moved: something is in the way', () => {
    const log = new LogFile(path, BOUNDS);
    mkdirIn('a.log.1/x');
    mkdirIn('a.log.2/x');
    for (let at = 0; at < 400; at += 1) expect(() => log.write(line(at))).not.toThrow();
    expect(keptLinesOf(path).at(-1)).toBe(399);
  });

  it.skipIf(!existsSync(FULL_DISK))(
    'that is no file is never moved, and a full disk is no error (skipped where there is no /dev/full)',
    () => {
      const log = new LogFile(FULL_DISK, { maxBytes: 100, older: 2 });
      for (let at = 0; at < 1_000; at += 1) expect(() => log.write(line(at))).not.toThrow();
      expect(statSync(FULL_DISK).isCharacterDevice()).toBe(true);
      expect(existsSync(`${FULL_DISK}.1`)).toBe(false);
    },
  );
});
