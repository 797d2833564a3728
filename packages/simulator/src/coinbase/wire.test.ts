import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cdn } from './cdn';
import { higher, lower, percentChange } from './figures';
import { RateWindow } from './rate-window';
import { fromUnits, goTime, plainDecimal, toUnits, wireTime } from './wire';

const MOMENT = Date.UTC(2026, 10, 20, 10, 0, 5, 820);

describe('decimals', () => {
  it('lose their trailing zeros and nothing else', () => {
    expect(['91690.00', '0.00064000', '15460', '100', '0.00'].map(plainDecimal)).toEqual([
      '91690',
      '0.00064',
      '15460',
      '100',
      '0',
    ]);
  });

  it('survive the way to whole units and back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.nat(12), (units, scale) => {
        expect(toUnits(fromUnits(units, scale), scale)).toBe(units);
      }),
    );
  });

  it('compare by value; an empty one never wins', () => {
    expect([higher('9.5', '10'), lower('9.50', '10'), higher('', '1'), lower('2', '')]).toEqual([
      '10',
      '9.5',
      '1',
      '2',
    ]);
  });

  it('change in percent with a sign, and not at all from nothing', () => {
    expect(percentChange('200', '199')).toBe('-0.5');
    expect(percentChange('', '199')).toBe('');
  });
});

describe('times', () => {
  it('have as many digits after the second as they need', () => {
    expect(wireTime(MOMENT)).toBe('2026-11-20T10:00:05.82Z');
    expect(wireTime(MOMENT - 820)).toBe('2026-11-20T10:00:05Z');
    expect(wireTime(MOMENT, 713_045)).toBe('2026-11-20T10:00:05.820713045Z');
  });

  it('are printed as Go does in heartbeats', () => {
    expect(goTime(MOMENT, 713_045, 66_987_628)).toBe(
      '2026-11-20 10:00:05.820713045 +0000 UTC m=+66987.628000000',
    );
  });
});

describe('bounds', () => {
  it('a rate window forgets the address seen longest ago', () => {
    const window = new RateWindow(1);
    expect([window.admit('first', 0), window.admit('first', 1)]).toEqual([true, false]);
    for (let at = 0; at < 1024; at += 1) window.admit(`other ${at}`, 1);
    expect(window.admit('first', 1)).toBe(true);
  });

  it('the content network forgets the oldest answer', () => {
    const cdn = new Cdn(1000);
    let made = 0;
    const ask = (name: string) =>
      cdn.answer({ method: 'GET', path: name, query: new URLSearchParams(), headers: {}, ip: '' }, 0, {
        stale: undefined,
        onStale: () => undefined,
        fresh: () => ({ status: 200, headers: {}, body: String((made += 1)) }),
      }).body;
    expect([ask('/first'), ask('/first')]).toEqual(['1', '1']);
    for (let at = 0; at < 512; at += 1) ask(`/${at}`);
    expect(ask('/first')).toBe('514');
  });
});
