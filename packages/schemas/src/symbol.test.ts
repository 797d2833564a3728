import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SymbolSchema, isSymbol } from './symbol';

/** Character by character: what a symbol may not have is a part of a key, a blank or a control character. */
function isAllowed(text: string): boolean {
  const odd = Array.from(text).filter(
    (each) => each === ':' || each.trim() !== each || /\p{Cc}|\p{Cs}/u.test(each),
  );
  return text.length >= 1 && text.length <= 64 && odd.length === 0;
}

describe('symbols', () => {
  it('are what has no colon, blank or control character, checked quickly or by the schema', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 70 }),
      fc.string({ unit: 'binary', maxLength: 70 }),
      fc.stringMatching(/^[A-Z0-9]{60,68}$/),
      fc.string({ unit: fc.constantFrom('A', '-', '~', '!', '9', ';', '币', '\ud83d\ude00'), maxLength: 70 }),
      fc.string({
        unit: fc.constantFrom('A', '\0', '\b', '\u001f', '\u007f', '\u0085', '\u2028', ':', '\t'),
        maxLength: 3,
      }),
    );
    fc.assert(
      fc.property(text, (value) => {
        expect(isSymbol(value)).toBe(isAllowed(value));
        expect(SymbolSchema.safeParse(value).success).toBe(isAllowed(value));
      }),
      { numRuns: 5_000 },
    );
  });

  it.each(['BTCUSDT', 'BTC-USD', '1000SATSUSDT', '币安人生USDT', 'A'.repeat(64)])('may be %s', (symbol) => {
    expect(isSymbol(symbol)).toBe(true);
  });

  it.each(['', '\ud800X', 'BTC:USD', 'BTC USD', 'BTC\n', '\u0085', 'A'.repeat(65), 5, null])(
    'may not be %j',
    (symbol) => {
      expect(isSymbol(symbol)).toBe(false);
      expect(SymbolSchema.safeParse(symbol).success).toBe(false);
    },
  );
});
