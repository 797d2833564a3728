import type { ExchangeSymbol } from '@livermore/schemas';
import { describe, expect, it } from 'vitest';
import { chooseSymbols } from './choose-symbols';

const listed: readonly ExchangeSymbol[] = [
  { symbol: 'LTCUSDT', base: 'LTC', quote: 'USDT', isTradable: true },
  { symbol: 'BTCUSDT', base: 'BTC', quote: 'USDT', isTradable: true },
  { symbol: 'ETHBTC', base: 'ETH', quote: 'BTC', isTradable: true },
  { symbol: 'ETHUSDT', base: 'ETH', quote: 'USDT', isTradable: true },
  { symbol: 'LUNAUSDT', base: 'LUNA', quote: 'USDT', isTradable: false },
];
const names = (symbols: readonly ExchangeSymbol[]) => symbols.map((each) => each.symbol);

describe('choosing symbols', () => {
  it('keeps the order of named symbols and drops doubles', () => {
    const choice = { kind: 'named', symbols: ['ETHUSDT', 'BTCUSDT', 'ETHUSDT'] } as const;
    expect(names(chooseSymbols(listed, choice))).toEqual(['ETHUSDT', 'BTCUSDT']);
  });

  it('names each symbol that is not listed, with what was probably meant', () => {
    const choice = { kind: 'named', symbols: ['btc-usdt', 'NOPE'] } as const;
    expect(() => chooseSymbols(listed, choice)).toThrow(
      'btc-usdt is not listed (did you mean BTCUSDT?); NOPE is not listed',
    );
  });

  it('names few of many symbols that are not listed', () => {
    const symbols = Array.from({ length: 400 }, (_, at) => `NOPE${at}`);
    const choose = () => chooseSymbols(listed, { kind: 'named', symbols });
    expect(choose).toThrow(/NOPE4 is not listed; and 395 more$/);
    expect(choose).not.toThrow(/NOPE5/);
  });

  it('says that a listed symbol does not trade', () => {
    expect(() => chooseSymbols(listed, { kind: 'named', symbols: ['LUNAUSDT'] })).toThrow(
      'LUNAUSDT is listed but not tradable now',
    );
  });

  it('ranks by volume where the venue tells it, and by dollar majors where it does not', () => {
    expect(names(chooseSymbols(listed, { kind: 'top', count: 3 }))).toEqual([
      'BTCUSDT',
      'ETHUSDT',
      'LTCUSDT',
    ]);
    const busy = listed.map((each) => (each.symbol === 'ETHBTC' ? { ...each, quoteVolume24h: 9 } : each));
    expect(names(chooseSymbols(busy, { kind: 'top', count: 1 }))).toEqual(['ETHBTC']);
  });

  it('takes all that trade, and only those, the most active first', () => {
    expect(names(chooseSymbols(listed, { kind: 'all' }))).toEqual([
      'BTCUSDT',
      'ETHUSDT',
      'LTCUSDT',
      'ETHBTC',
    ]);
  });
});
