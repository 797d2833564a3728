import type { ExchangeSymbol } from '@livermore/schemas';
import { describe, expect, it } from 'vitest';
import { chooseSymbols, mostActiveFirst } from './choose-symbols';

const listed: readonly ExchangeSymbol[] = [
  { symbol: 'LTCUSDT', base: 'LTC', quote: 'USDT', isTradable: true },
  { symbol: 'BTCUSDT', base: 'BTC', quote: 'USDT', isTradable: true },
  { symbol: 'ETHBTC', base: 'ETH', quote: 'BTC', isTradable: true },
  { symbol: 'ETHUSDT', base: 'ETH', quote: 'USDT', isTradable: true },
  { symbol: 'LUNAUSDT', base: 'LUNA', quote: 'USDT', isTradable: false },
];
const names = (symbols: readonly ExchangeSymbol[]) => symbols.map((each) => each.symbol);

function of(base: string, quote: string, quoteVolume24h?: number, streamedAs?: string): ExchangeSymbol {
  return {
    symbol: `${base}-${quote}`,
    base,
    quote,
    isTradable: true,
    ...(quoteVolume24h === undefined ? {} : { quoteVolume24h }),
    ...(streamedAs === undefined ? {} : { streamedAs }),
  };
}

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
    const busy = listed.map((each) => (each.symbol === 'LTCUSDT' ? { ...each, quoteVolume24h: 9 } : each));
    expect(names(chooseSymbols(busy, { kind: 'top', count: 1 }))).toEqual(['LTCUSDT']);
  });

  it('compares volumes in dollars of any kind, and in another quote only with each other', () => {
    const symbols = [
      of('SHIB', 'BTC', 2_000_000_000),
      of('ETH', 'BTC', 3_000_000_000),
      of('BTC', 'IDR', 9_000_000_000_000),
      of('NEW', 'USDT'),
      of('BTC', 'USDT', 30),
      of('DOGE', 'FDUSD', 50),
      of('BTC', 'USDC', 40, 'BTC-USD'),
      of('SOL', 'USDC', 35),
      of('BTC', 'USD', 40),
    ];
    const order = names(mostActiveFirst(symbols));
    expect(order).toEqual([
      'DOGE-FDUSD',
      'BTC-USD',
      'SOL-USDC',
      'BTC-USDT',
      'NEW-USDT',
      'ETH-BTC',
      'SHIB-BTC',
      'BTC-IDR',
      'BTC-USDC',
    ]);
    expect(names(mostActiveFirst(symbols.toReversed()))).toEqual(order);
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
