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

/** The book while `last` is the last price: bids start at it, asks one step above. Empty where there is no price. */
export function bookAt(symbol: MarketSymbol | undefined, last: string, levels: number): OrderBook {
  if (symbol === undefined || last === '') return { bids: [], asks: [] };
  const mid = toUnits(last, symbol.priceDecimals);
  return {
    bids: side(symbol, levels, (rank) => mid - distance(rank)),
    asks: side(symbol, levels, (rank) => mid + 1n + distance(rank)),
  };
}

/** Steps from the best price: dense near it, sparse away from it. */
function distance(rank: number): bigint {
  return BigInt(rank + Math.floor((rank * rank) / 8));
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
