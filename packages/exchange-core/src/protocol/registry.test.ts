import { ExchangeSchema } from '@livermore/schemas';
import { describe, expect, it } from 'vitest';
import { UnknownExchangeError } from '../errors';
import { defaultExchange, knownExchanges, protocolOf } from './registry';

describe('protocol registry', () => {
  it('lets sibling exchanges share one protocol', () => {
    expect(protocolOf('binance_us')).toBe(protocolOf('binance'));
    expect(protocolOf('coinbase').name).toBe('coinbase');
  });

  it('has a valid public record, with an id of its own, for every known exchange', () => {
    const records = knownExchanges().map(defaultExchange);
    for (const record of records) expect(ExchangeSchema.parse(record)).toEqual(record);
    expect(new Set(records.map(({ id }) => id)).size).toBe(records.length);
    expect(records.slice(0, 3).map(({ id, name }) => [id, name])).toEqual([
      [1, 'coinbase'],
      [2, 'binance'],
      [3, 'binance_us'],
    ]);
  });

  it.each(['', 'Binance', 'kraken', 'constructor', '__proto__'])(
    'refuses %j and lists what is known',
    (name) => {
      expect(() => protocolOf(name)).toThrow(UnknownExchangeError);
      expect(() => defaultExchange(name)).toThrow(`known are ${knownExchanges().join(', ')}`);
    },
  );
});
