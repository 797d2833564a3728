import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDecimal, sumOfTexts } from './decimal-text';

describe('decimals as they are written', () => {
  it.each([
    [[], 0],
    [['0.1', '0.2'], 0.3],
    [['0.000000000000000001', '1000000'], 1_000_000],
    [['1.5e-7', '1.5E-7'], 3e-7],
    [['12e3', '0.5'], 12_000.5],
    [['972135.9047899999'], 972_135.904_789_999_9],
  ])('%j come to %d', (texts, sum) => {
    expect(sumOfTexts(texts)).toBe(sum);
  });

  it('are summed to the last digit, whatever their order', () => {
    const units = fc.array(fc.bigInt({ min: 0n, max: 10n ** 24n }), { maxLength: 200 });
    fc.assert(
      fc.property(units, (all) => {
        const texts = all.map((each) => {
          const digits = each.toString().padStart(19, '0');
          return `${digits.slice(0, -18)}.${digits.slice(-18)}`;
        });
        const exact = all.reduce((sum, each) => sum + each, 0n);
        expect(sumOfTexts(texts)).toBe(Number(`${exact}e-18`));
        expect(sumOfTexts(texts.toReversed())).toBe(sumOfTexts(texts));
      }),
    );
  });

  it.each(['', '-1', '1.', '.5', '1,5', 'NaN', '0x10', ' 1', '1e', '1e9999'])('%j is none', (text) => {
    expect(isDecimal(text)).toBe(false);
    expect(() => sumOfTexts([text])).toThrow(RangeError);
  });
});
