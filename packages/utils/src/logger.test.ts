import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger, silentLogger } from './logger';

/** A device on which every write fails as on a full disk. */
const FULL_DISK = '/dev/full';

function linesOf(file: string): unknown[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line): unknown => JSON.parse(line));
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
