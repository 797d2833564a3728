import type { ExchangeSymbol } from '@livermore/schemas';
import { createSeededMarket } from '@livermore/simulator';
import type { Market } from '@livermore/simulator';

/** Half an hour into a day, away from every boundary, so that nothing is waited for. */
export const VIRTUAL_START = Date.UTC(2026, 10, 18, 13, 31, 0);

const LISTED_AT = Date.UTC(2020, 0, 1);

/** Names of invented symbols, in the venue's spelling: `A0000USDT`. */
export function symbolNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `A${String(at).padStart(4, '0')}USDT`);
}

/** An invented market of so many symbols that trade twice a minute. */
export function inventedMarket(count: number): Market {
  return createSeededMarket({
    seed: 7,
    symbols: symbolNames(count).map((symbol, at) => ({
      symbol,
      base: symbol.slice(0, -4),
      quote: 'USDT',
      priceDecimals: 2,
      sizeDecimals: 3,
      listedAt: LISTED_AT,
      status: 'trading',
      price: 10 + at,
    })),
  });
}

export function tradable(symbols: readonly ExchangeSymbol[]): readonly string[] {
  return symbols.filter((each) => each.isTradable).map((each) => each.symbol);
}
