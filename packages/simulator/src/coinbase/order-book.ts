/** A modest order book around the last price: a pure function of it, so that REST and socket agree. */
import { hash32 } from '@livermore/utils';
import type { MarketSymbol } from '../market/market';
import { fromUnits, toUnits } from './wire';

export interface BookLevel {
  readonly price: string;
  readonly size: string;
}

export interface OrderBook {
  /** Best first on both sides. */
  readonly bids: readonly BookLevel[];
  readonly asks: readonly BookLevel[];
}

/** Away from the best price levels lie on a grid of this many price steps, so that most outlast a trade. */
const GRID = 10n;

/** The book while `last` is the last price: bids start at it, asks one step above. Empty where there is no price. */
export function bookAt(symbol: MarketSymbol | undefined, last: string, levels: number): OrderBook {
  if (symbol === undefined || last === '') return { bids: [], asks: [] };
  const bid = toUnits(last, symbol.priceDecimals);
  const ask = bid + 1n;
  const below = (bid - 1n) / GRID;
  const above = ask / GRID + 1n;
  return {
    bids: side(symbol, levels, (rank) => (rank === 0 ? bid : (below - BigInt(rank - 1)) * GRID)),
    asks: side(symbol, levels, (rank) => (rank === 0 ? ask : (above + BigInt(rank - 1)) * GRID)),
  };
}

function side(symbol: MarketSymbol, levels: number, priceOf: (rank: number) => bigint): BookLevel[] {
  const rows: BookLevel[] = [];
  for (let rank = 0; rank < levels; rank += 1) {
    const units = priceOf(rank);
    if (units <= 0n) break;
    const price = fromUnits(units, symbol.priceDecimals);
    const steps = (hash32(`${symbol.symbol}|${price}`) % 99_999) + 1;
    rows.push({ price, size: fromUnits(BigInt(steps), Math.min(4, symbol.sizeDecimals)) });
  }
  return rows;
}
