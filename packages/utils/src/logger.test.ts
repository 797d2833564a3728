import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger, silentLogger } from './logger';

/** A device on which every write fails as on a full disk. */
const FULL_DISK = '/dev/full';

function linesOf(file: string): unknown[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line): unknown => JSON.parse(line));
}

/** The keys of an object as its text spells them, every time each is there; its values are flat. */
function keysOf(line: string): readonly string[] {
  const entry = /"((?:[^"\\]|\\.)*)":(?:"(?:[^"\\]|\\.)*"|[^",}]*)/g;
  return [...line.matchAll(entry)].map(([, key = '']) => key);
}

describe('createLogger', () => {
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'livermore-log-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('writes structured lines to a file at once, and makes its folder', () => {
    const file = join(folder, 'deep', 'er', 'node.log');
    const logger = createLogger({ file, name: 'node' });
    logger.info({ event: 'candle_scan_start', symbols: 20 });
    logger.child({ exchangeId: 2 }).warn({ event: 'feed_silent', silenceMs: 5_000 });
    expect(linesOf(file)).toMatchObject([
      { event: 'candle_scan_start', symbols: 20, name: 'node', level: 30 },
      { event: 'feed_silent', silenceMs: 5_000, exchangeId: 2, level: 40 },
    ]);
  });

  it('writes no key twice: what is said last counts, and what a line says of itself stands', () => {
    const file = join(folder, 'node.log');
    const logger = createLogger({ file, name: 'node' }).child({ exchange: 'a', event: 'bound', pid: 1 });
    logger.child({ exchange: 'b' }).info({ event: 'said', exchange: 'c', name: 'other', pid: undefined });
    logger.info({ event: 'said', level: 'high', time: 5, msg: 'text' });
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines.map(keysOf)).toEqual([
      ['level', 'time', 'name', 'exchange', 'event', 'pid'],
      ['level', 'time', 'name', 'exchange', 'event', 'pid', 'level_', 'time_', 'msg'],
    ]);
    expect(linesOf(file)).toMatchObject([
      { level: 30, exchange: 'c', event: 'said', name: 'other', pid: 1 },
      { level: 30, exchange: 'a', event: 'said', name: 'node', level_: 'high', time_: 5 },
    ]);
  });

  it('writes no key twice whatever is bound and said', () => {
    const file = join(folder, 'node.log');
    const key = fc.oneof(
      fc.constantFrom('event', 'exchange', 'level', 'time', 'msg', 'name', 'err'),
      fc.string(),
    );
    const fields = fc.dictionary(key, fc.oneof(fc.string(), fc.integer(), fc.constant(undefined)));
    fc.assert(
      fc.property(fields, fields, fields, (bound, more, said) => {
        const logger = createLogger({ file, name: 'node' }).child(bound).child(more);
        logger.info({ ...said, event: 'said' });
        const keys = keysOf(readFileSync(file, 'utf8').trimEnd().split('\n').at(-1) ?? '');
        expect(keys).toEqual([...new Set(keys)]);
        rmSync(file);
      }),
      { numRuns: 300 },
    );
  });

  it('escapes what a terminal would obey, and what a reader would not see', () => {
    const file = join(folder, 'node.log');
    const error = 'no\u001B[2J\u009B2J\u202E\u2028way';
    createLogger({ file }).info({ event: 'said', error });
    expect(readFileSync(file, 'utf8')).toContain(String.raw`no\u001b[2J\u009b2J\u202e\u2028way`);
    expect(linesOf(file)).toMatchObject([{ error }]);
  });

  it('appends to what an earlier run wrote', () => {
    const file = join(folder, 'node.log');
    createLogger({ file }).info({ event: 'first' });
    createLogger({ file }).info({ event: 'second' });
    expect(linesOf(file)).toMatchObject([{ event: 'first' }, { event: 'second' }]);
  });

  it('keeps to its level', () => {
    const file = join(folder, 'node.log');
    const logger = createLogger({ file, level: 'warn' });
    logger.debug({ event: 'a' });
    logger.info({ event: 'b' });
    logger.error({ event: 'c' });
    expect(linesOf(file)).toMatchObject([{ event: 'c' }]);
  });

  it('throws when the file cannot be opened: the caller decides what to tell', () => {
    expect(() => createLogger({ file: folder })).toThrow(/EISDIR/);
  });

  it.skipIf(!existsSync(FULL_DISK))(
    'goes on in silence when the disk is full (skipped where there is no /dev/full)',
    async () => {
      const logger = createLogger({ file: FULL_DISK });
      for (let line = 0; line < 5_000; line += 1) logger.info({ event: 'lost', text: 'x'.repeat(200) });
      await new Promise<void>((resolve) => setImmediate(resolve));
      expect(() => logger.info({ event: 'still_here' })).not.toThrow();
    },
  );

  it('has a silent twin whose children are silent too', () => {
    expect(silentLogger.child({ a: 1 })).toBe(silentLogger);
    for (const level of ['debug', 'info', 'warn', 'error'] as const) {
      expect(silentLogger[level]({ event: 'nothing' })).toBeUndefined();
    }
  });
});
