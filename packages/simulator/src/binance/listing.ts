import type { Bar, Market, MarketSymbol } from '../market/market';
import { padText, toFixedText } from '../market/units';

/** What the venue lists, by name, and with how many decimals it writes it. */
export class Listing {
  readonly #market: Market;
  #known: { readonly symbols: readonly MarketSymbol[]; readonly byName: ReadonlyMap<string, MarketSymbol> };

  constructor(market: Market) {
    this.#market = market;
    this.#known = index(market.symbols);
  }

  get symbols(): readonly MarketSymbol[] {
    return this.#market.symbols;
  }

  find(name: string): MarketSymbol | undefined {
    if (this.#known.symbols !== this.#market.symbols) this.#known = index(this.#market.symbols);
    return this.#known.byName.get(name);
  }

  /** Decimals of prices on the wire: US dollars have four, everything else eight. */
  priceScale(name: string): number {
    return this.find(name)?.quote === 'USD' ? 4 : 8;
  }
}

function index(symbols: readonly MarketSymbol[]): {
  readonly symbols: readonly MarketSymbol[];
  readonly byName: ReadonlyMap<string, MarketSymbol>;
} {
  return { symbols, byName: new Map(symbols.map((symbol) => [symbol.symbol, symbol])) };
}

export const SIZE_SCALE = 8;

/**
 * A bar's decimals as the venue writes them: padded to its scale. A recording with more decimals keeps them, since a
 * price or volume that is cut is another one.
 */
export function wireBar(bar: Bar, priceScale: number): Bar {
  return {
    ...bar,
    open: padText(bar.open, priceScale),
    high: padText(bar.high, priceScale),
    low: padText(bar.low, priceScale),
    close: padText(bar.close, priceScale),
    volume: padText(bar.volume, SIZE_SCALE),
    quoteVolume: toFixedText(bar.quoteVolume, priceScale),
    takerBaseVolume: toFixedText(bar.takerBaseVolume, SIZE_SCALE),
    takerQuoteVolume: toFixedText(bar.takerQuoteVolume, priceScale),
  };
}
