import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sumDecimals } from './decimal';

const PLACES = 8;
const ONE = 10n ** BigInt(PLACES);

/** A decimal as a venue writes it, and its exact value in units of 1e-8. Up to 15 significant digits. */
const venueDecimal = fc
  .tuple(fc.bigInt({ min: 0n, max: 10n ** 15n - 1n }), fc.integer({ min: 0, max: PLACES }))
  .map(([digits, places]) => {
    const units = digits * 10n ** BigInt(PLACES - places);
    return { units, value: Number(textOf(units)) };
  })
  .filter(({ units }) => units <= 10n ** 12n * ONE);

function textOf(units: bigint): string {
  return `${units / ONE}.${(units % ONE).toString().padStart(PLACES, '0')}`;
}

describe('sumDecimals', () => {
  it('sums decimals from 1e-8 to 1e12 as the venue does, rounding once', () => {
    fc.assert(
      fc.property(fc.array(venueDecimal, { maxLength: 1_500 }), (decimals) => {
        const exact = decimals.reduce((sum, each) => sum + each.units, 0n);
        expect(sumDecimals(decimals.map((each) => each.value))).toBe(Number(textOf(exact)));
      }),
    );
  });

  it('sums a day of minutes as the venue does, whether or not whole units of 1e-8 can hold the sum', () => {
    const most = fc.constantFrom(10n ** 6n, 10n ** 12n, 6n * 10n ** 12n, 10n ** 15n - 1n);
    const day = most.chain((max) =>
      fc.array(fc.bigInt({ min: 0n, max }), { minLength: 2, maxLength: 1_440, size: 'max' }),
    );
    fc.assert(
      fc.property(day, (units) => {
        const exact = units.reduce((sum, each) => sum + each, 0n);
        expect(sumDecimals(units.map((each) => Number(textOf(each))))).toBe(Number(textOf(exact)));
      }),
    );
  });

  it('is as exact where the sum outgrows whole units of 1e-8, and for other decimals than the usual', () => {
    const odd = fc.constantFrom(
      { value: 1e-9, trillionths: 1_000n },
      { value: 1e-12, trillionths: 1n },
      { value: 0.123_456_789_012, trillionths: 123_456_789_012n },
      { value: 2 ** 53, trillionths: 2n ** 53n * 10n ** 12n },
      { value: 9_999_999.999_999_99, trillionths: 9_999_999_999_999_990_000n },
      { value: 1e22, trillionths: 10n ** 34n },
    );
    fc.assert(
      fc.property(fc.array(venueDecimal, { maxLength: 30 }), fc.array(odd), (decimals, others) => {
        const usual = decimals.reduce((sum, { units }) => sum + units * 10_000n, 0n);
        const exact = others.reduce((sum, { trillionths }) => sum + trillionths, usual);
        const values = [...decimals, ...others].map(({ value }) => value);
        expect(sumDecimals(values)).toBe(Number(`${exact}e-12`));
      }),
      { numRuns: 1_000 },
    );
  });

  it('does not depend on the order of what it sums', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true })), (values) => {
        expect(sumDecimals(values.toReversed())).toBe(sumDecimals(values));
      }),
    );
  });

  it.each([
    { values: [], sum: 0 },
    { values: [0.1, 0.2], sum: 0.3 },
    { values: [1e-8, 1e12], sum: 1e12 },
    { values: [1e-8, 12_345_678], sum: 12_345_678.00000001 },
    { values: [1e-7, 2e-7], sum: 3e-7 },
    { values: [1e21, 1], sum: 1e21 },
    { values: [-0.05], sum: -0.05 },
    { values: [0.3, -0.1], sum: 0.2 },
    { values: [5e-324, 5e-324], sum: 1e-323 },
    { values: Array<number>(11).fill(9_999_999.999_999_99), sum: 109_999_999.999_999_9 },
    { values: [67_108_864.000_000_5, 1e-8], sum: 67_108_864.000_000_5 },
  ])('$values makes $sum', ({ values, sum }) => {
    expect(sumDecimals(values)).toBe(sum);
  });

  it('is one zero, whatever the signs of the zeros it sums', () => {
    expect(Object.is(sumDecimals([-0, -0]), 0)).toBe(true);
  });

  it('refuses what is not a finite number', () => {
    expect(() => sumDecimals([Number.NaN])).toThrow(SyntaxError);
    expect(() => sumDecimals([Number.POSITIVE_INFINITY])).toThrow(SyntaxError);
  });
});
