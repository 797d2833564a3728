import { describe, expect, it } from 'vitest';
import { nearestSymbols } from './nearest-symbols';

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'ETHBTC', 'BTCUSDC', 'BTCEUR', 'ATOMUSDT', 'BTC-USD'];

describe('the symbols nearest to what was typed', () => {
  it.each([
    ['in small letters', 'btcusdt', ['BTCUSDT']],
    ['with other marks', 'btc/eur', ['BTCEUR']],
    ['with a dash', 'ATOM-USDT', ['ATOMUSDT']],
    ['with a letter too few', 'BTCUST', ['BTCUSDT', 'BTC-USD', 'BTCUSDC']],
    ['with letters exchanged', 'AOTMUSDT', ['ATOMUSDT']],
    ['that begins so', 'ETH', ['ETHUSDT', 'ETHBTC']],
    ['that is not complete', 'ATOMUSD', ['ATOMUSDT']],
    ['that is like none', 'ZZZZZZ', []],
    ['too short to say', 'B', []],
    ['nothing', '', []],
  ])('%s', (_name, typed, near) => {
    expect(nearestSymbols(typed, SYMBOLS)).toEqual(near);
  });

  it('are three at most, the first of those that are as near', () => {
    const many = Array.from({ length: 500 }, (_, at) => `BTC${at}USDT`);
    expect(nearestSymbols('BTC', many)).toEqual(['BTC0USDT', 'BTC1USDT', 'BTC2USDT']);
  });

  it('are none of a text that is longer than any symbol', () => {
    expect(nearestSymbols('BTCUSDT'.repeat(20_000), SYMBOLS)).toEqual([]);
  });
});
