import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimalOf, signedDecimalOf } from './decimal-text';

const digits = (minLength: number, maxLength: number) =>
  fc.stringMatching(new RegExp(`^[0-9]{${minLength},${maxLength}}$`));
const decimal = fc.tuple(digits(1, 20), fc.option(digits(1, 20), { nil: undefined }));

describe('decimal text', () => {
  it('gives bit for bit what Number gives, for short and long decimals', () => {
    fc.assert(
      fc.property(decimal, ([whole, fraction]) => {
        const text = fraction === undefined ? whole : `${whole}.${fraction}`;
        expect(decimalOf(text)).toBe(Number(text));
      }),
      { numRuns: 20_000 },
    );
  });

  it('refuses every text that is not an unsigned decimal', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (!/^\d+(?:\.\d+)?(?:[eE][+-]?\d{1,2})?$/.test(text)) expect(decimalOf(text)).toBeNaN();
      }),
    );
  });

  it.each(['1e5', '1E3', '1.5e-05', '2.50e+07', '123456789012345678e-9', '0e0'])('reads %j', (text) => {
    expect(decimalOf(text)).toBe(Number(text));
    expect(signedDecimalOf(`-${text}`)).toBe(-Number(text));
  });

  it.each(['e5', '1e', '1e+', '1e1.5', '1e100', '1e400', '1e5e5', '1.e5', '.5e5', '+1e5'])(
    'refuses %j',
    (text) => {
      expect(decimalOf(text)).toBeNaN();
    },
  );

  it.each(['', ' 1', '1 ', '-1', '+1', '0x10', '.5', '5.', '1.2.3', '1,0', 'NaN', 'Infinity', '٣'])(
    'refuses %j',
    (text) => {
      expect(decimalOf(text)).toBeNaN();
    },
  );

  it.each([[null], [undefined], [5], [true], [['1']], [{}]])('refuses %j, which is no text', (value) => {
    expect(decimalOf(value)).toBeNaN();
    expect(signedDecimalOf(value)).toBeNaN();
  });

  it('reads a sign only where one is expected, and only once', () => {
    expect(signedDecimalOf('-0.1312')).toBe(-0.1312);
    expect(signedDecimalOf('12.5')).toBe(12.5);
    expect(signedDecimalOf('--1')).toBeNaN();
    expect(signedDecimalOf('-')).toBeNaN();
  });
});
