import { describe, expect, it } from 'vitest';
import { DecodeError } from '../errors';
import { kindOfField, readEach, symbolKnown } from './unreadable';

const read = (element: unknown) => {
  if (element === 1) throw new DecodeError('venue', 'x', 'is odd');
  if (element === 2) throw new TypeError('no such function');
  return element;
};

describe('what cannot be read', () => {
  it.each([
    ['[17]', '[*]'],
    ['[17][3]', '[*][3]'],
    ['[2].c', '[*].c'],
    ['candles.4', 'candles.*'],
    ['events.0.candles.17.low', 'events.*.candles.*.low'],
    ['k.v', 'k.v'],
    ['price_percent_chg_24_h', 'price_percent_chg_24_h'],
  ])('counts %s as %s', (field, kind) => {
    expect(kindOfField(field)).toBe(kind);
  });

  it('is told by its reader alone: any other error is a fault of ours', () => {
    expect(readEach([0, 1, 3], read, () => ({ symbol: 'AAA' }))).toEqual({
      values: [0, 3],
      unreadable: [{ field: 'x', message: 'venue: x: is odd', symbol: 'AAA' }],
    });
    expect(() => readEach([0, 1, 2, 3], read, () => ({}))).toThrow(TypeError);
  });

  it('shows a symbol as long as a person reads it', () => {
    expect(symbolKnown('A'.repeat(1_000_000)).symbol).toHaveLength(64);
    expect(symbolKnown('')).toEqual({});
    expect(symbolKnown(7)).toEqual({});
  });
});
