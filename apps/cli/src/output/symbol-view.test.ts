import { describe, expect, it } from 'vitest';
import { symbolLines } from './symbol-view';

const symbol = (name: string, more = {}) => ({
  symbol: name,
  base: 'A',
  quote: 'B',
  isTradable: true,
  ...more,
});

describe('a table of symbols', () => {
  it('shows volumes that are told, and says of others that they are not', () => {
    const lines = symbolLines([
      symbol('BTCUSDT', { quoteVolume24h: 1_130_172_345.11 }),
      symbol('ETHBTC', { quoteVolume24h: 0.012345 }),
      symbol('OLDUSDT', { quoteVolume24h: 0 }),
      symbol('NEWUSDT'),
    ]);
    expect(lines.map((line) => line.split(/ {2,}/).at(3))).toEqual([
      '24 h volume, in the quote',
      '1,130,172,345',
      '0.0123',
      '0',
      'not told',
    ]);
  });

  it('has no column of volumes where none is told', () => {
    expect(symbolLines([symbol('BTCUSDT')])[0]).toBe('symbol   base  quote');
  });

  it('says what does not trade, and under which name others are streamed', () => {
    const lines = symbolLines([symbol('X', { isTradable: false }), symbol('Y', { streamedAs: 'Z' })]);
    expect(lines[1]).toMatch(/not trading$/);
    expect(lines[2]).toMatch(/streamed as Z$/);
  });
});
