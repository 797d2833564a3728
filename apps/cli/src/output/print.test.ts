import { readFileSync, readdirSync } from 'node:fs';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captured } from '../testing/captured';
import { AlignedRows } from './aligned-rows';
import { cell, json, line, note, printable, styled, table, widthOf } from './print';
import { StatusLine } from './status-line';

/** Texts of others: sequences of a terminal, whole and torn, ours among them, and what a reader does not see. */
const foreign = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '\u001B',
      '\u001B[',
      '\u009B',
      '[2J',
      '\u001B[1m',
      '\u001B[31m',
      '\u001B]0;',
      '\u0007',
      ';',
      'm',
    ),
    fc.constantFrom(
      '\r',
      '\n',
      '\t',
      '\b',
      '\0',
      '\u202E',
      '\u2066',
      '\u200B',
      '\uFEFF',
      '\u2028',
      '\uD800',
      '1',
      'A',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 30,
});

/** What a terminal is sent besides what is seen: our own styles, and ends of lines. */
const BOLD = '\u001B[1m';
const PLAIN = '\u001B[22m';

function expectHarmless(written: string, own: readonly string[] = []): void {
  const rest = own.reduce((text, sequence) => text.replaceAll(sequence, ''), written);
  expect(rest).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
}

describe('what is printed', () => {
  it('has no control character but ends of lines, whatever is said by whom', async () => {
    await fc.assert(
      fc.asyncProperty(foreign, foreign, async (a, b) => {
        const { out, err } = await captured(async () => {
          line(`${a} ${styled('bold', b)}`);
          note(a);
          json({ a, [b]: b });
          line(table([{ title: 'a' }, { title: 'b', align: 'right' }], [[a, b]]));
          const rows = new AlignedRows(['a', 'b'], line);
          rows.add([a, b]);
          rows.end();
          new StatusLine().show(a);
        });
        expectHarmless([...out, ...err].join('\n'));
      }),
      { numRuns: 1_000 },
    );
  });

  it('is the same value in JSON', async () => {
    const value = { error: 'no\u001B[2J\u009B\u202E\u007Fway', '\u2028': 1 };
    const { out } = await captured(async () => json(value));
    expect(JSON.parse(out.join('\n'))).toEqual(value);
    expect(out.join('')).toMatch(/^[ -~]+$/);
  });

  it('is written nowhere else', () => {
    const folder = new URL('..', import.meta.url);
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.ts') && !/test\.ts$|^testing/.test(name),
    );
    const writers = files.filter((name) =>
      /process\.std(out|err)\.write|console\./.test(readFileSync(new URL(name, folder), 'utf8')),
    );
    expect(writers).toEqual(['output/print.ts']);
  });
});

describe('on a terminal', () => {
  beforeEach(() => {
    vi.stubEnv('FORCE_COLOR', '1');
    vi.stubEnv('NO_COLOR', undefined);
    vi.stubEnv('NODE_DISABLE_COLORS', undefined);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('our styles stay, and those of others go', () => {
    expect(printable(`${styled('bold', 'ours')} ${BOLD}theirs`)).toBe(`${BOLD}ours${PLAIN} theirs`);
    expect(printable(styled('bold', `a${PLAIN}b`))).toBe(`${BOLD}ab${PLAIN}`);
  });

  it('nothing but our styles is sent, whatever is styled', () => {
    fc.assert(
      fc.property(foreign, foreign, (a, b) => {
        expectHarmless(printable(`${a}${styled('bold', b)}${a}`), [BOLD, PLAIN]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('columns are as wide as what is seen of them', () => {
    const rows = [
      [styled('bold', 'ab\u001B[2J'), 'x'],
      ['a\u202E', 'y'],
    ];
    const [titles = '', first, second] = printable(table([{ title: 'one' }, { title: 'two' }], rows)).split(
      '\n',
    );
    expect(titles).toBe(`${BOLD}one${PLAIN}  ${BOLD}two${PLAIN}`);
    expect([first, second]).toEqual([`${BOLD}ab${PLAIN}   x`, 'a    y']);
    expect(widthOf(cell(styled('bold', 'ab\u001B[2J')))).toBe(2);
  });
});
