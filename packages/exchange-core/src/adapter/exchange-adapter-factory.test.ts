import { ManualClock, seededRandom, silentLogger } from '@livermore/utils';
import { describe, expect, it } from 'vitest';
import { UnknownExchangeError } from '../errors';
import { defaultExchange, knownExchanges } from '../protocol/registry';
import { FakeVenue } from '../testing';
import { BinanceAdapter } from './binance-adapter';
import { CoinbaseAdapter } from './coinbase-adapter';
import { ExchangeAdapterFactory } from './exchange-adapter-factory';

function setUp() {
  const clock = new ManualClock();
  const transport = new FakeVenue(clock);
  return new ExchangeAdapterFactory({ transport, clock, random: seededRandom(1), logger: silentLogger });
}

describe('the adapter factory', () => {
  it.each(['binance', 'binance_us'])('BIN-04: returns the one adapter for %s', (name) => {
    const adapter = setUp().create(defaultExchange(name));
    expect(adapter).toBeInstanceOf(BinanceAdapter);
    expect(adapter.exchange.name).toBe(name);
  });

  it('returns the adapter of every known exchange', () => {
    expect(setUp().create(defaultExchange('coinbase'))).toBeInstanceOf(CoinbaseAdapter);
    for (const name of knownExchanges())
      expect(setUp().create(defaultExchange(name)).isConnected()).toBe(false);
  });

  it('BIN-04: refuses a name it does not know, and lists those it does', () => {
    const exchange = { ...defaultExchange('binance'), name: 'bitmax' };
    expect(() => setUp().create(exchange)).toThrow(UnknownExchangeError);
    for (const name of knownExchanges()) expect(() => setUp().create(exchange)).toThrow(name);
  });

  it('refuses an exchange that is switched off', () => {
    const exchange = { ...defaultExchange('binance'), isActive: false };
    expect(() => setUp().create(exchange)).toThrow(UnknownExchangeError);
    expect(() => setUp().create(exchange)).toThrow(/"binance" is switched off; known are .*coinbase/);
  });
});
