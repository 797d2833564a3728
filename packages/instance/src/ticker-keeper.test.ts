import type { Ticker } from '@livermore/schemas';
import { silentLogger } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { TickerKeeper } from './ticker-keeper';

function ticker(symbol: string, price: number): Ticker {
  return {
    symbol,
    price,
    change24h: 0,
    changePercent24h: 0,
    high24h: 9,
    low24h: 1,
    volume24h: 0,
    timestamp: price,
  };
}

/** A cache whose writes end when they are told to. */
function slowCache() {
  const written: string[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const setTicker = (_id: number, { symbol, price }: Ticker): Promise<boolean> =>
    new Promise((resolve, reject) => {
      written.push(`${symbol} ${price}`);
      ends.push((error) => (error === undefined ? resolve(true) : reject(error)));
    });
  const end = async (error?: Error) => {
    ends.shift()?.(error);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  };
  return { written, end, keeper: new TickerKeeper(1, { setTicker }, silentLogger) };
}

describe('keeping tickers', () => {
  it('writes only the newest of those that came while one was being written', async () => {
    const { keeper, written, end } = slowCache();
    for (const price of [1, 2, 3, 4]) keeper.take(ticker('A', price));
    keeper.take(ticker('B', 7));
    expect(written).toEqual(['A 1', 'B 7']);
    await end();
    expect(written).toEqual(['A 1', 'B 7', 'A 4']);
  });

  it('goes on after one could not be kept', async () => {
    const { keeper, written, end } = slowCache();
    keeper.take(ticker('A', 1));
    await end(new Error('Connection is closed.'));
    keeper.take(ticker('A', 2));
    expect(written).toEqual(['A 1', 'A 2']);
  });
});
