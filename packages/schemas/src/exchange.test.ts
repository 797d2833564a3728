import { describe, expect, it } from 'vitest';
import { ExchangeSchema, ExchangeSymbolSchema } from './exchange';
import { TickerSchema } from './ticker';

const exchange = {
  id: 2,
  name: 'binance_us',
  wsUrl: 'wss://stream.binance.us:9443',
  restUrl: 'https://api.binance.us',
};

const firstField = (result: {
  error?: { issues: readonly { path: readonly PropertyKey[] }[] } | undefined;
}) => result.error?.issues[0]?.path.join('.');

describe('ExchangeSchema', () => {
  it('is active unless told otherwise, and may be on this machine', () => {
    expect(ExchangeSchema.parse(exchange).isActive).toBe(true);
    const local = { ...exchange, wsUrl: 'ws://127.0.0.1:40123', restUrl: 'http://127.0.0.1:40123' };
    expect(ExchangeSchema.safeParse(local).success).toBe(true);
  });

  it.each([
    { wrong: { wsUrl: 'https://stream.binance.us' }, field: 'wsUrl' },
    { wrong: { restUrl: 'ftp://api' }, field: 'restUrl' },
    { wrong: { restUrl: 'api.binance.us' }, field: 'restUrl' },
    { wrong: { id: 0 }, field: 'id' },
    { wrong: { id: 1.5 }, field: 'id' },
    { wrong: { name: '' }, field: 'name' },
  ])('refuses $wrong and names $field', ({ wrong, field }) => {
    expect(firstField(ExchangeSchema.safeParse({ ...exchange, ...wrong }))).toBe(field);
  });
});

describe('ExchangeSymbolSchema', () => {
  it('takes what a venue lists', () => {
    const listed = {
      symbol: 'BTC-USDC',
      base: 'BTC',
      quote: 'USDC',
      isTradable: true,
      streamedAs: 'BTC-USD',
    };
    expect(ExchangeSymbolSchema.parse(listed)).toEqual(listed);
  });
});

describe('TickerSchema', () => {
  const ticker = {
    symbol: 'BTCUSDT',
    price: 50_000,
    change24h: -100,
    changePercent24h: -0.2,
    high24h: 51_000,
    low24h: 49_000,
    volume24h: 0,
    timestamp: 1_700_000_000_000,
  };

  it('takes one with and without bid and ask', () => {
    expect(TickerSchema.parse(ticker)).toEqual(ticker);
    expect(TickerSchema.parse({ ...ticker, bid: 1, ask: 2 })).toEqual({ ...ticker, bid: 1, ask: 2 });
  });

  it.each([
    { wrong: { price: Number.NaN }, field: 'price' },
    { wrong: { price: 0 }, field: 'price' },
    { wrong: { change24h: Infinity }, field: 'change24h' },
    { wrong: { timestamp: 1.5 }, field: 'timestamp' },
    { wrong: { symbol: 'a:b' }, field: 'symbol' },
  ])('refuses $wrong and names $field', ({ wrong, field }) => {
    expect(firstField(TickerSchema.safeParse({ ...ticker, ...wrong }))).toBe(field);
  });
});
