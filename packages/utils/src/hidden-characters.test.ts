import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeHidden, withoutHidden } from './hidden-characters';

/** Characters that a terminal obeys or a reader does not see, one by one and in sequences. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '\u001B',
      '\u009B',
      '[',
      ']',
      '2',
      'J',
      ';',
      'm',
      '\u0007',
      '\r',
      '\n',
      '\t',
      '\b',
      '\0',
      '\u007F',
    ),
    fc.constantFrom(
      '\u202E',
      '\u2066',
      '\u200B',
      '\u200D',
      '\uFEFF',
      '\u2028',
      '\u00AD',
      '\u3164',
      '\uD800',
      '\u{E0041}',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 40,
});

describe('a text of others', () => {
  it.each([
    ['a cleared screen', 'no\u001B[2J\u001B[1;1Hway', 'noway'],
    ['colours', '\u001B[31mred\u001B[0m', 'red'],
    ['a title and a link', '\u001B]0;title\u0007a\u001B]8;;http://x\u0007b', 'ab'],
    ['an eight-bit sequence', 'a\u009B2Jb', 'ab'],
    ['an override of direction', 'USDT\u202ETDSU', 'USDTTDSU'],
    ['a carriage return over the line', 'ok\rbad', 'okbad'],
    ['tabs and lines', 'a\tb\nc', 'a b\nc'],
    ['any script', '币安人生USDT é 😀', '币安人生USDT é 😀'],
  ])('is shown without what it hides: %s', (_name, text, shown) => {
    expect(withoutHidden(text)).toBe(shown);
  });

  it('has nothing hidden but its lines, whatever it is', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const left = Array.from(withoutHidden(text)).filter((each) => each !== '\n' && /\p{C}/u.test(each));
        // Not assigned or private: they are shown as boxes, and no terminal obeys them.
        expect(left.filter((each) => !/\p{Cn}|\p{Co}/u.test(each))).toEqual([]);
      }),
      { numRuns: 5_000 },
    );
  });

  it('in JSON means the same with all that is hidden escaped', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const json = escapeHidden(JSON.stringify({ text }));
        expect(JSON.parse(json)).toEqual({ text });
        expect(json).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
      { numRuns: 5_000 },
    );
  });
});
