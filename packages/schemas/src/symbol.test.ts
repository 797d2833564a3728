import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SymbolSchema, isSymbol } from './symbol';

describe('symbols', () => {
  it('agree, checked quickly or by the schema, on any text', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 70 }),
      fc.string({ unit: 'binary', maxLength: 70 }),
      fc.stringMatching(/^[A-Z0-9]{60,68}$/),
    );
    fc.assert(
      fc.property(text, (value) => {
        expect(isSymbol(value)).toBe(SymbolSchema.safeParse(value).success);
      }),
      { numRuns: 5_000 },
    );
  });

  it.each(['BTCUSDT', 'BTC-USD', '1000SATSUSDT', '币安人生USDT', 'A'.repeat(64)])('may be %s', (symbol) => {
    expect(isSymbol(symbol)).toBe(true);
  });

  it.each(['', 'BTC:USD', 'BTC USD', 'BTC\n', '\u0085', 'A'.repeat(65), 5, null])(
    'may not be %j',
    (symbol) => {
      expect(isSymbol(symbol)).toBe(false);
      expect(SymbolSchema.safeParse(symbol).success).toBe(false);
    },
  );
});
